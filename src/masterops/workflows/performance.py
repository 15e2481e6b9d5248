"""
Workflows of the last seven days, and their failed executions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool

# The views know no business; the executions do.
OF_BUSINESS = """
 AND (%(business)s::text IS NULL OR EXISTS (
    SELECT 1 FROM public.workflow_execution_logs AS w
    WHERE w.workflow_id = v.workflow_id AND w.business_id = %(business)s))
"""
PERFORMANCE = f"""
SELECT workflow_id, workflow_name, total_executions, successful_executions, failed_executions,
    success_rate_pct::float8, avg_duration_ms::float8, p95_duration_ms::float8, last_execution
FROM public.workflow_performance_summary AS v
WHERE true {OF_BUSINESS}
ORDER BY failed_executions DESC, total_executions DESC, workflow_name
"""
FAILURES = f"""
SELECT id::text, workflow_id, workflow_name, execution_id, status, error_message, duration_ms::float8,
    nodes_executed, nodes_failed, started_at, finished_at
FROM public.recent_workflow_failures AS v
WHERE true {OF_BUSINESS}
ORDER BY started_at DESC
"""


class Performance(msgspec.Struct, frozen=True):
    """
    One workflow over seven days.
    """

    workflow_id: str
    workflow_name: str | None
    total_executions: int
    successful_executions: int
    failed_executions: int
    success_rate_pct: float | None
    avg_duration_ms: float | None
    p95_duration_ms: float | None
    last_execution: datetime | None


class Failure(msgspec.Struct, frozen=True):
    """
    One failed execution.
    """

    id: str
    workflow_id: str
    workflow_name: str | None
    execution_id: str
    status: str
    error_message: str | None
    duration_ms: float | None
    nodes_executed: int | None
    nodes_failed: int | None
    started_at: datetime
    finished_at: datetime | None


async def performance(pool: Pool, *, business: str | None = None) -> list[Performance]:
    """Every workflow that ran, the most failing first. Raises DatabaseError."""
    return [msgspec.convert(row, Performance) for row in await _rows(pool, PERFORMANCE, business)]


async def failures(pool: Pool, *, business: str | None = None) -> list[Failure]:
    """The newest 50 failed executions. Raises DatabaseError."""
    return [msgspec.convert(row, Failure) for row in await _rows(pool, FAILURES, business)]


async def _rows(pool: Pool, sql: str, business: str | None) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(sql.encode(), {"business": business})
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return rows
