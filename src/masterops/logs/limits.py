"""
How much one event may say: a burst a second for each event and level, and a share of chosen events.

A loop that has run away must not bury everything else, nor fill the disk. What is suppressed is counted, and
the counts are told; of errors the first of each second is always written.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

WINDOW_SECONDS = 1.0
CLOSE_SECONDS = 1.0
REPORT_SECONDS = 10.0  # an event that runs away for an hour is told of 360 times, not 3,600
MOST_EVENTS = 1_024
LONGEST_EVENT = 128
OTHERS = "(others)"  # what is no name, or one too many: a loop may make a new one each time


class Tally:
    """
    A number that anybody may raise at any time, and one at a time may take from.
    """

    __slots__ = ("_seen", "numbers")

    def __init__(self) -> None:
        self.numbers = count()
        self._seen = 0

    def take(self) -> int:
        """By how much it was raised since it was last taken from; looking raises it as well."""
        number = next(self.numbers) - self._seen
        self._seen += number + 1
        return number


Tables = dict[str, dict[str, "count[int]"]]  # level -> event -> its numbers in this second
Tallies = dict[str, dict[str, Tally]]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    `burst`: records per event, level and second, None for no limit. `sample`: event -> share from 0 to 1.
    """

    burst: int | None = None
    sample: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """
    How many records of an event and level were not written in the last `seconds`.
    """

    event: str
    level: str
    count: int
    seconds: float


def is_sampled(number: int, share: float) -> bool:
    """
    Whether the record with this number since the start, from 1, is one of the share that is written.

    The first is; of any n exactly the share of n, rounded up, is.
    """
    return -int(-number * share // 1) > -int(-(number - 1) * share // 1)


class Limiter:
    """
    Decides record by record. Thread-safe and re-entrant without a lock in the way: numbers are given by
    `itertools.count`, which nothing can come between.

    `report` is called with what was suppressed, at most each ten seconds and by `close`.
    """

    def __init__(
        self,
        limits: Limits,
        report: Callable[[Suppressed], None],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self._burst = math.inf if limits.burst is None else limits.burst
        self._sample = limits.sample
        self._report = report
        self._ticks = ticks
        self._ends: float
        self._told_at: float
        self._owed_since: float
        self._numbers: Tables  # of the events that are not sampled
        self._shares: Tables  # of those that are: what was written of them
        self._dropped: Tallies
        self._before: Tallies  # what was dropped in the second before
        self._is_turning = False
        self._sampled: dict[tuple[str, str], count[int]]  # since the start
        self._owed: dict[tuple[str, str], int]  # what nobody was told of yet
        self._reset()
        os.register_at_fork(after_in_child=_weakly(self, Limiter._reset))
        atexit.register(_weakly(self, Limiter.close))

    def admits(self, level: str, event: object) -> bool:
        """Whether a record is to be written. One that is not has been counted."""
        if self._ticks() >= self._ends:
            self._turn()
        numbering = self._numbers[level].get(event) if type(event) is str else None
        if numbering is None:
            return self._admits_first(level, event)
        return next(numbering) <= self._burst or self._drop(level, event)  # type: ignore[arg-type]  # a text

    def _admits_first(self, level: str, event: object) -> bool:
        """The first of an event in this second; of one that is sampled, each."""
        name = event if isinstance(event, str) and len(event) <= LONGEST_EVENT else OTHERS
        numbers = self._numbers[level]
        if name in self._sample:
            if not self._is_share(level, name):
                return self._drop(level, name)
            numbers = self._shares[level]
        elif len(numbers) >= MOST_EVENTS:
            name = OTHERS
        return next(numbers.setdefault(name, count(1))) <= self._burst or self._drop(level, name)

    def close(self) -> None:
        """Tell of everything that has not been told of. May be called again, and goes on counting."""
        with self._turn_held(CLOSE_SECONDS) as held:
            if held:
                self._take(self._before)
                self._take(self._dropped)
                self._tell()

    def _is_share(self, level: str, name: str) -> bool:
        number = next(self._sampled.setdefault((level, name), count(1)))
        return is_sampled(number, self._sample[name]) or (
            level == "error" and name not in self._shares[level]
        )

    def _drop(self, level: str, name: str) -> Literal[False]:
        tallies = self._dropped[level]
        next((tallies.get(name) or tallies.setdefault(name, Tally())).numbers)
        return False

    def _turn(self) -> None:
        """A new second. Who comes second, or in the middle, goes on with the old one."""
        with self._turn_held(0) as held:
            now = self._ticks()
            if held and now >= self._ends:
                self._ends = now + WINDOW_SECONDS
                # Only what is a second old is let go: whoever was about to count in it has done so.
                self._take(self._before)
                self._before, self._dropped = self._dropped, _tables()
                self._numbers, self._shares = _tables(), _tables()
                if self._owed and now - self._owed_since >= REPORT_SECONDS:
                    self._tell()

    @contextlib.contextmanager
    def _turn_held(self, seconds: float) -> Iterator[bool]:
        """Whether nobody else is at it: another thread, or this one, which a signal interrupted."""
        if not self._turning.acquire(timeout=seconds):
            yield False
            return
        inner, self._is_turning = self._is_turning, True
        try:
            yield not inner
        finally:
            self._is_turning = inner
            self._turning.release()

    def _take(self, dropped: Tallies) -> None:
        """Add what was not added yet."""
        for level, tallies in dropped.items():
            for event, tally in list(tallies.items()):
                if number := tally.take():
                    if not self._owed:
                        self._owed_since = self._told_at
                    self._owed[event, level] = self._owed.get((event, level), 0) + number

    def _tell(self) -> None:
        owed, self._owed = self._owed, {}
        self._told_at = self._ticks()
        seconds = self._told_at - self._owed_since
        for (event, level), number in owed.items():
            self._report(Suppressed(event, level, number, seconds))

    def _reset(self) -> None:
        """Nothing counted yet: at the start, and in a forked child, whose parent tells of its own."""
        self._turning = threading.RLock()
        self._is_turning = False
        self._told_at = self._owed_since = self._ticks()
        self._ends = self._told_at + WINDOW_SECONDS
        self._numbers, self._shares = _tables(), _tables()
        self._dropped, self._before = _tables(), _tables()
        self._sampled, self._owed = {}, {}


def _tables() -> dict[str, dict[str, Any]]:
    return {"debug": {}, "info": {}, "warn": {}, "error": {}}


def _weakly(limiter: Limiter, act: Callable[[Limiter], None]) -> Callable[[], None]:
    """What the process calls at a fork or its end; it must not keep the limiter alive."""
    held = weakref.ref(limiter)

    def call() -> None:
        found = held()
        if found is not None:
            act(found)

    return call
