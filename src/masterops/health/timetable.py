"""
When each check is due, pure: spread over the interval, always at the same distance, never twice for one slot.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

# The first look at each is soon after the start, whatever its interval, and not all at once.
FIRST_SECONDS = 30.0


class Due(NamedTuple):
    """
    A slot whose time has come: when that was, whose it is, and how many slots before it were slept through.
    """

    at: float
    which: int
    missed: int


class Timetable:
    """
    The slots of checks that come every so many seconds, from a moment on.
    """

    def __init__(self, every: Sequence[float], start: float) -> None:
        self._every = tuple(every)
        count = max(1, len(self._every))
        self._slots = [
            (start + min(seconds, FIRST_SECONDS) * index / count, index)
            for index, seconds in enumerate(self._every)
        ]
        heapq.heapify(self._slots)

    def next_at(self) -> float | None:
        """When the next slot is; None when there is no check."""
        return self._slots[0][0] if self._slots else None

    def due(self, now: float) -> list[Due]:
        """The slots up to now, each check once; those that were slept through are counted and left out."""
        found = []
        while self._slots and self._slots[0][0] <= now:
            at, index = self._slots[0]
            every = self._every[index]
            missed = int((now - at) // every)
            found.append(Due(at + missed * every, index, missed))
            heapq.heapreplace(self._slots, (at + (missed + 1) * every, index))
        return found
