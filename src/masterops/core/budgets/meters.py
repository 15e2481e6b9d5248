"""
One limit each, and what was spent of it.

A call is counted from the moment it may leave (`put`) until a whole window after the service's answer
(`settle`). Sent and answered are the two moments that we know; the service counts it somewhere in between,
at a moment that only the service knows. So if N permits are let out again only when a window has passed since
the answer to the call that had them before, then no window of the service's own clock sees more than N:
whatever the network does, and however its clock runs against ours. It costs the time that a call is under
way, which the caller may lower by a `moment` before the answer (see `transport/budgets/latency.py`).

Moments are whole microseconds, rounded down; a window is one longer for what the rounding hides. `wait`
answers with microseconds, 0 for now, and NEVER for "not before a call under way is answered".
"""

from __future__ import annotations

from typing import Protocol

from masterops.core.budgets.allowance import AllowanceMeter
from masterops.core.budgets.calendar import CalendarMeter, Clock
from masterops.core.budgets.limit import (
    MICROSECONDS,
    NEVER,
    Calendar,
    Concurrent,
    Lane,
    Limit,
    Reading,
    Rolling,
    TokenBucket,
)
from masterops.core.budgets.rolling import RollingMeter
from masterops.core.budgets.slots import SlotMeter

BILLIONTHS = 1_000_000_000


class Meter(Protocol):
    """
    What a limit can be asked.
    """

    limit: Limit
    most: int

    @property
    def largest(self) -> int:
        """The size of the whole limit: a call that weighs more can never be had."""
        ...

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        """Microseconds until `weight` more may leave."""
        ...

    def put(self, weight: int, now: int) -> None:
        """`weight` leaves, or is about to."""
        ...

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        """It was counted by the service at `moment` at the latest; unsent, it never was."""
        ...

    def settle_all(self, moments: list[int]) -> None:
        """The same for many calls of weight 1 that were sent, in order of their moments."""
        ...

    def room(self, now: int) -> int:
        """What may leave from now on, whoever it is, without asking again; 0 when it must be asked."""
        ...

    def mark(self) -> int:
        """A number to keep with a call: it tells `read` how much had been spent when the call left."""
        ...

    def read(self, reading: Reading, mark: int, now: int) -> None:
        """What the answer to the call with `mark` said of this limit."""
        ...

    def left(self, now: int) -> int:
        """How many permits are free."""
        ...


class ConcurrentMeter:
    """
    At most `most` unanswered at once.
    """

    __slots__ = ("_kept", "_kept_others", "_open", "limit", "most")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.most = limit.permits
        self._kept, self._kept_others = limit.kept(limit.permits)
        self._open = 0

    @property
    def largest(self) -> int:
        return self.most

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        kept = self._kept.get(lane, self._kept_others)
        return 0 if self._open + weight + kept <= self.most else NEVER

    def put(self, weight: int, now: int) -> None:
        self._open += weight

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        self._open -= weight

    def settle_all(self, moments: list[int]) -> None:
        self._open -= len(moments)

    def room(self, now: int) -> int:
        return 0

    def mark(self) -> int:
        return 0

    def read(self, reading: Reading, mark: int, now: int) -> None:
        if reading.permits is not None:
            self.most = self.limit.believed(reading.permits, self.most)
            self._kept, self._kept_others = self.limit.kept(self.most)

    def left(self, now: int) -> int:
        return max(0, self.most - self._open)


class TokenBucketMeter:
    """
    A level that falls with each call and rises with time. Whole billionths of a permit.
    """

    __slots__ = ("_kept", "_kept_others", "_last", "_level", "_rate", "limit", "most")

    def __init__(self, limit: Limit, span: TokenBucket, now: int) -> None:
        self.limit = limit
        self.most = limit.permits
        self._kept, self._kept_others = limit.kept(limit.permits)
        self._rate = max(1, round(span.per_second * BILLIONTHS / MICROSECONDS))
        self._level, self._last = self.most * BILLIONTHS, now

    @property
    def largest(self) -> int:
        return self.most

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        self._rise(now)
        missing = (weight + self._kept.get(lane, self._kept_others)) * BILLIONTHS - self._level
        return max(0, -(-missing // self._rate))

    def put(self, weight: int, now: int) -> None:
        self._level -= weight * BILLIONTHS

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        if not sent:
            self._level = min(self.most * BILLIONTHS, self._level + weight * BILLIONTHS)

    def settle_all(self, moments: list[int]) -> None:
        pass

    def room(self, now: int) -> int:
        return 0

    def mark(self) -> int:
        return 0

    def read(self, reading: Reading, mark: int, now: int) -> None:
        if reading.permits is not None:
            self.most = self.limit.believed(reading.permits, self.most)
            self._kept, self._kept_others = self.limit.kept(self.most)
        self._rise(now)
        if reading.remaining is not None and reading.remaining >= 0:
            self._level = min(self._level, reading.remaining * BILLIONTHS)

    def left(self, now: int) -> int:
        self._rise(now)
        return max(0, self._level // BILLIONTHS)

    def _rise(self, now: int) -> None:
        if now > self._last:
            self._level = min(self.most * BILLIONTHS, self._level + (now - self._last) * self._rate)
            self._last = now


def meter(limit: Limit, clock: Clock, *, shared: bool = False) -> Meter:
    """
    An unspent meter of a limit; of a `shared` one it gets its part from a ledger.

    Learned limits stay with each process: each tries on until it is refused, and so they come to even shares
    by themselves. A token bucket is told with each answer how full it is.
    """
    if shared and not limit.learned and (part := _part(limit)) is not None:
        return part
    match limit.span:
        case Rolling() as span:
            return RollingMeter(limit, span)
        case Calendar() as span:
            return CalendarMeter(limit, span, clock)
        case Concurrent():
            return ConcurrentMeter(limit)
        case TokenBucket() as span:
            return TokenBucketMeter(limit, span, clock.ticks)


def _part(limit: Limit) -> Meter | None:
    match limit.span:
        case Rolling(seconds):
            return SlotMeter(limit, seconds)
        case Concurrent():
            return SlotMeter(limit, 0.0)
        case Calendar() as span:
            return AllowanceMeter(limit, span)
        case _:
            return None
