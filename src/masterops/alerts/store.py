"""
Alerts, notices and silences in the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from masterops.alerts.life import FLAP_WINDOW
from masterops.alerts.model import Alert, Notice, Silence
from masterops.db import AsyncConnection, Jsonb, fetch

# One evaluation at a time, whoever took over whose job.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('masterops.alerts', 0)) AS mine"
NAMES = "SELECT key, slug, name FROM ops.business_keys"
# Ids go on from the newest, also of those whose rows retention has dropped and notices still name.
NEXT_ID = """
SELECT 1 + greatest((SELECT max(id) FROM ops.alerts),
    (SELECT max(i) FROM ops.alert_notices, unnest(alert_ids) AS i), 0) AS id
"""
ALERTS = "SELECT * FROM ops.alerts WHERE closed_at IS NULL OR resolved_at > %s ORDER BY id"
SILENCES = """
SELECT id, rule, business_id, service, starts_at, ends_at FROM ops.alert_silences
WHERE starts_at <= %(now)s AND ends_at > %(now)s
"""
HELD = "SELECT * FROM ops.alert_notices WHERE status = 'held' AND held_until <= %s ORDER BY created_at, id"
# Who acknowledged it is people's to say: it may have been said since this was read.
KEEP = """
INSERT INTO ops.alerts AS a SELECT * FROM jsonb_populate_recordset(NULL::ops.alerts, %s)
ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, severity = EXCLUDED.severity,
    summary = EXCLUDED.summary, business_id = EXCLUDED.business_id, service = EXCLUDED.service,
    category = EXCLUDED.category, reason = EXCLUDED.reason, hint = EXCLUDED.hint,
    group_key = EXCLUDED.group_key, fired_at = EXCLUDED.fired_at, fires = EXCLUDED.fires,
    flapping = EXCLUDED.flapping, absent_since = EXCLUDED.absent_since, resolved_at = EXCLUDED.resolved_at,
    told_at = EXCLUDED.told_at, told_severity = EXCLUDED.told_severity,
    told_channels = EXCLUDED.told_channels, escalations = EXCLUDED.escalations,
    reminders = EXCLUDED.reminders, reminded_at = EXCLUDED.reminded_at, closed_at = EXCLUDED.closed_at,
    subject = EXCLUDED.subject, part_of = EXCLUDED.part_of, told_with = EXCLUDED.told_with,
    maintenance = EXCLUDED.maintenance
"""
DROP = "DELETE FROM ops.alerts WHERE id = ANY(%s::bigint[])"
POST = """
INSERT INTO ops.alert_notices (dedupe_key, kind, channel, thread, severity, alert_ids, message, created_at,
    held_until, status, next_try_at)
SELECT dedupe_key, kind, channel, thread, severity, alert_ids, message, created_at, held_until,
    CASE WHEN held_until IS NULL THEN 'waiting' ELSE 'held' END, created_at
FROM jsonb_populate_recordset(NULL::ops.alert_notices, %s)
ON CONFLICT (dedupe_key) DO NOTHING
"""
MERGE = "UPDATE ops.alert_notices SET status = 'merged', merged_into = %s WHERE dedupe_key = ANY(%s::text[])"
FORGET = (
    "DELETE FROM ops.alert_notices"
    " WHERE created_at < now() - make_interval(days => %s) AND status NOT IN ('waiting', 'held')",
    "DELETE FROM ops.alerts WHERE closed_at < now() - make_interval(days => %s)",
    "DELETE FROM ops.alert_silences WHERE ends_at < now() - make_interval(days => %s)",
)


class Kept(NamedTuple):
    """
    What is known before a look: open and recent alerts, silences, notices whose quiet hours are over, names.
    """

    alerts: list[Alert]
    silences: list[Silence]
    held: list[Notice]
    slugs: dict[str, str]
    names: dict[str, str]
    next_id: int


async def lock(connection: AsyncConnection) -> bool:
    """Take the turn until the transaction ends; False when somebody else has it."""
    return bool((await fetch(connection, LOCK))[0]["mine"])


async def load(connection: AsyncConnection, now: datetime) -> Kept:
    """Everything that deciding needs."""
    businesses = await fetch(connection, NAMES)
    return Kept(
        alerts=[_read(row, Alert) for row in await fetch(connection, ALERTS, [now - FLAP_WINDOW])],
        silences=[_read(row, Silence) for row in await fetch(connection, SILENCES, {"now": now})],
        held=[_read(row, Notice) for row in await fetch(connection, HELD, [now])],
        slugs={row["key"]: row["slug"] for row in businesses},
        names={row["slug"]: row["name"] for row in businesses},
        next_id=(await fetch(connection, NEXT_ID))[0]["id"],
    )


async def save(
    connection: AsyncConnection,
    before: Sequence[Alert],
    after: Sequence[Alert],
    notices: Sequence[Notice],
    digests: Sequence[tuple[Notice, Sequence[Notice]]],
) -> None:
    """What changed, in the caller's transaction."""
    known = {each.id: each for each in before}
    changed = [each for each in after if known.get(each.id) != each]
    gone = sorted(known.keys() - {each.id for each in after})
    if changed:
        await connection.execute(KEEP, [_json(changed)])
    if gone:
        await connection.execute(DROP, [gone])
    posted = [*notices, *(digest for digest, _ in digests)]
    if posted:
        await connection.execute(POST, [_json(posted)])
    for digest, parts in digests:
        await connection.execute(MERGE, [digest.dedupe_key, [each.dedupe_key for each in parts]])


async def forget(connection: AsyncConnection, days: int) -> None:
    """Drop what ended so many days ago. Raises DatabaseError."""
    for statement in FORGET:
        await connection.execute(statement, [days])


def _json(values: Sequence[Alert] | Sequence[Notice]) -> Jsonb:
    return Jsonb(msgspec.to_builtins(values))


def _read(row: dict[str, Any], kind: Any) -> Any:
    """A row as its struct; columns that it does not name are left out."""
    return msgspec.convert(row, kind)
