"""
Reads the rows that rules look for, and changes nothing whatever a view calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from masterops import errors
from masterops.alerts.observing import Row
from masterops.config import SOURCES, VIEW, AlertRule
from masterops.core.dependencies import name_of
from masterops.db import AsyncConnection, Filter, Operator, TableQuery, fetch, run

LONGEST_SECONDS = 5
MOST_ROWS = 1_000


LOOKS = """
SELECT integration_id, check_name, state, last_checked_at FROM ops.checks_now
WHERE integration_id NOT IN (SELECT 'heartbeat/' || name FROM ops.heartbeats WHERE paused_at IS NOT NULL)
"""


class Looks(NamedTuple):
    """
    When each check was last looked at, and of which nobody can say how they are.
    """

    at: dict[str, datetime]
    unsure: set[str]


class Looked(NamedTuple):
    """
    What a rule found, or why nobody can say.
    """

    rule: AlertRule
    rows: Sequence[Row] = ()
    error: errors.MasterOpsError | None = None


async def look(connection: AsyncConnection, rules: Sequence[AlertRule]) -> list[Looked]:
    """
    The rows of every rule that reads any, one after the other. A rule that cannot be read costs the others
    nothing. Raises DatabaseError when none can.
    """
    return [await _look(connection, rule) for rule in rules if relation_of(rule)]


async def last_looks(connection: AsyncConnection) -> Looks:
    """What is known of all checks beside what is wrong with them. Raises DatabaseError."""
    found = Looks({}, set())
    for row in await fetch(connection, LOOKS):
        name = name_of(row["integration_id"], row["check_name"])
        found.at[name] = row["last_checked_at"]
        if row["state"] == "unknown":
            found.unsure.add(name)
    return found


def relation_of(rule: AlertRule) -> str:
    """The view or table that a rule reads; empty where it reads none."""
    known = SOURCES.get(rule.source)
    return known.relation if known is not None else rule.source.removeprefix(VIEW)


async def _look(connection: AsyncConnection, rule: AlertRule) -> Looked:
    query = TableQuery(
        relation_of(rule),
        filters=tuple(
            Filter(each.field, Operator(each.op), each.value)
            for each in rule.where
            if not isinstance(each.value, tuple)
        ),
        order=rule.keys[0] if rule.keys else None,
        limit=MOST_ROWS + 1,
    )
    try:
        rows = (await run(connection, query, seconds=LONGEST_SECONDS)).rows
    except (errors.UsageError, errors.QueryFailed) as error:
        return Looked(rule, error=error)
    if len(rows) > MOST_ROWS:
        reason = f"it finds more than {MOST_ROWS:,} rows"
        hint = "Narrow the rule with `where`, or group the rows in the view."
        return Looked(rule, error=errors.QueryFailed(reason=reason, hint=hint))
    return Looked(rule, rows)
