"""
How many items the runs of some workflows ended with.

Only of workflows whose output is expected each run that went well is asked for, once. Its data is looked at
and forgotten: the number alone is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from masterops import errors
from masterops.connectors.batches import chunks
from masterops.connectors.n8n import N8n
from masterops.core.together import together
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.inside import items_out
from masterops.workflows.judge import Output

MOST_ASKED, OF_ONE = 40, 10  # in one look: of all workflows, and of one
AT_ONCE = 5  # each may be some megabytes
NEWEST = 60  # that many of each are judged by

UNCOUNTED = """
SELECT r.* FROM unnest(%(ids)s::text[]) AS a (id) CROSS JOIN LATERAL (
    SELECT w.workflow_id, w.execution_id, w.started_at FROM public.workflow_execution_logs AS w
    WHERE w.workflow_id = a.id AND w.integration_id = %(connection)s AND w.status = 'success'
        AND w.mode IS DISTINCT FROM 'manual' AND w.started_at > now() - interval '7 days'
        AND NOT EXISTS (SELECT FROM ops.workflow_outputs AS o
            WHERE o.integration_id = %(connection)s AND o.execution_id = w.execution_id)
    ORDER BY w.started_at DESC LIMIT %(of_one)s
) AS r ORDER BY r.started_at DESC LIMIT %(most)s
"""
KEEP = """
INSERT INTO ops.workflow_outputs (integration_id, workflow_id, execution_id, started_at, items)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
FORGET = "DELETE FROM ops.workflow_outputs WHERE started_at < now() - interval '30 days'"
KNOWN = """
SELECT r.* FROM unnest(%(ids)s::text[]) AS a (id) CROSS JOIN LATERAL (
    SELECT o.workflow_id, o.execution_id, o.started_at, o.items FROM ops.workflow_outputs AS o
    WHERE o.workflow_id = a.id AND o.integration_id = %(connection)s AND o.items IS NOT NULL
    ORDER BY o.started_at DESC LIMIT %(newest)s
) AS r ORDER BY r.started_at DESC
"""


async def count_outputs(n8n: N8n, ids: Sequence[str], pool: Pool, log: Logger) -> int:
    """
    Count what is new of these workflows; how many runs were counted. An n8n that fails is asked again in the
    next look. Raises DatabaseError.
    """
    if not ids:
        return 0
    asked = {"ids": list(ids), "connection": n8n.connection, "of_one": OF_ONE, "most": MOST_ASKED}
    runs = await pool.fetch(UNCOUNTED, asked)
    kept = 0
    for _, some in chunks(runs, AT_ONCE):
        try:
            found = await together([_counted(n8n, run["execution_id"]) for run in some])
        except errors.RemoteError as error:
            log.warn("workflows.outputs.unread", service="n8n", operation="workflows.outputs",
                     error=error.message)  # fmt: skip
            break
        await _keep(n8n.connection, some, found, pool)
        kept += len(some)
    return kept


async def outputs(connection: str, ids: Sequence[str], pool: Pool) -> dict[str, list[Output]]:
    """What is known of these workflows, the newest first. Raises DatabaseError."""
    if not ids:
        return {}
    asked = {"ids": list(ids), "connection": connection, "newest": NEWEST}
    found: dict[str, list[Output]] = defaultdict(list)
    for row in await pool.fetch(KNOWN, asked):
        found[row["workflow_id"]].append(Output(row["execution_id"], row["started_at"], row["items"]))
    return found


async def _counted(n8n: N8n, id: str) -> int | None:
    """Raises a RemoteError that may pass; one that will not is an answer: it cannot be known."""
    try:
        return items_out((await n8n.executions.get(id, data=True)).data)
    except errors.RemoteError as error:
        if isinstance(error, errors.NotFound | errors.UnexpectedAnswer):
            return None
        raise


async def _keep(
    connection: str, runs: Sequence[Mapping[str, Any]], found: Sequence[int | None], pool: Pool
) -> None:
    async with pool.connection() as conn, conn.transaction():
        for run, items in zip(runs, found, strict=True):
            values = [connection, run["workflow_id"], run["execution_id"], run["started_at"], items]
            await conn.execute(KEEP, values)
        await conn.execute(FORGET)
