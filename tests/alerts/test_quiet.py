"""
When quiet hours end, in the zone where people sleep.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from masterops.alerts.quiet import quiet_until
from masterops.config import QuietHours

NIGHT = QuietHours(22 * 60, 7 * 60)
LUNCH = QuietHours(12 * 60, 13 * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# id: quiet hours, now, their end
CASES: dict[str, tuple[QuietHours | None, str, str | None]] = {
    "none": (None, "2026-03-02T23:00", None),
    "before": (NIGHT, "2026-03-02T21:59", None),
    "begin": (NIGHT, "2026-03-02T22:00", "2026-03-03T07:00"),
    "after midnight": (NIGHT, "2026-03-03T03:00", "2026-03-03T07:00"),
    "the end is not in them": (NIGHT, "2026-03-03T07:00", None),
    "by day": (LUNCH, "2026-03-02T12:30", "2026-03-02T13:00"),
    "not by night": (LUNCH, "2026-03-02T00:30", None),
    "Melbourne in summer": (
        QuietHours(22 * 60, 7 * 60, "Australia/Melbourne"),
        "2026-01-15T12:00",
        "2026-01-15T20:00",
    ),
    "clocks go back that night": (
        QuietHours(22 * 60, 7 * 60, "Australia/Melbourne"),
        "2026-04-04T12:00",
        "2026-04-04T21:00",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_quiet_hours_end(case: tuple[QuietHours | None, str, str | None]) -> None:
    """
    At the next such time of day, or None outside them.
    """
    quiet, now, end = case

    assert (at(end) if end else None) == quiet_until(quiet, at(now))


@given(
    some.integers(0, 1439),
    some.integers(0, 1439),
    some.sampled_from(["UTC", "Australia/Melbourne", "America/New_York", "Asia/Kathmandu"]),
    some.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=some.just(UTC)),
)
def test_quiet_hours_end_in_the_future_and_within_a_day(
    begins: int, ends: int, zone: str, now: datetime
) -> None:
    """
    Whatever the clocks do: nothing is held back for more than 25 hours, or into the past.
    """
    end = quiet_until(QuietHours(begins, ends, zone), now)

    assert end is None or 0 < (end - now).total_seconds() <= 25 * 3600
