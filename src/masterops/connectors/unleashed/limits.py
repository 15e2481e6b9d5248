"""
What an Unleashed account lets us spend, as data.

A subscription has a number of calls a month; when they are used up every call is refused until the first of
the next month, 00:00 UTC. No answer says how many are left, so they are counted here, and how many there are
is a setting. How many calls a minute are let through is published nowhere: what is taken at first is lowered
when Unleashed refuses, and raised again while it does not.
"""

from __future__ import annotations

from masterops.config import Connection
from masterops.core.budgets import INTERACTIVE, Calendar, Limit, Rolling

CALLS_PER_MINUTE = 300  # where to begin
# Where the subscription's number is not set: the calls are counted and, once refused for the month, stopped.
UNTOLD = 1_000_000

# Of the minute: a bulk read may have spent it all at once, and a person would wait for the rest of it.
KEPT_FOR_A_PERSON = 0.02


def limits(connection: Connection) -> tuple[Limit, ...]:
    """The limits of a connection."""
    month, minute = (connection.values.get(name) for name in ("calls_per_month", "calls_per_minute"))
    return (
        Limit(
            "ceiling",
            minute if isinstance(minute, int) else CALLS_PER_MINUTE,
            Rolling(60.0),
            reserved={INTERACTIVE: KEPT_FOR_A_PERSON},
            pinned=minute is not None,
            learned=minute is None,
        ),
        Limit(
            "month",
            month if isinstance(month, int) else UNTOLD,
            Calendar("month", "UTC"),
            pinned=month is not None,
        ),
    )
