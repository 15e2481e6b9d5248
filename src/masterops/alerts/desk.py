"""
What people say to alerts: that somebody takes care of one, and what they do not want to hear of for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from masterops import errors
from masterops.channels import Message
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import Pool

ACKNOWLEDGE = """
UPDATE ops.alerts SET acknowledged_at = coalesce(acknowledged_at, now()), acknowledged_by = %(by)s,
    note = coalesce(%(note)s, note)
WHERE id = ANY (%(ids)s::bigint[]) AND state IN ('pending', 'firing')
RETURNING id, summary, business_id AS business, state
"""
KNOWN = "SELECT id, state FROM ops.alerts WHERE id = ANY (%s::bigint[])"
SILENCE = """
INSERT INTO ops.alert_silences (rule, business_id, service, reason, created_by, ends_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id, starts_at, ends_at
"""
UNSILENCE = """
UPDATE ops.alert_silences SET ends_at = greatest(now(), starts_at)
WHERE ends_at > now() AND (%(every)s OR id = ANY (%(ids)s::bigint[])) RETURNING id
"""


async def acknowledge(
    pool: Pool, ids: Sequence[int], *, by: str, note: str | None, dry_run: bool = False
) -> list[dict[str, object]]:
    """
    Somebody takes care of these. Raises UnknownName for one that does not exist, BadValue for one that is
    over; then none is acknowledged.
    """
    async with pool.connection() as connection, connection.transaction(force_rollback=dry_run):
        known = {
            row["id"]: row["state"] for row in await (await connection.execute(KNOWN, [list(ids)])).fetchall()
        }
        for id in ids:
            if id not in known:
                hint = "`ops alerts list` shows the ids of those that fire."
                raise errors.UnknownName(kind="alert", name=str(id), hint=hint)
            if known[id] == "resolved":
                raise errors.BadValue(kind="alert to acknowledge", value=id, reason="it is over")
        cursor = await connection.execute(ACKNOWLEDGE, {"ids": list(ids), "by": by, "note": note})
        return await cursor.fetchall()


async def silence(
    pool: Pool,
    *,
    until: datetime,
    by: str,
    reason: str | None,
    rule: str | None = None,
    business: str | None = None,
    service: str | None = None,
    dry_run: bool = False,
) -> dict[str, object]:
    """Tell nobody of alerts with these fields until then. Raises DatabaseError."""
    async with pool.connection() as connection, connection.transaction(force_rollback=dry_run):
        cursor = await connection.execute(SILENCE, [rule, business, service, reason, by, until])
        row = await cursor.fetchone()
    assert row is not None
    return row


async def unsilence(
    pool: Pool, ids: Sequence[int], *, every: bool = False, dry_run: bool = False
) -> list[int]:
    """End silences now, these or all. Raises UnknownName for one that is not in force."""
    async with pool.connection() as connection, connection.transaction(force_rollback=dry_run):
        cursor = await connection.execute(UNSILENCE, {"ids": list(ids), "every": every})
        ended = [row["id"] for row in await cursor.fetchall()]
        for id in ids:
            if id not in ended:
                hint = "`ops alerts silences` shows those in force."
                raise errors.UnknownName(kind="silence in force", name=str(id), hint=hint)
    return ended


def trial() -> Message:
    """A message that tries a channel."""
    return Message(
        id=uuid7().hex,
        kind="test",
        severity="info",
        title=f"Test of Master-Ops at {clock.now():%H:%M UTC}",
        lines=("If you can read this, alerts reach you here.",),
    )
