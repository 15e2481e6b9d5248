"""
Where the last look ended, and what of the next one is new. Pure.

Search indexes lag: a record may become findable after the moment it bears. So each look starts a while
before the last one ended, and what was already seen there is remembered by id and moment, so that
nothing is counted twice and nothing at the border is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=5)

Seen = frozenset[tuple[str, datetime]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    The newest moment seen, and every (id, moment) within the overlap before it.
    """

    at: datetime
    seen: Seen = frozenset()

    @property
    def start(self) -> datetime:
        """Where the next look starts."""
        return self.at - OVERLAP


def advance(
    cursor: Cursor, found: Iterable[tuple[str, datetime]], *, now: datetime
) -> tuple[list[tuple[str, datetime]], Cursor]:
    """
    What of `found` is new, oldest first, and the cursor after it; an empty look moves nothing.

    The cursor never passes `now`: one record that bears a moment of next year must not hide this year's.
    """
    everything = set(found)
    new = sorted(everything - cursor.seen, key=lambda change: (change[1], change[0]))
    at = max((moment for _, moment in new), default=cursor.at)
    at = max(min(at, now), cursor.at)
    remembered = {change for change in everything | cursor.seen if change[1] >= at - OVERLAP}
    return new, Cursor(at, frozenset(remembered))
