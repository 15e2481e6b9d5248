"""
So many a day or month, which end at midnight where the account is.

The end is kept on a clock that never jumps; the clock on the wall says only where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from masterops.core.budgets.limit import MICROSECONDS, Calendar, Lane, Limit, Reading, zone_of
from masterops.core.budgets.used_up import UsedUp

SKEW = 5 * MICROSECONDS  # how far the service's midnight may be from ours


@dataclass(frozen=True, slots=True)
class Clock:
    """
    Two clocks read at one moment: microseconds that never jump, and the time on the wall (aware).
    """

    ticks: int
    wall: datetime

    def at(self, ticks: int) -> Clock:
        """The same pair at another moment."""
        return Clock(ticks, self.wall + timedelta(microseconds=ticks - self.ticks))


class CalendarMeter:
    """
    At most `most` in a day or month. What is spent close to midnight counts for both: the service's clock is
    not ours.
    """

    __slots__ = (
        "_before",
        "_clock",
        "_day",
        "_edge",
        "_ends",
        "_granted",
        "_kept",
        "_kept_others",
        "_open",
        "_span",
        "limit",
        "most",
        "spent",
        "used_up",
    )

    def __init__(self, limit: Limit, span: Calendar, clock: Clock) -> None:
        self.limit = limit
        self.spent = self._edge = self._open = self._granted = 0
        self.used_up = UsedUp()
        self._span = span
        self._clock = clock
        self._day = _day(span, clock)
        self._before: tuple[date, int] | None = None  # the day before a clock was set, and its count
        self._ends = next_midnight(span, clock)
        self._resize(limit.permits)

    @property
    def exhausted(self) -> bool:
        """Whether the service said that nothing is left."""
        return self.used_up.said

    @property
    def largest(self) -> int:
        return self.most

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        if now >= self._ends + SKEW:
            self._roll()
        kept = self._kept.get(lane, self._kept_others) if self._kept_others else 0
        if self.spent + weight + kept <= self.most:
            return 0
        if self.used_up.asks(now):
            return 0
        return self._ends + SKEW - now

    def put(self, weight: int, now: int) -> None:
        self.spent += weight
        self._open += weight
        self._granted += weight
        if now > self._ends - SKEW:
            self._edge += weight
        if self.used_up.said:
            self.used_up.asked(now)

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        self._open -= weight
        if not sent:
            self.spent = max(0, self.spent - weight)
            self._edge = max(0, self._edge - weight)
        elif moment > self._ends - SKEW:
            self._edge += weight  # it left before, and may have been counted after

    def settle_all(self, moments: list[int]) -> None:
        self._open -= len(moments)
        if moments[-1] > self._ends - SKEW:
            self._edge += len(moments)

    def room(self, now: int) -> int:
        kept = max(self._kept_others, *self._kept.values()) if self._kept else 0
        return 0 if self.used_up.said or now >= self._ends else self.most - kept - self.spent

    def mark(self) -> int:
        return self._granted - self._open

    def read(self, reading: Reading, mark: int, now: int) -> None:
        if reading.permits is not None:
            self._resize(self.limit.believed(reading.permits, self.most))
        total = reading.permits or self.most
        if reading.remaining is None or not 0 <= reading.remaining <= total:
            return
        unseen = self._granted - mark  # what may have left and was not counted when the service answered
        if self.limit.pinned:
            self.spent = max(self.spent, self.most - reading.remaining + unseen)
        else:
            self.spent = total - reading.remaining + unseen  # the service knows better, in both directions
        if reading.remaining > 0:
            self.used_up.over()
        else:
            self.used_up.told(now)

    def left(self, now: int) -> int:
        return 0 if self.used_up.said else max(0, self.most - self.spent)

    def exhaust(self, now: int) -> None:
        """The service says that all is spent: until midnight, but for one call in a while that asks again."""
        self.spent = max(self.spent, self.most)
        self.used_up.refused(now)

    def refill(self) -> None:
        """It takes calls again, before the end that we knew of, and does not say how many."""
        if self.used_up.said:
            self.used_up.over()
            self.spent = self._open

    def tell_clock(self, clock: Clock) -> None:
        """
        The wall clock as it is now: somebody may have set it. Set forward over midnight, the day is new; set
        back again, what was spent before counts again.
        """
        self._clock = clock
        if clock.ticks >= self._ends:
            return
        day = _day(self._span, clock)
        if day > self._day:
            kept = self._edge + self._open
            self._before = (self._day, self.spent - kept)
            self._day, self.spent, self._edge = day, kept, 0
        elif self._before is not None and day <= self._before[0]:
            self._day, before = self._before
            self.spent, self._before = self.spent + before, None
        self._ends = next_midnight(self._span, clock)

    def move(self, zone: str) -> None:
        """The account is in another time zone than we thought."""
        self._span = Calendar(self._span.period, zone)
        self._day = _day(self._span, self._clock)
        self._ends = next_midnight(self._span, self._clock)

    def until_end(self, now: int) -> int:
        """Microseconds until all is there again."""
        return self._ends + SKEW - now

    def _roll(self) -> None:
        clock = self._clock.at(self._ends + SKEW)
        self.spent, self._edge, self._before = self._edge + self._open, 0, None
        self.used_up.over()
        self._day, self._ends = _day(self._span, clock), next_midnight(self._span, clock)

    def _resize(self, permits: int) -> None:
        self.most = permits
        self._kept, self._kept_others = self.limit.kept(permits)


def next_midnight(span: Calendar, clock: Clock) -> int:
    """The end of the day or month that it is where the account is, in microseconds of the first clock."""
    zone = zone_of(span.zone)
    today = clock.wall.astimezone(zone).date()
    ends = datetime.combine(_next(span, today), time(), zone).astimezone(UTC)
    return clock.ticks + round((ends - clock.wall).total_seconds() * MICROSECONDS)


def _next(span: Calendar, today: date) -> date:
    if span.period == "day":
        return today + timedelta(days=1)
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def _day(span: Calendar, clock: Clock) -> date:
    """The first day of the period that it is where the account is."""
    today = clock.wall.astimezone(zone_of(span.zone)).date()
    return today if span.period == "day" else today.replace(day=1)
