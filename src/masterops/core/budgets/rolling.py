"""
At most so many in any span of a window, exactly, at the full rate.
"""

from __future__ import annotations

from collections import deque

from masterops.core.budgets.limit import (
    LONGEST_WINDOW,
    MICROSECONDS,
    MOST_ROLLING_PERMITS,
    NEVER,
    SHORTEST_WINDOW,
    Lane,
    Limit,
    Reading,
    Rolling,
)


class RollingMeter:
    """
    At most `most` in any span of the window.
    """

    __slots__ = (
        "_cut_until",
        "_expired",
        "_foreign",
        "_foreign_until",
        "_granted",
        "_kept",
        "_kept_others",
        "_open",
        "_pressed",
        "_reach",
        "_times",
        "_wins",
        "limit",
        "most",
    )

    def __init__(self, limit: Limit, span: Rolling) -> None:
        self.limit = limit
        self._reach = _reach(span.seconds)
        self._times: deque[int] = deque()
        self._open = 0
        self._granted = self._expired = 0
        self._foreign = self._foreign_until = 0
        self._pressed, self._wins, self._cut_until = False, 0, 0
        self._resize(limit.permits)

    @property
    def largest(self) -> int:
        return self.most

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        times = self._times
        past = now - self._reach
        while times and times[0] <= past:
            times.popleft()
            self._expired += 1
        kept = self._kept.get(lane, self._kept_others) if self._kept_others else 0
        over = self._open + len(times) + weight + kept - self.most
        if over <= 0 and not self._foreign:
            return 0
        return self._longer(over, now)

    def _longer(self, over: int, now: int) -> int:
        if self._foreign and now >= self._foreign_until:
            self._foreign = 0
        over += self._foreign
        if over <= 0:
            return 0
        self._pressed = True
        times = self._times
        own = times[over - 1] + self._reach - now if over <= len(times) else NEVER
        # Others' calls end at a moment we can only guess: worth another look, no more.
        return min(own, self._foreign_until - now) if self._foreign else own

    def put(self, weight: int, now: int) -> None:
        self._open += weight
        self._granted += weight

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        self._open -= weight
        if not sent:
            self._expired += weight
            return
        self._times.extend([self._in_order(moment)] * weight)

    def settle_all(self, moments: list[int]) -> None:
        self._open -= len(moments)
        first = self._in_order(moments[0])
        self._times.extend(moments if first == moments[0] else [max(first, each) for each in moments])

    def _in_order(self, moment: int) -> int:
        """An answer that came early expires with the one before it."""
        times = self._times
        return times[-1] if times and moment < times[-1] else moment

    def room(self, now: int) -> int:
        kept = max(self._kept_others, *self._kept.values()) if self._kept else 0
        return 0 if self._foreign else self.most - kept - self._open - len(self._times)

    def mark(self) -> int:
        return self._expired

    def read(self, reading: Reading, mark: int, now: int) -> None:
        seconds = reading.seconds or 0
        if SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW and not self.limit.pinned:
            self._reach = _reach(seconds)
        if reading.permits is not None:
            self._resize(self.limit.believed(reading.permits, self.most))
        remaining = reading.remaining
        if remaining is None or remaining < 0:
            return
        # What the service had counted when it answered, less the most that can have been ours: what was
        # in the window when the call left, and all that left since. So it is never our own that we take
        # for others'. A smaller number is a looser bound and no news, as long as the last one holds.
        others = self.most - remaining - (self._granted - mark)
        if now >= self._foreign_until or others >= self._foreign:
            self._foreign, self._foreign_until = max(0, others), now + self._reach

    def soonest(self, weight: int, now: int, lane: Lane) -> int:
        """The least wait of the last of many callers, of `weight` together: whole windows, and a rest."""
        usable = self.most - self._kept.get(lane, self._kept_others)
        windows, rest = divmod(weight - 1, usable)
        wait = self.wait(rest + 1, now, lane)
        return windows * self._reach + (0 if wait >= NEVER else wait)

    def left(self, now: int) -> int:
        past = now - self._reach
        counted = sum(1 for each in self._times if each > past)
        foreign = self._foreign if now < self._foreign_until else 0
        return max(0, self.most - self._open - counted - foreign)

    def grow(self) -> None:
        """A call went well. A learned limit that was felt is one higher after a whole window's worth."""
        if not self.limit.learned or not self._pressed:
            return
        self._wins += 1
        if self._wins >= self.most:
            self._wins, self._pressed = 0, False
            self._resize(min(self.most + 1, MOST_ROLLING_PERMITS))

    def begin(self, most: int) -> None:
        """A learned limit is known to be as large."""
        self._resize(min(max(1, most), MOST_ROLLING_PERMITS))

    def cut(self, now: int) -> None:
        """The service had enough: a learned limit is halved, once for all answers that say so together."""
        if self.limit.learned and now >= self._cut_until:
            self._wins, self._cut_until = 0, now + self._reach
            self._resize(max(1, self.most // 2))

    def _resize(self, permits: int) -> None:
        self.most = permits
        self._kept, self._kept_others = self.limit.kept(permits)


def _reach(seconds: float) -> int:
    """A window in microseconds, and one for the rounding of the moments at its ends."""
    return round(seconds * MICROSECONDS) + 1
