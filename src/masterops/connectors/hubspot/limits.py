"""
What a HubSpot account lets us spend, as data, and what its headers say of it.

The figures are those of a private app on the Free and Starter plans (developers.hubspot.com, "API usage
guidelines and limits"): the first answer's headers tell the real ones (190 in ten seconds on Professional and
Enterprise, 250 with the add-on, 625,000 and 1,000,000 a day). A search is not counted in the ten seconds but
in the day, its answers have no such headers, and its five a second are shared by all apps of the account
("Search the CRM"). Associations have ten seconds of their own. The day is shared by all private apps and
ends at midnight where the account is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from masterops.config import Connection, pairs
from masterops.core import clock
from masterops.core.budgets import CALLS, INTERACTIVE, Calendar, Limit, Reading, Rolling
from masterops.transport import Rate

SEARCH = "search"
ASSOCIATIONS = "associations"

CALLS_PER_10_SECONDS = 100
ASSOCIATIONS_PER_10_SECONDS = 100
SEARCHES_PER_SECOND = 5
CALLS_PER_DAY = 250_000

# Of the ten seconds: a bulk read may have spent them all in one, and a person would wait for the other nine.
KEPT_FOR_A_PERSON = 0.01

_MAX, _REMAINING, _INTERVAL, _DAILY, _DAILY_REMAINING = (
    f"x-hubspot-ratelimit-{name}"
    for name in ("max", "remaining", "interval-milliseconds", "daily", "daily-remaining")
)
_NOTHING = Rate()
_LONGEST_NUMBER = 12  # digits; Python converts thousands, and a timedelta holds far fewer


def limits(connection: Connection) -> tuple[Limit, ...]:
    """The limits of a connection: its settings where they say something, else the smallest plan's."""
    values = connection.values
    burst, search, day = (
        values.get(name) for name in ("calls_per_10_seconds", "searches_per_second", "calls_per_day")
    )
    kept = {INTERACTIVE: KEPT_FOR_A_PERSON}
    return (
        Limit(
            "burst",
            _number(burst, CALLS_PER_10_SECONDS),
            Rolling(10.0),
            frozenset({CALLS}),
            reserved=kept,
            pinned=burst is not None,
        ),
        Limit(
            "associations",
            ASSOCIATIONS_PER_10_SECONDS,
            Rolling(10.0),
            frozenset({ASSOCIATIONS}),
            reserved=kept,
        ),
        Limit("search", _number(search, SEARCHES_PER_SECOND), Rolling(1.0), frozenset({SEARCH})),
        Limit(
            "day",
            _number(day, CALLS_PER_DAY),
            Calendar("day", str(values.get("time_zone") or "UTC")),
            reserved={
                lane: float(share) for lane, share in pairs(str(values.get("reserved_of_day") or "")).items()
            },
            pinned=day is not None,
        ),
    )


def bucket_of(path: str) -> str:
    """The bucket that a path's calls are counted in."""
    if path.endswith("/search"):
        return SEARCH
    return ASSOCIATIONS if "/associations/" in path else CALLS


def rate(headers: Mapping[str, str]) -> Rate:
    """What is left of the rolling window and of the day; answers of searches carry no such headers."""
    # One of them at least, in whatever case the mapping keeps them.
    if not (_REMAINING in headers or _DAILY_REMAINING in headers or _MAX in headers or _DAILY in headers):
        return _NOTHING
    left, interval = _count(headers, _REMAINING), _count(headers, _INTERVAL)
    seconds = interval / 1000 if interval else None
    readings = (
        Reading("burst", _count(headers, _MAX), left, seconds),
        Reading("day", _count(headers, _DAILY), _count(headers, _DAILY_REMAINING)),
    )
    said = tuple([each for each in readings if each.permits is not None or each.remaining is not None])
    end = clock.now() + timedelta(seconds=seconds) if left is not None and seconds else None
    return Rate(left, end, said)


def _count(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
