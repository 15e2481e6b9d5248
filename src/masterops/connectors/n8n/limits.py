"""
What we let ourselves ask of an n8n, which has no limit of its own: it is a small server that has work to do.
"""

from __future__ import annotations

from masterops.config import Connection
from masterops.core.budgets import CALLS, Limit, Rolling

CALLS_PER_SECOND = 10


def limits(connection: Connection) -> tuple[Limit, ...]:
    """The limit of a connection."""
    given = connection.values.get("calls_per_second")
    calls = given if isinstance(given, int) else CALLS_PER_SECOND
    return (Limit("second", calls, Rolling(1.0), frozenset({CALLS}), pinned=True),)
