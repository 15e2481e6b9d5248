"""
What the last looks saw of workflows: which there are, what stands against them, how one of them runs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.db import Pool

OF = """(%(business)s::text IS NULL OR business_id IN (
    SELECT %(business)s UNION ALL SELECT key FROM ops.business_keys WHERE slug = %(business)s))"""
SEEN = f"""
SELECT w.integration_id, w.workflow_id, w.name, w.business_id, w.active, w.active_since, w.runs_when,
    w.next_at,
    w.unjudged, ARRAY(SELECT p.problem FROM public.workflow_problems AS p
        WHERE p.integration_id = w.integration_id
        AND p.workflow_id = w.workflow_id AND p.severity <> 'info') AS problems
FROM ops.workflows AS w WHERE {OF} ORDER BY w.name, w.workflow_id
"""
PROBLEMS = f"""
SELECT integration_id, workflow_id, workflow_name, business_id, problem, severity, reason, since
FROM public.workflow_problems
WHERE {OF} AND (%(kinds)s::text[] IS NULL OR problem = ANY (%(kinds)s))
    AND (%(workflow)s::text IS NULL OR workflow_id = %(workflow)s)
"""
RUNS = """
SELECT execution_id, status, mode, started_at, duration_ms, error_message FROM public.workflow_execution_logs
WHERE integration_id = %(connection)s AND workflow_id = %(workflow)s ORDER BY started_at DESC LIMIT 60
"""
HELD = """
SELECT integration_id, workflow_id, workflow_name, status FROM public.workflow_execution_logs
WHERE execution_id = %s ORDER BY integration_id
"""


class Seen(msgspec.Struct, frozen=True):
    """
    One workflow as it was seen last; `problems` are the kinds of what stands against it.
    """

    integration_id: str
    workflow_id: str
    name: str
    business_id: str | None
    active: bool
    active_since: datetime | None
    runs_when: str | None
    next_at: datetime | None
    unjudged: str | None
    problems: list[str] = []


class Problem(msgspec.Struct, frozen=True):
    """
    One thing that stands against a workflow.
    """

    integration_id: str
    workflow_id: str
    workflow_name: str | None
    business_id: str | None
    problem: str
    severity: str
    reason: str
    since: datetime


class PastRun(msgspec.Struct, frozen=True):
    """
    One execution, as `ops workflows show` tells it.
    """

    execution_id: str
    status: str
    mode: str | None
    started_at: datetime
    duration_ms: float | None
    error_message: str | None


class Held(msgspec.Struct, frozen=True):
    """
    Where an execution is, by its id, which is told apart only within one n8n.
    """

    integration_id: str
    workflow_id: str
    workflow_name: str | None
    status: str


async def seen(pool: Pool, *, business: str | None = None) -> list[Seen]:
    """Every workflow that is there, by name. Raises DatabaseError."""
    return [msgspec.convert(row, Seen) for row in await _rows(pool, SEEN, {"business": business})]


async def problems(
    pool: Pool, *, business: str | None = None, kinds: list[str] | None = None, workflow: str | None = None
) -> list[Problem]:
    """What stands now, the gravest first. Raises DatabaseError."""
    asked = {"business": business, "kinds": kinds, "workflow": workflow}
    return [msgspec.convert(row, Problem) for row in await _rows(pool, PROBLEMS, asked)]


async def past_runs(pool: Pool, one: Seen) -> list[PastRun]:
    """The newest of a workflow's runs, the newest first. Raises DatabaseError."""
    asked = {"connection": one.integration_id, "workflow": one.workflow_id}
    return [msgspec.convert(row, PastRun) for row in await _rows(pool, RUNS, asked)]


async def holding(pool: Pool, execution: str) -> list[Held]:
    """The executions with this id. Raises DatabaseError."""
    return [msgspec.convert(row, Held) for row in await _rows(pool, HELD, [execution])]


async def found(pool: Pool, name: str, connection: str | None = None) -> Seen:
    """
    The workflow with this id or name, whole or in part. Raises UnknownName for none and BadValue for several.
    """
    there = [each for each in await seen(pool) if connection in (None, each.integration_id)]
    text = name.casefold()
    for fits in (
        [each for each in there if name == each.workflow_id or text == each.name.casefold()],
        [each for each in there if text in each.name.casefold()],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            several = ", ".join(
                f"{each.name} ({each.integration_id}: {each.workflow_id})" for each in fits[:5]
            )
            hint = "Give the id, and --connection where the same id is at several."
            raise errors.BadValue(kind="workflow", value=name, reason=f"it may be {several}.", hint=hint)
    raise unknown("workflow", name, [each.name for each in there])


async def _rows(pool: Pool, sql: str, values: Any) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        rows: list[dict[str, Any]] = await (await connection.execute(sql.encode(), values)).fetchall()
    return rows
