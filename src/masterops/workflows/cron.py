"""
When n8n's timer fires for a cron expression. Pure.

n8n 2.41 leaves this to the cron package for Node, 4.4: five fields, or six with seconds before them. A day
that fits either the day of the month or the day of the week will do when both are limited. It looks for the
next wall clock time and then for the moment at which that is, which decides what happens when the clocks
change; the same is done here, step for step, and compared with the package itself in tests/n8n.

- Clocks go forward: a time in the hour that is left out comes at the moment of the change where the first of
  January has winter time, and an hour later than written where it has summer time (Melbourne).
- Clocks go back: a time in the hour that comes twice fires the first time only, unless it is due every hour;
  one right behind it (02:00) fires an hour early and again when it is due.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# name, lowest, highest
FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
WORDS = {word: number for number, word in enumerate(MONTHS, 1)} | {
    word: number for number, word in enumerate(DAYS)
}
PRESETS = {
    "@yearly": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
    "@minutely": "0 * * * * *",
    "@secondly": "* * * * * *",
    "@weekdays": "0 0 0 * * 1-5",
    "@weekends": "0 0 0 * * 0,6",
}
ITEM = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?(?:/([0-9]{1,4}))?")
LONGEST = timedelta(days=8 * 366)  # that far the package looks; what has no moment until then never fires
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class NotCron(ValueError):
    """
    n8n does not take this expression; says which part.
    """


@dataclass(frozen=True, slots=True)
class Cron:
    """
    The numbers that each field allows, in their order.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first moment after this one at which it fires, in UTC; None when it never does."""
        start = moment.astimezone(UTC)
        wall = self._wall_after(start.astimezone(zone).replace(tzinfo=None, microsecond=0))
        return None if wall is None else _moment_of(wall, start, zone)

    def _wall_after(self, start: datetime) -> datetime | None:
        """The next wall clock time that fits, as if clocks never changed."""
        wall = start + SECOND
        while wall - start < LONGEST:
            if wall.month not in self.months:
                wall = (wall.replace(day=1) + timedelta(days=31)).replace(day=1, hour=0, minute=0, second=0)
            elif not self._has_day(wall):
                wall = (wall + timedelta(days=1)).replace(hour=0, minute=0, second=0)
            else:
                found = self._time_from(wall)
                if found is not None:
                    return found
                wall = (wall + timedelta(days=1)).replace(hour=0, minute=0, second=0)
        return None

    def _has_day(self, wall: datetime) -> bool:
        any_day, any_weekday = len(self.days) == 31, len(self.weekdays) == 7
        by_day, by_weekday = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        if any_day or any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def _time_from(self, wall: datetime) -> datetime | None:
        """The first time of this day that fits, at or after this one."""
        for hour in self.hours[bisect_left(self.hours, wall.hour) :]:
            minute_from = wall.minute if hour == wall.hour else 0
            for minute in self.minutes[bisect_left(self.minutes, minute_from) :]:
                second_from = wall.second if (hour, minute) == (wall.hour, wall.minute) else 0
                at = bisect_left(self.seconds, second_from)
                if at < len(self.seconds):
                    return wall.replace(hour=hour, minute=minute, second=self.seconds[at])
        return None


def parse(text: str) -> Cron:
    """The expression as n8n reads it. Raises NotCron."""
    text = text.strip().lower()
    fields = PRESETS.get(text, text).split()
    if not 5 <= len(fields) <= 6:
        raise NotCron(f"it has {len(fields)} fields, not 5 or 6")
    if len(fields) == 5:
        fields = ["0", *fields]
    allowed = [
        _numbers(field, name, low, high) for field, (name, low, high) in zip(fields, FIELDS, strict=True)
    ]
    weekdays = tuple(sorted({number % 7 for number in allowed[5]}))
    return Cron(allowed[0], allowed[1], allowed[2], allowed[3], allowed[4], weekdays)


def _numbers(field: str, name: str, low: int, high: int) -> tuple[int, ...]:
    def numbered(match: re.Match[str]) -> str:
        if match[0] not in WORDS:
            raise NotCron(f"{match[0]!r} is no {name}")
        return str(WORDS[match[0]])

    found: set[int] = set()
    for item in re.sub("[a-z]{1,3}", numbered, field).split(","):
        match = ITEM.fullmatch(item.replace("*", f"{low}-{high}", 1) if item.startswith("*") else item)
        if match is None:
            raise NotCron(f"{item!r} is no {name}")
        first, step = int(match[1]), int(match[3] or 1)
        last = int(match[2]) if match[2] else high if match[3] else first
        if step == 0 or not low <= first <= last <= high:
            raise NotCron(f"{item!r} is no {name} ({low}-{high})")
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def _moment_of(wall: datetime, start: datetime, zone: ZoneInfo) -> datetime:
    """When it is that time, of the two or none that there may be; never before `start`."""
    found = _resolved(wall, start, zone)
    local = found.astimezone(zone)
    new_year = datetime(wall.year, 1, 1, tzinfo=zone).utcoffset()
    if (local.hour, local.minute) != (wall.hour, wall.minute) and local.utcoffset() != new_year:
        while (found - MINUTE).astimezone(zone).utcoffset() != new_year:
            found -= MINUTE
        return found
    hours = [(found - back).astimezone(zone).hour for back in (HOUR, 2 * HOUR)]
    earlier = found - HOUR
    if (hours[0] == local.hour or hours[1] == hours[0]) and earlier > start:
        found = earlier
    half = found - timedelta(minutes=30)
    minutes = [moment.astimezone(zone).minute for moment in (found, half, earlier)]
    if minutes[1] in (minutes[0], minutes[2]) and half > start:
        found = half
    return found


def _resolved(wall: datetime, start: datetime, zone: ZoneInfo) -> datetime:
    """The moment with the offset of now if that fits; in a gap the later reading."""

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(zone).utcoffset() or timedelta(0)

    as_utc = wall.replace(tzinfo=UTC)
    first = offset(start)
    second = offset(as_utc - first)
    if first == second:
        return as_utc - first
    third = offset(as_utc - second)
    return as_utc - (second if second == third else min(second, third))
