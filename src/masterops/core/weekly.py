"""
Stretches of time that come again: `Sun 02:00-04:00`, `Mon,Wed 22:00-01:30`, `daily 03:00-03:15`.

Pure. The times are those of a wall clock in a time zone, so such a stretch is an hour shorter or longer in
the night in which that zone changes its clocks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXPECTED = "a stretch of the week such as `Sun 02:00-04:00`, `Mon,Wed 22:00-01:30` or `daily 03:00-03:15`"
_SHAPE = re.compile(r"(?P<days>[A-Za-z,]+) +(?P<from>\d{1,2}:\d{2}) *- *(?P<to>\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Weekly:
    """
    On these days (0: Monday) from a time to a time; one that is not later ends on the next day.
    """

    days: frozenset[int]
    begins: time
    ends: time

    def __str__(self) -> str:
        days = (
            "daily"
            if len(self.days) == len(DAYS)
            else ",".join(DAYS[each].title() for each in sorted(self.days))
        )
        return f"{days} {self.begins:%H:%M}-{self.ends:%H:%M}"

    def covers(self, at: datetime, zone: tzinfo) -> bool:
        """Whether a moment lies in it."""
        local = at.astimezone(zone)
        return any(
            begin <= at < end
            for back in (0, 1)
            if (local.date() - timedelta(days=back)).weekday() in self.days
            for begin, end in [self._on(local - timedelta(days=back), zone)]
        )

    def _on(self, day: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        later = timedelta(days=1 if self.ends <= self.begins else 0)
        begin = datetime.combine(day.date(), self.begins, zone)
        return begin, datetime.combine(day.date() + later, self.ends, zone)


def parse_weekly(text: str) -> Weekly:
    """The stretch that a text says. Raises ValueError with what is wrong."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise ValueError(repr(text))
    words = [each.lower()[:3] for each in match["days"].split(",")]
    if match["days"].lower() == "daily":
        words = list(DAYS)
    wrong = next((each for each in words if each not in DAYS), None)
    if wrong is not None:
        raise ValueError(f"a day {wrong!r}")
    return Weekly(frozenset(DAYS.index(each) for each in words), _time(match["from"]), _time(match["to"]))


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f"a time {text!r}") from None
