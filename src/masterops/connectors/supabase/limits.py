"""
What we let ourselves ask of a project, and what the Management API lets us, as data.

The row API has no limit of its own: what it spends are connections of a small database, so that few are open
at once. Auth limits by address and path and tells no numbers (github.com/supabase/auth). The Management API
gives a user 120 calls a minute for each project, and says in its headers what is left (supabase.com/docs,
"Management API", rate limits).
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.config import Connection
from masterops.core.budgets import CALLS, INTERACTIVE, Concurrent, Limit, Reading, Rolling
from masterops.transport import Rate

AUTH = "auth"
STORAGE = "storage"
MANAGEMENT = "management"

CALLS_PER_SECOND = 50
CALLS_AT_ONCE = 10
AUTH_PER_SECOND = 10
STORAGE_AT_ONCE = 5
MANAGEMENT_PER_MINUTE = 120
KEPT_FOR_A_PERSON = 0.05

_PREFIX = "x-ratelimit-"
_LONGEST_NUMBER = 9  # digits


def limits(connection: Connection) -> tuple[Limit, ...]:
    """The limits of a connection."""
    second, at_once = (connection.values.get(name) for name in ("calls_per_second", "calls_at_once"))
    rows = frozenset({CALLS})
    return (
        Limit("second", _number(second, CALLS_PER_SECOND), Rolling(1.0), rows, pinned=True),
        Limit("at once", _number(at_once, CALLS_AT_ONCE), Concurrent(), rows, pinned=True),
        Limit("auth", AUTH_PER_SECOND, Rolling(1.0), frozenset({AUTH}), learned=True),
        Limit("storage", STORAGE_AT_ONCE, Concurrent(), frozenset({STORAGE}), pinned=True),
        Limit(
            "management",
            MANAGEMENT_PER_MINUTE,
            Rolling(60.0),
            frozenset({MANAGEMENT}),
            reserved={INTERACTIVE: KEPT_FOR_A_PERSON},
        ),
    )


def rate(headers: Mapping[str, str]) -> Rate:
    """What is left of the Management API's minute."""
    most, left = (_count(headers, name) for name in ("limit", "remaining"))
    if most is None and left is None:
        return Rate()
    return Rate(left, None, (Reading("management", most, left),))


def _count(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_PREFIX + name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise
