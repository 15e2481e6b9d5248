"""
Lost log records, in words: for every command that shows numbers which lack them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from masterops import errors
from masterops.core import clock
from masterops.core.durations import in_words
from masterops.logs import SpoolState, spool_state

NEWS = timedelta(days=7)


def recent_loss(home: Path) -> str | None:
    """One line when records were lost in the last seven days, or nobody can look."""
    try:
        state = spool_state(home / "spool")
    except errors.SpoolUnusable as error:
        return f"{error.message}. `ops doctor` says what to do."
    if not is_news(state):
        return None
    return f"Log records are missing: {lost(state)}. `ops doctor` says what to do."


def is_news(state: SpoolState) -> bool:
    """Whether the last loss is so recent that somebody should hear of it."""
    return state.total_lost > 0 and state.lost_at is not None and clock.now() - state.lost_at < NEWS


def lost(state: SpoolState) -> str:
    """`4 lost (spool_full: 3 debug, 1 info), the last 2 h ago`."""
    if state.lost_at is None or not state.total_lost:
        return "none lost"
    reasons = [
        f"{reason}: {', '.join(f'{count:,} {level}' for level, count in levels.items())}"
        for reason, levels in state.lost.items()
    ]
    return f"{state.total_lost:,} lost ({'; '.join(reasons)}), the last {age(state.lost_at)} ago"


def age(moment: datetime) -> str:
    """How long ago: `12 s`, `5 min`, `3 h`, `2 d`."""
    return in_words(clock.now() - moment)
