"""
Questions about alerts: what stands, what was told, what rules would find now.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.alerts import store
from masterops.alerts.evaluate import observations, policy_of
from masterops.alerts.reading import look
from masterops.config import Settings, Severity
from masterops.db import Pool

Row = dict[str, Any]  # values are whatever the columns hold

CURRENT = """
SELECT id, status, severity, business_id AS business, service, rule, summary, reason, since, flapping,
    acknowledged_by, part_of, NULL::timestamptz AS resolved_at
FROM current_alerts
"""
# What is in a window of maintenance is not among the current ones.
STATUS = (
    "coalesce(c.status,"
    " CASE WHEN a.maintenance AND a.state <> 'resolved' THEN 'maintenance' ELSE a.state END)"
)
HISTORY = f"""
SELECT a.id, {STATUS} AS status, a.severity, a.business_id AS business, a.service, a.rule,
    a.summary, a.reason, a.since, a.flapping, a.acknowledged_by, a.part_of, a.resolved_at
FROM ops.alerts AS a LEFT JOIN current_alerts AS c ON c.id = a.id
ORDER BY coalesce(a.fired_at, a.seen_at) DESC, a.id DESC LIMIT %s
"""
ONE = f"""
SELECT a.*, {STATUS} AS status
FROM ops.alerts AS a LEFT JOIN current_alerts AS c ON c.id = a.id WHERE a.id = %s
"""
NOTICES = """
SELECT created_at, kind, channel, status, attempts, sent_at, held_until, message ->> 'title' AS title, error
FROM ops.alert_notices WHERE %(alert)s::bigint IS NULL OR %(alert)s = ANY (alert_ids)
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""
SILENCES = """
SELECT id, business_id AS business, service, rule, reason, created_by, starts_at, ends_at
FROM ops.alert_silences WHERE ends_at > now() ORDER BY ends_at, id
"""


class RuleNow(msgspec.Struct, frozen=True):
    """
    A rule in force: what it finds now, or why it cannot be read.
    """

    name: str
    source: str
    severity: str
    hold_seconds: float
    channels: tuple[str, ...]
    matches: int | None
    finds: list[str]
    origin: str
    error: str | None = None


async def current(pool: Pool) -> list[Row]:
    """What fires or is about to, the worst first. Raises DatabaseError."""
    return await pool.fetch(CURRENT)


async def history(pool: Pool, limit: int) -> list[Row]:
    """The newest episodes, ended ones too. Raises DatabaseError."""
    return await pool.fetch(HISTORY, [limit])


async def one(pool: Pool, id: int) -> Row:
    """Everything of one alert. Raises UnknownName."""
    rows = await pool.fetch(ONE, [id])
    if not rows:
        raise errors.UnknownName(kind="alert", name=str(id), hint="`ops alerts list --all` shows their ids.")
    return rows[0]


async def told(pool: Pool, *, limit: int, alert: int | None = None) -> list[Row]:
    """What was sent when, to whom, with which outcome; the newest first. Raises DatabaseError."""
    return await pool.fetch(NOTICES, {"limit": limit, "alert": alert})


async def silences(pool: Pool) -> list[Row]:
    """Those in force. Raises DatabaseError."""
    return await pool.fetch(SILENCES)


async def rules_now(pool: Pool, settings: Settings, now: datetime) -> list[RuleNow]:
    """Every rule in force with what it finds now; nobody is told. Raises DatabaseError."""
    async with pool.connection() as connection:
        looked = await look(connection, settings.alert_rules)
        kept = await store.load(connection, now)
    policy = policy_of(settings, kept.names)
    found, unread = observations(looked, settings, kept.slugs)
    rows = []
    for rule in settings.alert_rules:
        finds = [
            _named(each.business, each.summary, each.severity) for each in found if each.rule == rule.name
        ]
        by = rule.severity.by
        rows.append(
            RuleNow(
                name=rule.name,
                source=rule.source,
                severity=f"by {by}" if by else rule.severity.other,
                hold_seconds=rule.hold,
                channels=policy.route(rule.name),
                matches=None if rule.name in unread else len(finds),
                finds=finds,
                origin=rule.origin,
                error=unread.get(rule.name),
            )
        )
    return rows


def _named(business: str | None, summary: str, severity: Severity) -> str:
    return f"{severity} {f'{business}: ' if business else ''}{summary}"
