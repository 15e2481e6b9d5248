"""
When a schedule in cron's five fields comes next, in a time zone, pure.

Where clocks are set back, a job of fixed hours runs once, the first time, and one of every hour runs in both.
Where they are set forth, a moment that does not exist comes by as much later as they were moved. That is
about what cron does, and what people expect of a backup at half past two.

A day counts when the day of the month or the day of the week fits, where both are given; else both must fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from masterops.config.cron import DAYS, FIELDS, MONTHS

LONGEST_DAYS = 9 * 366  # 29 February may be eight years away
MOST_SHIFT = timedelta(hours=3)  # of all changes of clocks; Lord Howe's is half an hour, most are one


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    The times of one schedule.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either_day: bool
    every_hour: bool
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`, in UTC; None where it never comes."""
        local = moment.astimezone(self.zone)
        changing = _offset(self.zone, moment - MOST_SHIFT) != _offset(self.zone, moment + MOST_SHIFT)
        start = local.replace(tzinfo=None, second=0, microsecond=0)
        found: datetime | None = None
        for naive in self._times(start - MOST_SHIFT if changing else start):
            if found is not None and naive - MOST_SHIFT > _naive(found, self.zone):
                break
            for each in self._moments(naive):
                if each > moment and (found is None or each < found):
                    found = each
            if found is not None and not changing:
                break
        return found

    def _moments(self, naive: datetime) -> Iterator[datetime]:
        first = naive.replace(tzinfo=self.zone).astimezone(UTC)
        yield first
        if self.every_hour:
            second = naive.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
            if second > first:  # the hour that comes twice; in a gap it is earlier
                yield second

    def _times(self, start: datetime) -> Iterator[datetime]:
        """The times on the clock from `start` on, whether it shows them or not."""
        for ahead in range(LONGEST_DAYS):
            try:
                day = start.date() + timedelta(days=ahead)
            except OverflowError:  # the end of the calendar
                return
            if self._fits(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        time = datetime(day.year, day.month, day.day, hour, minute)
                        if time >= start:
                            yield time

    def _fits(self, day: date) -> bool:
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        fits = (of_month or of_week) if self.either_day else (of_month and of_week)
        return fits and day.month in self.months


@lru_cache(maxsize=1024)
def schedule(text: str, zone: str) -> Schedule:
    """The schedule that a text says that was found right by `config.cron.flaw`."""
    minutes, hours, days, months, weekdays = text.lower().split()
    return Schedule(
        minutes=tuple(sorted(_numbers(minutes, 0))),
        hours=tuple(sorted(_numbers(hours, 1))),
        days=frozenset(_numbers(days, 2)),
        months=frozenset(_numbers(months, 3)),
        weekdays=frozenset(each % 7 for each in _numbers(weekdays, 4)),
        either_day=not days.startswith("*") and not weekdays.startswith("*"),
        every_hour=hours.startswith("*"),
        zone=ZoneInfo(zone),
    )


def _numbers(field: str, index: int) -> set[int]:
    _, lowest, highest, _ = FIELDS[index]
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        begin = lowest if first == "*" else _number(first, index)
        end = _number(last, index) if last else highest if first == "*" or step else begin
        found.update(range(begin, end + 1, int(step or 1)))
    return found


def _number(text: str, index: int) -> int:
    if text.isdigit():
        return int(text)
    return MONTHS.index(text) + 1 if index == 3 else DAYS.index(text)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _naive(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
