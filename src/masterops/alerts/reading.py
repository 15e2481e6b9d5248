"""
Reads the rows that rules look for, and changes nothing whatever a view calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from masterops import errors
from masterops.alerts.observing import Row
from masterops.config import SOURCES, VIEW, AlertRule
from masterops.db import AsyncConnection, Filter, Operator, TableQuery, run

LONGEST_SECONDS = 5
MOST_ROWS = 1_000


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
