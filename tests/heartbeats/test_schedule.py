"""
When a schedule comes next.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.heartbeats.schedule import schedule

MELBOURNE = "Australia/Melbourne"  # clocks go forth on 4 October 2026 at 2:00, back on 5 April 2026 at 3:00


def times(text: str, zone: str, start: str, count: int = 3) -> list[str]:
    moment = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = []
    for _ in range(count):
        following = schedule(text, zone).after(moment)
        assert following is not None
        moment = following
        found.append(moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M%z"))
    return found


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("*/20 * * * *", "2026-01-01T00:05", ["01-01 00:20+0000", "01-01 00:40+0000", "01-01 01:00+0000"]),
        ("30 2 * * *", "2026-01-01T02:30", ["01-02 02:30+0000", "01-03 02:30+0000", "01-04 02:30+0000"]),
        ("0 9 * * mon-fri", "2026-01-02T10:00", ["01-05 09:00+0000", "01-06 09:00+0000", "01-07 09:00+0000"]),
        ("0 0 * * 7", "2026-01-01T00:00", ["01-04 00:00+0000", "01-11 00:00+0000", "01-18 00:00+0000"]),
        ("0 0 13 * fri", "2026-01-01T00:00", ["01-02 00:00+0000", "01-09 00:00+0000", "01-13 00:00+0000"]),
        ("0 0 31 * *", "2026-01-31T00:00", ["03-31 00:00+0000", "05-31 00:00+0000", "07-31 00:00+0000"]),
        ("0 0 29 feb *", "2026-01-01T00:00", ["02-29 00:00+0000", "02-29 00:00+0000", "02-29 00:00+0000"]),
        (
            "5,10 6-8/2 1 1 *",
            "2026-01-01T06:05",
            ["01-01 06:10+0000", "01-01 08:05+0000", "01-01 08:10+0000"],
        ),
        ("10/25 0 * * *", "2026-01-01T00:00", ["01-01 00:10+0000", "01-01 00:35+0000", "01-02 00:10+0000"]),
    ],
    ids=[
        "steps",
        "a day",
        "words",
        "sunday is 7",
        "either day",
        "long months",
        "leap years",
        "lists",
        "from",
    ],
)
def test_comes_next(text: str, start: str, expected: list[str]) -> None:
    """
    As cron says it.
    """
    assert expected == times(text, "UTC", start)


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("30 2 * * *", "2026-10-03T12:00", ["10-04 03:30+1100", "10-05 02:30+1100", "10-06 02:30+1100"]),
        ("30 2 * * *", "2026-04-04T12:00", ["04-05 02:30+1100", "04-06 02:30+1000", "04-07 02:30+1000"]),
        ("30 * * * *", "2026-10-04T00:45", ["10-04 01:30+1000", "10-04 03:30+1100", "10-04 04:30+1100"]),
        ("30 * * * *", "2026-04-05T01:45", ["04-05 02:30+1100", "04-05 02:30+1000", "04-05 03:30+1000"]),
    ],
    ids=[
        "set forth, a fixed hour",
        "set back, a fixed hour",
        "set forth, every hour",
        "set back, every hour",
    ],
)
def test_where_clocks_change(text: str, start: str, expected: list[str]) -> None:
    """
    A fixed hour comes once a day; every hour comes as often as there are hours.
    """
    assert expected == times(text, MELBOURNE, start)


def test_what_never_comes_is_none() -> None:
    """
    There is no 31 February.
    """
    assert schedule("0 0 31 2 *", "UTC").after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_end_of_the_calendar_is_no_error() -> None:
    """
    After the last of all days nothing comes.
    """
    assert schedule("0 0 1 1 *", "UTC").after(datetime(9999, 12, 30, tzinfo=UTC)) is None


zones = st.sampled_from([MELBOURNE, "UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York"])
texts = st.sampled_from(["30 2 * * *", "*/10 * * * *", "0 * * * *", "15 1-3 * * *", "0 0 1 * *"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(texts, zones, moments)
def test_it_is_later_and_nothing_lies_in_between(text: str, zone: str, moment: datetime) -> None:
    """
    From any moment before it, the same one comes next.
    """
    plan = schedule(text, zone)
    following = plan.after(moment)

    assert following is not None and following > moment
    assert following == plan.after(moment + (following - moment) / 2)
    assert following == plan.after(following - timedelta(microseconds=1))
