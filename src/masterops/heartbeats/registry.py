"""
The heartbeats that there are: declared by the configuration, or made, changed and removed by command.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.config import Heartbeat
from masterops.config.cron import flaw
from masterops.core.durations import parse_duration
from masterops.core.spelling import unknown
from masterops.db import Jsonb, Pool
from masterops.heartbeats.schedule import schedule
from masterops.heartbeats.tokens import digest, new_token

LIST = """
SELECT name, business_id, state, since, reason, severity, every_seconds, cron, zone, grace_seconds,
    last_ping_at, last_success_at, last_failure_at, last_duration_ms, running_since, due_at, missing_at,
    paused_at, declared_by
FROM heartbeat_status
WHERE (%(business)s::text IS NULL OR business_id = %(business)s)
    AND (%(name)s::text IS NULL OR name = %(name)s)
ORDER BY array_position(ARRAY['down', 'late', 'degraded', 'unknown', 'up'], state), name
"""
PINGS = """
SELECT p.accepted_at, p.kind, p.exit_code, p.duration_ms, p.method, p.remote, p.agent, p.run_id, p.body_bytes,
    p.body
FROM ops.heartbeat_pings AS p JOIN ops.heartbeats AS h ON h.id = p.heartbeat_id
WHERE h.name = %s ORDER BY p.accepted_at DESC, p.id DESC LIMIT %s
"""
ADD = """
WITH made AS (
    INSERT INTO ops.heartbeats (name, business_id, every_seconds, cron, zone, grace_seconds, longest_seconds,
        severity)
    VALUES (%(name)s, %(business_id)s, %(every_seconds)s, %(cron)s, %(zone)s, %(grace_seconds)s,
        %(longest_seconds)s, %(severity)s)
    ON CONFLICT (name) DO NOTHING
    RETURNING id
)
INSERT INTO ops_secrets.heartbeat_tokens (heartbeat_id, token_sha256)
SELECT id, %(token)s FROM made RETURNING 1 AS made
"""
ROTATE = """
INSERT INTO ops_secrets.heartbeat_tokens (heartbeat_id, token_sha256)
SELECT id, %s FROM ops.heartbeats WHERE name = %s
ON CONFLICT (heartbeat_id) DO UPDATE SET token_sha256 = EXCLUDED.token_sha256, made_at = now()
"""
PAUSE = "UPDATE ops.heartbeats SET paused_at = coalesce(paused_at, now()) WHERE name = %s"
RESUME = """
UPDATE ops.heartbeats SET paused_at = NULL, watched_since = now(), running_since = NULL, extended_until = NULL
WHERE name = %s AND paused_at IS NOT NULL
"""
REMOVE = """
WITH gone AS (
    DELETE FROM ops.heartbeats WHERE name = %s RETURNING name
)
DELETE FROM ops.health_state AS s USING gone
WHERE s.integration_id = 'heartbeat/' || gone.name AND s.check_name = 'heartbeat'
"""


class Standing(msgspec.Struct, frozen=True):
    """
    One heartbeat and how it stands.
    """

    name: str
    business_id: str | None
    state: str
    since: datetime | None
    reason: str | None
    severity: str
    every_seconds: int | None
    cron: str | None
    zone: str
    grace_seconds: int
    last_ping_at: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_duration_ms: float | None
    running_since: datetime | None
    due_at: datetime | None
    missing_at: datetime | None
    paused_at: datetime | None
    declared_by: str


async def standings(pool: Pool, *, business: str | None = None) -> list[Standing]:
    """Every heartbeat, those that are down first. Raises DatabaseError."""
    rows = await pool.fetch(LIST, {"business": business, "name": None})
    return [msgspec.convert(row, Standing) for row in rows]


async def standing(pool: Pool, name: str) -> Standing:
    """One heartbeat. Raises UnknownName, DatabaseError."""
    rows = await pool.fetch(LIST, {"business": None, "name": name})
    if not rows:
        raise unknown(
            "heartbeat",
            name,
            [row["name"] for row in await pool.fetch(LIST, {"business": None, "name": None})],
        )
    return msgspec.convert(rows[0], Standing)


async def pings_of(pool: Pool, name: str, most: int) -> list[dict[str, Any]]:
    """Its newest pings. Raises DatabaseError."""
    return await pool.fetch(PINGS, [name, most])


async def declare(pool: Pool, heartbeats: Sequence[Heartbeat]) -> None:
    """Make the configuration's heartbeats these. Raises DatabaseError."""
    rows = [
        {**_values(each), "token": digest(each.token.reveal()).hex() if each.token else None}
        for each in heartbeats
    ]
    await pool.fetch("SELECT ops.set_heartbeats(%s)", [Jsonb(rows)])


