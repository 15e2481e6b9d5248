"""
Keep what was read of executions, together with how far the look has come.

Those that are new are most of a page, and go in with one statement; of the others each that says something
new is changed by the database's own function. Both hold the lock of an execution, so that it has one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from masterops.db import Jsonb, Pool
from masterops.workflows.sweep import Sweep

SAVE = """
INSERT INTO ops.execution_sweeps AS s (integration_id, read_to, floor_at, newest_at, place, began_at,
    oldest_at, known_from, caught_up_to, executions)
VALUES (%(id)s, %(read_to)s, %(floor)s, %(newest)s, %(place)s, %(began)s, %(oldest)s, %(known_from)s,
    %(caught_up)s, %(count)s)
ON CONFLICT (integration_id) DO UPDATE SET
    read_to = EXCLUDED.read_to, floor_at = EXCLUDED.floor_at, newest_at = EXCLUDED.newest_at,
    place = EXCLUDED.place, began_at = EXCLUDED.began_at, oldest_at = EXCLUDED.oldest_at,
    known_from = EXCLUDED.known_from, caught_up_to = EXCLUDED.caught_up_to,
    executions = s.executions + EXCLUDED.executions, updated_at = now()
"""
# As in ops.upsert_workflow_execution; in one order, so that two looks do not wait for each other.
LOCK = """
SELECT count(pg_advisory_xact_lock(hashtextextended(
    format('masterops.execution %%s %%s', r->>'integration_id', r->>'execution_id'), 0)))
FROM (SELECT r FROM jsonb_array_elements(%s) AS r ORDER BY r->>'execution_id') AS given
"""
COLUMNS = """workflow_id text, workflow_name text, execution_id text, status text, mode text,
    started_at timestamptz, finished_at timestamptz, error_message text, error_details_json jsonb,
    nodes_executed integer, nodes_failed integer, business_id text, integration_id text, triggered_by text"""
NAMES = ", ".join(each.split()[0] for each in COLUMNS.split(","))
ADD = f"""
INSERT INTO public.workflow_execution_logs ({NAMES})
SELECT {NAMES.replace("started_at", "coalesce(started_at, now())")}
FROM (SELECT DISTINCT ON (execution_id) * FROM jsonb_to_recordset(%s) AS r ({COLUMNS})) AS r
WHERE NOT EXISTS (SELECT FROM public.workflow_execution_logs AS w
    WHERE w.integration_id = r.integration_id AND w.execution_id = r.execution_id)
"""
# A row that says what is there already is left alone: the overlap is read again in every look.
UPDATE = """
WITH given AS (SELECT r FROM jsonb_array_elements(%s) AS r),
fresh AS (
    SELECT r FROM given WHERE NOT EXISTS (
        SELECT FROM public.workflow_execution_logs AS w
        WHERE w.integration_id = r->>'integration_id' AND w.execution_id = r->>'execution_id'
            AND w.started_at = (r->>'started_at')::timestamptz AND w.status = r->>'status'
            AND w.finished_at IS NOT DISTINCT FROM (r->>'finished_at')::timestamptz
            AND NOT (r ? 'nodes_executed' AND w.nodes_executed IS NULL)
            AND NOT (r ? 'error_message' AND w.error_message IS NULL))
    ORDER BY r->>'execution_id')
SELECT count(ops.upsert_workflow_execution(r))::int AS kept FROM fresh
"""

Row = dict[str, Any]


async def keep(
    pool: Pool, rows: Sequence[Row], connection: str | None = None, sweep: Sweep | None = None
) -> int:
    """The rows, and with them how far the look has come; how many were new or had changed."""
    written = msgspec.json.encode(rows)
    given, kept = [Jsonb(rows, dumps=lambda rows: written)], 0  # three statements, written once
    async with pool.connection() as conn, conn.transaction():
        if rows:
            await conn.execute(LOCK, given)
            # Planned each time: a plan that was made while the table was small reads the whole of it.
            kept = (await conn.execute(ADD.encode(), given, prepare=False)).rowcount
            found: Row | None = await (await conn.execute(UPDATE, given, prepare=False)).fetchone()
            kept += int(found["kept"]) if found else 0
        if sweep is not None:
            await conn.execute(SAVE, {**asdict(sweep), "id": connection, "count": kept})
    return kept
