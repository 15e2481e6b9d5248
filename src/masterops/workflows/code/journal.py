"""
The journal of deployments: each step is written before it is begun, with what was there before.

Whoever comes next, after a crash or to undo, needs nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from masterops import errors
from masterops.db import Jsonb, Pool
from masterops.workflows.code.document import Document
from masterops.workflows.code.planning import Past

FIELDS = """deployment, number, integration_id, business_id, file, workflow_id, workflow_name, action,
    before_json, before_secret, before_digest, after_json, after_digest, state, who"""
ADD = f"""
INSERT INTO ops.deployment_steps ({FIELDS}, begun_at, ended_at)
SELECT {", ".join(f"r.{each.strip()}" for each in FIELDS.split(","))},
    CASE WHEN r.state = 'done' THEN now() END, CASE WHEN r.state = 'done' THEN now() END
FROM jsonb_populate_recordset(NULL::ops.deployment_steps, %s) AS r
"""
MARK = """
UPDATE ops.deployment_steps SET state = %(state)s, workflow_id = coalesce(%(id)s, workflow_id),
    begun_at = CASE WHEN %(state)s = 'begun' THEN coalesce(begun_at, clock_timestamp()) ELSE begun_at END,
    ended_at = CASE WHEN %(state)s IN ('planned', 'begun') THEN NULL ELSE clock_timestamp() END
WHERE deployment = %(deployment)s AND number = %(number)s
"""
OPEN = f"""
SELECT {FIELDS} FROM ops.deployment_steps
WHERE integration_id = %s AND state IN ('planned', 'begun') ORDER BY planned_at, number
"""
OF = f"SELECT {FIELDS} FROM ops.deployment_steps WHERE deployment = %s ORDER BY number"
LATEST = """
SELECT deployment FROM ops.deployment_steps
WHERE state IN ('begun', 'done') AND action <> 'adopt'
    AND (%(connection)s::text IS NULL OR integration_id = %(connection)s)
ORDER BY planned_at DESC LIMIT 1
"""
# What is in force is the newest that was not undone; the digests are those of all that was ever agreed last.
PAST = """
SELECT DISTINCT ON (workflow_id) workflow_id, file, state, before_digest, after_digest, after_json
FROM ops.deployment_steps
WHERE integration_id = %s AND workflow_id IS NOT NULL AND state IN ('begun', 'done')
ORDER BY workflow_id, planned_at DESC, number DESC
"""
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('ops.deployment ' || %s, 0)) AS held"


class Entry(msgspec.Struct, frozen=True):
    """
    One step, as it is kept.
    """

    deployment: UUID
    number: int
    integration_id: str
    file: str
    workflow_name: str
    action: str
    after_json: Document
    after_digest: str
    who: str
    business_id: str | None = None
    workflow_id: str | None = None
    before_json: dict[str, Any] | None = None
    before_secret: bool = False
    before_digest: str | None = None
    state: str = "planned"


async def add(pool: Pool, entries: Sequence[Entry]) -> None:
    """All steps of a plan, or none."""
    rows = [msgspec.to_builtins(each) for each in entries]
    async with pool.connection() as conn:
        await conn.execute(ADD.encode(), [Jsonb(rows)])


async def mark(pool: Pool, entry: Entry, state: str, *, id: str | None = None) -> None:
    """How far a step has come."""
    values = {"state": state, "id": id, "deployment": entry.deployment, "number": entry.number}
    async with pool.connection() as conn:
        await conn.execute(MARK.encode(), values)


async def unfinished(pool: Pool, connection: str) -> list[Entry]:
    """The steps of a deployment that was cut."""
    return _entries(await pool.fetch(OPEN, [connection]))


async def steps(pool: Pool, deployment: UUID) -> list[Entry]:
    """All steps of a deployment."""
    return _entries(await pool.fetch(OF, [deployment]))


async def latest(pool: Pool, connection: str | None) -> UUID | None:
    """The newest deployment that is not undone."""
    rows = await pool.fetch(LATEST, {"connection": connection})
    return rows[0]["deployment"] if rows else None


async def past(pool: Pool, connection: str) -> dict[str, Past]:
    """By the ids of workflows."""
    rows = await pool.fetch(PAST, [connection])
    return {
        row["workflow_id"]: Past(
            # One that was begun may have got as far as n8n, or not.
            frozenset(
                filter(None, [row["after_digest"], row["before_digest"] if row["state"] == "begun" else None])
            ),
            row["after_json"],
            row["file"],
        )
        for row in rows
    }


@asynccontextmanager
async def alone(pool: Pool, connection: str) -> AsyncIterator[None]:
    """Nobody else deploys there meanwhile. Raises DeploymentRunning."""
    async with pool.connection() as conn, conn.transaction():
        row: Any = await (await conn.execute(LOCK.encode(), [connection])).fetchone()
        if not row["held"]:
            raise errors.DeploymentRunning(connection=connection)
        yield


def _entries(rows: Sequence[Any]) -> list[Entry]:
    return [msgspec.convert(row, Entry) for row in rows]
