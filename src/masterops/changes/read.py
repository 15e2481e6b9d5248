"""
Read what changed at one connection, and remember how far we got.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from masterops import errors
from masterops.changes.cursor import Cursor, advance
from masterops.connectors import Connector, Sparing
from masterops.core import clock
from masterops.db import Jsonb, Pool
from masterops.logs import Logger, bind

FIRST_LOOK = timedelta(hours=24)
MOST_IDS_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Read:
    """
    What one look at one resource found; `error` when it could not be read.
    """

    connection: str
    resource: str
    changed: int = 0
    since: datetime | None = None
    error: errors.MasterOpsError | None = None


async def read_changes(connector: Connector, business: str | None, pool: Pool, log: Logger) -> list[Read]:
    """
    Every watched resource of one connection, one after the other: they share its budget. A connector that is
    sparing of its calls looks only at those that no process has looked at for a while.

    A resource that cannot be read keeps its cursor and is read from there next time. Raises
    DatabaseError when the cursors cannot be read or kept.
    """
    with bind(connection=connector.connection, business=business):
        rested = await _rested(connector, pool)
        return [
            await _read(connector, resource, pool, log)
            for resource in connector.watched
            if resource not in rested
        ]


async def _rested(connector: Connector, pool: Pool) -> frozenset[str]:
    """The resources that are not due yet, by the database's clock; none where calls need not be spared."""
    if not isinstance(connector, Sparing):
        return frozenset()
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT resource FROM ops.read_cursors WHERE integration_id = %s AND last_read_at > now() - %s",
            # A cycle that begins a little early counts as on time.
            [connector.connection, connector.changes_every * 0.99],
        )
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return frozenset(row["resource"] for row in rows)


async def _read(connector: Connector, resource: str, pool: Pool, log: Logger) -> Read:
    cursor = await _load(pool, connector.connection, resource)
    start = clock.ticks()
    try:
        found = await connector.changed_since(resource, cursor.start)
    except errors.RemoteError as error:
        # The transport has already logged the failed call.
        return Read(connector.connection, resource, since=cursor.at, error=error)
    new, moved = advance(cursor, [(change.id, change.at) for change in found], now=clock.now())
    await _save(pool, connector.connection, resource, moved, len(new))
    log.info(
        "changes.read",
        service=connector.service,
        operation=f"{resource}.changes",
        status="success",
        duration_ms=(clock.ticks() - start) * 1000,
        resource=resource,
        changed=len(new),
        since=cursor.at,
        ids=[id for id, _ in new[:MOST_IDS_LOGGED]],
    )
    return Read(connector.connection, resource, len(new), cursor.at)


async def _load(pool: Pool, connection: str, resource: str) -> Cursor:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT cursor_at, seen FROM ops.read_cursors WHERE integration_id = %s AND resource = %s",
            [connection, resource],
        )
        row: dict[str, Any] | None = await cursor.fetchone()
    if row is None or row["cursor_at"] is None:
        return Cursor(clock.now() - FIRST_LOOK)
    pairs = row["seen"] or []
    return Cursor(row["cursor_at"], frozenset((id, datetime.fromisoformat(at)) for id, at in pairs))


async def _save(pool: Pool, connection: str, resource: str, cursor: Cursor, changed: int) -> None:
    seen = Jsonb([[id, at.isoformat()] for id, at in sorted(cursor.seen)])
    async with pool.connection() as conn:
        await conn.execute(SAVE, [connection, resource, cursor.at, seen, changed, changed])


SAVE = """
INSERT INTO ops.read_cursors AS c
    (integration_id, resource, cursor_at, seen, last_read_at, last_changed_count, total_changed)
VALUES (%s, %s, %s, %s, now(), %s, %s)
ON CONFLICT (integration_id, resource) DO UPDATE SET
    -- Two readers at once: the one that got further wins, so that nothing is read a third time.
    cursor_at = GREATEST(c.cursor_at, EXCLUDED.cursor_at),
    seen = CASE
        WHEN EXCLUDED.cursor_at = c.cursor_at THEN c.seen || EXCLUDED.seen
        WHEN EXCLUDED.cursor_at > c.cursor_at THEN EXCLUDED.seen
        ELSE c.seen
    END,
    last_read_at = now(),
    last_changed_count = EXCLUDED.last_changed_count,
    total_changed = c.total_changed + EXCLUDED.last_changed_count
"""
