"""
All limits of one connection, taken together: a call spends from each of them, or from none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from masterops.core.budgets.allowance import AllowanceMeter
from masterops.core.budgets.calendar import CalendarMeter, Clock
from masterops.core.budgets.limit import MICROSECONDS, NEVER, Calendar, Lane, Limit, Reading
from masterops.core.budgets.meters import Meter, meter
from masterops.core.budgets.rolling import RollingMeter
from masterops.core.budgets.slots import SlotMeter

# However long a service asks us to stay away, somebody looks again after an hour: a header may be wrong.
LONGEST_STOP = 3600 * MICROSECONDS
MOST_ROOM = 256
CALENDARS = (CalendarMeter, AllowanceMeter)


class Purse:
    """
    What the calls of one bucket spend from. Nothing may leave before `stopped`.

    `room` is what may leave without asking the meters; `due` of it has left and they were not told yet, nor
    of the answers at `moments`. So a call that need not wait costs one subtraction, and the meters learn of
    many at once. They are late, never wrong: what they know too little of is covered by `room`.
    """

    __slots__ = ("bucket", "calendars", "due", "growing", "marks", "meters", "moments", "room", "stopped")

    def __init__(self, bucket: str, meters: tuple[Meter, ...]) -> None:
        self.bucket = bucket
        self.meters = meters
        self.growing = [each for each in meters if isinstance(each, RollingMeter) and each.limit.learned]
        self.calendars = [each for each in meters if isinstance(each, CALENDARS)]
        self.stopped = 0
        self.room = self.due = 0
        self.moments: list[int] = []
        self.marks: tuple[int, ...] = ()

    def open_room(self, now: int) -> None:
        """See how much may leave without asking again."""
        self.marks = tuple([each.mark() for each in self.meters])
        self.room = max(0, min((each.room(now) for each in self.meters), default=MOST_ROOM))
        self.room = min(self.room, MOST_ROOM)

    def close_room(self, now: int) -> None:
        """Tell the meters what left, and what came back."""
        self.room = 0
        if self.due:
            for each in self.meters:
                each.put(self.due, now)
            self.due = 0
        if self.moments:
            for each in self.meters:
                each.settle_all(self.moments)
            self.moments = []


class Obstacle(NamedTuple):
    """
    What a call waits for longest, and how long at least (microseconds).
    """

    name: str
    wait: int
    calendar: bool = False


class Account:
    """
    What one connection may still spend. It is told the time, in microseconds of a clock that never jumps.
    """

    def __init__(self, limits: Sequence[Limit], clock: Clock, *, shared: bool = False) -> None:
        self._meters: dict[str, Meter] = {limit.name: meter(limit, clock, shared=shared) for limit in limits}
        self._purses: dict[str, Purse] = {}
        # Public: what was last taken from, and the only one with room, because buckets share meters.
        self.hot = Purse("", ())

    def take(self, bucket: str, weight: int, now: int, lane: Lane) -> int:
        """0, and `weight` is spent; or the microseconds after which it is worth asking again."""
        purse = self.hot
        if purse.bucket == bucket and weight <= purse.room:
            purse.room -= weight
            purse.due += weight
            return 0
        return self._ask(bucket, weight, now, lane)

    def _ask(self, bucket: str, weight: int, now: int, lane: Lane) -> int:
        self.hot.close_room(now)
        purse = self.purse(bucket)
        if purse.stopped > now:
            return purse.stopped - now
        longest = 0
        for each in purse.meters:
            wait = each.wait(weight, now, lane)
            if wait > longest:
                longest = wait
        if longest:
            return longest
        for each in purse.meters:
            each.put(weight, now)
        self.hot = purse
        purse.open_room(now)
        return 0

    def settle(self, bucket: str, weight: int, moment: int, now: int, *, sent: bool) -> None:
        """What was taken was counted by the service at `moment` at the latest; or never left."""
        purse = self.hot
        if purse.bucket == bucket and sent and weight == 1:
            moments = purse.moments
            moments.append(max(moment, moments[-1]) if moments else moment)
            if len(moments) >= MOST_ROOM:
                purse.close_room(now)
            return
        purse.close_room(now)
        for each in self.purse(bucket).meters:
            each.settle(weight, moment, sent=sent)

    def obstacle(self, bucket: str, weight: int, now: int, lane: Lane) -> Obstacle:
        """The most that the last of several callers waits for, which have `weight` together."""
        self.hot.close_room(now)
        purse = self.purse(bucket)
        worst = Obstacle("stop", max(0, purse.stopped - now))
        for each in purse.meters:
            if isinstance(each, RollingMeter):
                wait = each.soonest(weight, now, lane)
            else:
                wait = each.wait(weight, now, lane)
            if worst.wait < wait < NEVER:
                worst = Obstacle(each.limit.name, wait, isinstance(each, CALENDARS))
        return worst

    def largest(self, bucket: str, lane: Lane) -> int:
        """The most that one call can weigh."""
        return min((_usable(each, lane) for each in self.purse(bucket).meters), default=NEVER)

    def marks(self, bucket: str) -> tuple[int, ...]:
        """To be kept with a call that was just granted, for `read`."""
        return self.purse(bucket).marks

    def read(self, bucket: str, readings: Iterable[Reading], marks: Sequence[int], now: int) -> None:
        """What the answer to a call with `marks` said. A limit that we do not know is passed over."""
        self.hot.close_room(now)
        said = {reading.limit: reading for reading in readings}
        for each, mark in zip(self.purse(bucket).meters, marks, strict=True):
            reading = said.get(each.limit.name)
            if reading is not None:
                each.read(reading, mark, now)

    def stop(self, bucket: str, wait: int, now: int) -> None:
        """The service wants no call of this bucket for `wait` microseconds. Learned limits shrink."""
        self.hot.close_room(now)
        purse = self.purse(bucket)
        purse.stopped = max(purse.stopped, now + min(max(0, wait), LONGEST_STOP))
        for each in purse.meters:
            if isinstance(each, RollingMeter):
                each.cut(now)

    def exhaust(self, bucket: str, now: int) -> None:
        """The service says that the quota of the day or month is used up."""
        self.hot.close_room(now)
        for each in self.purse(bucket).calendars:
            each.exhaust(now)

    def went_well(self, bucket: str, readings: Iterable[Reading]) -> None:
        """A call was carried out; what its answer told was read."""
        purse = self.hot if self.hot.bucket == bucket else self.purse(bucket)
        for rolling in purse.growing:
            rolling.grow()
        for calendar in purse.calendars:
            if calendar.exhausted and all(each.limit != calendar.limit.name for each in readings):
                calendar.refill()

    def tell_clock(self, clock: Clock) -> None:
        """Both clocks as they are now, to be told now and then."""
        self.hot.close_room(clock.ticks)
        for each in self._meters.values():
            if isinstance(each, CalendarMeter):
                each.tell_clock(clock)

    def move(self, zone: str) -> None:
        """The account's time zone, once it is known. Raises BadValue for a name that is none."""
        for each in self._meters.values():
            if isinstance(each, CALENDARS):
                Limit(each.limit.name, 1, Calendar("day", zone))
                each.move(zone)

    def learned(self) -> dict[str, int]:
        """The limits that were found out by trying, to begin with next time."""
        return {name: each.most for name, each in self._meters.items() if each.limit.learned}

    def learn(self, name: str, most: int) -> None:
        """Begin where somebody else has come to."""
        meter = self._meters[name]
        if isinstance(meter, RollingMeter) and meter.limit.learned:
            meter.begin(most)

    def left(self, now: int) -> dict[str, int]:
        """What is free of each limit."""
        self.hot.close_room(now)
        return {name: each.left(now) for name, each in self._meters.items()}

    def shared(self, now: int) -> list[SlotMeter | AllowanceMeter]:
        """The limits of which this process holds a part, to be told of what it gets."""
        self.hot.close_room(now)
        return [each for each in self._meters.values() if isinstance(each, SlotMeter | AllowanceMeter)]

    def purse(self, bucket: str) -> Purse:
        """What calls of `bucket` spend from; made when it is first asked for."""
        purse = self._purses.get(bucket)
        if purse is None:
            meters = tuple(each for each in self._meters.values() if each.limit.concerns(bucket))
            purse = self._purses[bucket] = Purse(bucket, meters)
        return purse


def _usable(meter: Meter, lane: Lane) -> int:
    by_lane, others = meter.limit.kept(meter.largest)
    return meter.largest - by_lane.get(lane, others)