def check(heartbeat: Heartbeat) -> None:
    """See that a heartbeat given by command is a right one. Raises UsageError."""
    if (heartbeat.every is None) == (heartbeat.cron is None):
        raise errors.UsageError(
            what="A heartbeat has either a span between its pings or a schedule",
            hint="Give --every 1h, or --cron '30 2 * * *'.",
        )
    if heartbeat.cron is not None:
        wrong = flaw(heartbeat.cron)
        if wrong is not None:
            reason = f"it has {wrong}" if wrong.endswith("field(s)") else f"wrong is {wrong}"
            raise errors.BadValue(
                kind="schedule",
                value=heartbeat.cron,
                reason=reason,
                hint="Five fields, such as '30 2 * * *'.",
            )
        if schedule(heartbeat.cron, heartbeat.zone).after(datetime.now().astimezone()) is None:
            raise errors.BadValue(kind="schedule", value=heartbeat.cron, reason="it never comes")
    _values(heartbeat)


async def add(pool: Pool, heartbeat: Heartbeat) -> str:
    """Make a heartbeat; its token, which is told only now. Raises BadValue for a name that is taken."""
    check(heartbeat)
    token = new_token()
    if not await pool.fetch(ADD, {**_values(heartbeat), "token": digest(token)}):
        hint = "`ops heartbeat list` shows those that there are; `ops heartbeat rotate` makes a new address."
        raise errors.BadValue(
            kind="name", value=heartbeat.name, reason="there is a heartbeat of this name", hint=hint
        )
    return token


async def rotate(pool: Pool, name: str, declared: Sequence[Heartbeat]) -> str:
    """A new token in place of the old one. Raises UnknownName, BadValue where the configuration gives it."""
    await standing(pool, name)
    if any(each.name == name and each.token for each in declared):
        raise errors.BadValue(
            kind="heartbeat",
            value=name,
            reason="its token is given by the configuration",
            hint="Change it there, and start `ops up` again.",
        )
    token = new_token()
    await pool.fetch(ROTATE, [digest(token), name])
    return token


async def pause(pool: Pool, name: str) -> None:
    """Watch it no more, until it is resumed. Raises UnknownName."""
    await standing(pool, name)
    await pool.fetch(PAUSE, [name])


async def resume(pool: Pool, name: str) -> None:
    """Watch it again; it owes nothing for the time of the pause. Raises UnknownName."""
    await standing(pool, name)
    await pool.fetch(RESUME, [name])


async def remove(pool: Pool, name: str) -> None:
    """Forget it; its pings stay until they are old. Raises UnknownName, BadValue for the configuration's."""
    found = await standing(pool, name)
    if found.declared_by == "configuration":
        raise errors.BadValue(
            kind="heartbeat",
            value=name,
            reason="it is declared in the configuration",
            hint="Take its [[heartbeats]] out of the file, and start `ops up` again.",
        )
    await pool.fetch(REMOVE, [name])


def _values(heartbeat: Heartbeat) -> dict[str, Any]:
    return {
        "name": heartbeat.name,
        "business_id": heartbeat.slug,
        "every_seconds": _seconds(heartbeat.every),
        "cron": heartbeat.cron,
        "zone": heartbeat.zone,
        "grace_seconds": _seconds(heartbeat.grace),
        "longest_seconds": _seconds(heartbeat.longest),
        "severity": heartbeat.severity,
    }


def _seconds(span: str | None) -> int | None:
    return None if span is None else int(parse_duration(span).total_seconds())
