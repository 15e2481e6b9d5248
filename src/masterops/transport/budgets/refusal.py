"""
The error of a call that would have to wait longer for its budget than it may.
"""

from __future__ import annotations

from datetime import timedelta

from masterops.core import clock
from masterops.core.budgets import MICROSECONDS, Obstacle
from masterops.core.durations import in_words
from masterops.errors import BudgetExhausted, QuotaExhausted, RemoteError


def refusal(connection: str, obstacle: Obstacle, deadline: float | None) -> RemoteError:
    """What stands in the way, until when, and how long the call could have waited."""
    wait = timedelta(microseconds=obstacle.wait)
    free_at = (clock.now() + wait).isoformat(timespec="seconds")
    kind = QuotaExhausted if obstacle.calendar else BudgetExhausted
    what = "it asked us to wait" if obstacle.name == "stop" else f"limit {obstacle.name!r} is used up"
    reason = f"{what}, free again in {in_words(wait)}"
    return kind(
        service=connection,
        retry_after=obstacle.wait / MICROSECONDS,
        reason=reason
        if deadline is None
        else f"{reason}; this call may wait {in_words(timedelta(seconds=deadline))}",
        limit=obstacle.name,
        free_at=free_at,
    )
