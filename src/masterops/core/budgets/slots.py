"""
A rolling limit, or one of so many at once, of which this process holds a part.

The limit is N slots, each of which is used and then rests for a window. Those that are held here are spent as
a limit of that size is spent alone, so that a call costs no word to anybody. A slot comes with the rest that
it still needs, and goes with it: whoever has it, between two uses of it lies a window.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from masterops.core.budgets.limit import MICROSECONDS, Lane, Limit, Reading, Rolling
from masterops.core.budgets.rolling import RollingMeter
from masterops.core.budgets.sharing import Ask, Part

GROUPS = 1000  # in a window


class SlotMeter(RollingMeter):
    """
    `most` is what is held here, `whole` the limit. Nothing is held at first.
    """

    __slots__ = ("_back", "_peak", "_reading", "_said", "credit", "peers", "spent", "target", "whole")

    def __init__(self, limit: Limit, seconds: float) -> None:
        super().__init__(limit, Rolling(seconds))
        self.whole, self.target, self.peers = limit.permits, 0, 1
        self._resize(0)
        self._peak = self.spent = 0  # since the ledger was last asked
        self.credit = 0  # by how much moments may be earlier than the answer, which only holds among our own
        self._said: int | None = None
        self._reading: tuple[int, int] | None = None  # how many are left, and when that was said
        # What is not ours any more and the ledger does not know of yet: when it was last used, and how many.
        # A slot is in one place: free, in `_open`, in `_times` (it rests) or here.
        self._back: list[tuple[int, int]] = []

    @property
    def largest(self) -> int:
        return self.whole

    @property
    def seconds(self) -> float:
        """The window."""
        return (self._reach - 1) / MICROSECONDS

    def used(self, now: int) -> int:
        """Slots that are in use or rest."""
        past = now - self._reach
        while self._times and self._times[0] <= past:
            self._times.popleft()
        return self._open + len(self._times)

    @property
    def open(self) -> int:
        """Calls that are not answered yet."""
        return self._open

    def put(self, weight: int, now: int) -> None:
        super().put(weight, now)
        self.spent += weight
        self._peak = max(self._peak, self.used(now))

    def read(self, reading: Reading, mark: int, now: int) -> None:
        """For the ledger: what others of ours have spent of it is not known here."""
        if reading.permits is not None:
            self._said = self.limit.believed(reading.permits, self.whole)
        if reading.remaining is not None and reading.remaining >= 0:
            self._reading = reading.remaining, now

    def soonest(self, weight: int, now: int, lane: Lane) -> int:
        """At the very least, if all of it were ours: whole windows."""
        by_lane, others = self.limit.kept(self.whole)
        usable = self.whole - by_lane.get(lane, others)
        return (weight - 1) // usable * self._reach

    def left(self, now: int) -> int:
        return max(0, self.most - self.used(now))

    def grow(self) -> None:
        """It is not learned."""

    def cut(self, now: int) -> None:
        """It is not learned."""

    def ask(self, waiting: int, urgent: int, now: int, heaviest: int = 1) -> Ask:
        """
        What to tell the ledger, with `waiting` permits that callers wait for, `urgent` of them people, and
        the `heaviest` of those who could go next. What is above the target is given back with it.
        """
        used = self.used(now)
        spent, self.spent = self.spent, 0
        # As many again as since the last time, so that callers who come one after the other find a slot.
        want = min(used + waiting + spent, self.whole)
        self._let_go(now)
        peak, self._peak = max(self._peak, used), self.used(now)
        back, self._back = self._back, []
        remaining, since = self._reading or (None, now)
        said, self._said, self._reading = self._said, None, None
        return {
            "name": self.limit.name,
            "most": self.limit.permits,
            "seconds": self.seconds,
            "held": self.most,
            "used": min(self._peak, self.most),
            "peak": peak,
            "want": want,
            "urgent": min(urgent, want),
            "heaviest": heaviest,
            "waiting": waiting,
            "back": [[(now - moment) / MICROSECONDS, count] for moment, count in back],
            "said": said,
            "remaining": remaining,
            "age": (now - since) / MICROSECONDS,
        }

    def _let_go(self, now: int) -> None:
        """What is above the target, and calls that were answered after the slot they had was lost."""
        if self.most > self.target:
            self.release(self.most - self.target, now)
        while self._times and self._open + len(self._times) > self.most:
            self._give(min(now, self._times.pop() + self.credit))

    def unheard(self, ask: Ask, now: int) -> None:
        """The ledger did not answer to `ask`: it may not know what was given back."""
        for ago, count in ask["back"]:  # type: ignore[attr-defined]
            self._back.append((now - round(ago * MICROSECONDS), count))

    def grant(self, part: Part, now: int) -> None:
        """What the ledger answered."""
        self.whole, self.target, self.peers = part.most, part.target, part.peers
        for count, rest in zip(part.granted, part.rests, strict=True):
            self.add(count, round(rest * MICROSECONDS), now)

    def add(self, count: int, rest: int, now: int) -> None:
        """`count` more slots are ours; they may be used in `rest` microseconds."""
        if rest > 0:
            moment = now + rest - self._reach + 1
            times = list(self._times)
            place = bisect_right(times, moment)
            self._times = deque([*times[:place], *[moment] * count, *times[place:]])
        self._resize(self.most + count)

    def borrow(self, count: int, now: int) -> None:
        """
        The ledger is away, and nothing is held: `count` slots, which rest as long as any that was just let
        go.
        """
        last = max((moment for moment, _ in self._back), default=now - self._reach)
        self.add(count, max(0, last + self._reach - now), now)

    def release(self, count: int, now: int) -> None:
        """Give back up to `count` slots: those that have rested, then those that will soon; none in use."""
        used = self.used(now)
        free = min(count, self.most - used)
        if free > 0:
            self._resize(self.most - free)
            self._back.append((now - self._reach, free))
            count -= free
        while count > 0 and self._times and self.most > self._open:
            self._give(min(now, self._times.popleft() + self.credit))
            self._resize(self.most - 1)
            count -= 1

    def _give(self, moment: int) -> None:
        """One slot that was used at `moment`; those used almost together are told together, by the last."""
        if self._back and 0 <= moment - self._back[-1][0] <= self._reach // GROUPS:
            self._back[-1] = moment, self._back[-1][1] + 1
        else:
            self._back.append((moment, 1))

    def drop(self, now: int) -> None:
        """Nothing is held any more, because others were told that we are dead. Calls in flight are told."""
        self.release(self.most, now)
        if self._open:
            self._back.append((now, self._open))
        self._resize(0)

    def _resize(self, permits: int) -> None:
        self.most = permits
        self._kept, self._kept_others = self.limit.kept(max(1, permits))
