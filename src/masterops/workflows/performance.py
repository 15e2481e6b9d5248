"""
Workflows of the last seven days, and their failed executions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool

PERFORMANCE = """
SELECT workflow_id, workflow_name, total_executions, successful_executions, failed_executions,
    success_rate_pct::float8, avg_duration_ms::float8, p95_duration_ms::float8, last_execution, integration_id
FROM public.workflow_performance_summary
ORDER BY failed_executions DESC, total_executions DESC, workflow_name
"""
FAILURES = """
SELECT id::text, workflow_id, workflow_name, execution_id, status, error_message, duration_ms::float8,
    nodes_executed, nodes_failed, started_at, finished_at
FROM public.recent_workflow_failures
ORDER BY started_at DESC
"""
# The views answer for the group; the same questions about one business are asked of its executions.
OF_BUSINESS = """
business_id IN (SELECT %(business)s UNION ALL SELECT key FROM ops.business_keys WHERE slug = %(business)s)
"""
PERFORMANCE_OF = f"""
SELECT workflow_id, (array_agg(workflow_name ORDER BY started_at DESC))[1] AS workflow_name,
    count(*) AS total_executions,
    count(*) FILTER (WHERE status = 'success') AS successful_executions,
    count(*) FILTER (WHERE failed) AS failed_executions,
    ops.percentage(
        count(*) FILTER (WHERE status = 'success'), count(*) FILTER (WHERE status = 'success' OR failed)
    )::float8 AS success_rate_pct,
    avg(duration_ms)::float8 AS avg_duration_ms,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)::float8 AS p95_duration_ms,
    max(started_at) AS last_execution, integration_id
FROM public.workflow_execution_logs
WHERE started_at > now() - interval '7 days' AND {OF_BUSINESS}
GROUP BY integration_id, workflow_id
ORDER BY failed_executions DESC, total_executions DESC, workflow_name
"""
FAILURES_OF = f"""
SELECT id::text, workflow_id, workflow_name, execution_id, status, error_message, duration_ms::float8,
    nodes_executed, nodes_failed, started_at, finished_at
FROM public.workflow_execution_logs
WHERE failed AND {OF_BUSINESS}
ORDER BY started_at DESC
LIMIT 50
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
    integration_id: str


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
    rows = await _rows(pool, PERFORMANCE_OF if business else PERFORMANCE, business)
    return [msgspec.convert(row, Performance) for row in rows]


async def failures(pool: Pool, *, business: str | None = None) -> list[Failure]:
    """The newest 50 failed executions. Raises DatabaseError."""
    rows = await _rows(pool, FAILURES_OF if business else FAILURES, business)
    return [msgspec.convert(row, Failure) for row in rows]


async def _rows(pool: Pool, sql: str, business: str | None) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(sql.encode(), {"business": business})
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return rows
