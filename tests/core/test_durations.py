"""
Spans and moments as people write them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.durations import parse_duration, parse_since
from masterops.errors import BadValue

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("1w", timedelta(weeks=1)),
        ("1h30m", timedelta(minutes=90)),
        (" 2H ", timedelta(hours=2)),
        ("0s", timedelta()),
    ],
)
def test_a_span_is_numbers_with_units(text: str, span: timedelta) -> None:
    """
    The larger unit comes first; case and blanks around do not count.
    """
    parsed = parse_duration(text)

    assert span == parsed


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2h", datetime(2026, 3, 10, 10, 0, tzinfo=UTC), id="a span counts back"),
        pytest.param("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), id="a date begins at midnight UTC"),
        pytest.param("2026-03-01T09:00", datetime(2026, 3, 1, 9, tzinfo=UTC), id="no offset means UTC"),
        pytest.param("2026-03-01T09:00Z", datetime(2026, 3, 1, 9, tzinfo=UTC), id="Z"),
        pytest.param("2026-03-01T09:00+10:00", datetime(2026, 2, 28, 23, tzinfo=UTC), id="an offset counts"),
        pytest.param("2026-03-01 09:00", datetime(2026, 3, 1, 9, tzinfo=UTC), id="a blank for the T"),
    ],
)
def test_since_is_a_span_or_a_moment(text: str, moment: datetime) -> None:
    """
    Whatever was written, the answer is aware and in UTC.
    """
    since = parse_since(text, now=NOW)

    assert moment == since
    assert timedelta() == since.utcoffset()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("30", "it has no unit"),
        ("-2h", "it cannot be read"),
        ("30m2h", "it cannot be read"),
        ("2h ago", "it cannot be read"),
        ("1.5h", "it cannot be read"),
        ("٣d", "it cannot be read"),
        ("2026-13-01", "it cannot be read"),
        ("0001-01-01T00:00+14:00", "it cannot be read"),
        ("99999999999w", "it is longer than any calendar"),
        ("9" * 5000 + "d", "it is longer than any calendar"),
        ("3000w" * 1 + "900000d", "it lies before the year 1"),
        ("2026-03-11", "it lies in the future"),
    ],
    ids=lambda value: value[:24],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(text: str, reason: str) -> None:
    """
    The error quotes the text, says what is wrong with it and what would be right.
    """
    with pytest.raises(BadValue) as caught:
        parse_since(text, now=NOW)

    assert "USE003" == caught.value.code
    assert reason == caught.value.facts["reason"]
    assert "2h" in caught.value.advice


@pytest.mark.parametrize("text", ["", "30", "2026-03-01", "-1s"])
def test_a_span_is_nothing_else(text: str) -> None:
    """
    Where a span is asked for a moment is no answer.
    """
    with pytest.raises(BadValue):
        parse_duration(text)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_units_add_up(weeks: int, days: int, hours: int, minutes: int, seconds: int) -> None:
    """
    A span of several units is the sum of them.
    """
    parsed = parse_duration(f"{weeks}w{days}d{hours}h{minutes}m{seconds}s")

    assert timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds) == parsed


@given(st.text())
def test_any_text_is_a_moment_of_the_past_or_one_clear_error(text: str) -> None:
    """
    Nothing but BadValue comes out of a text that cannot be read.
    """
    try:
        since = parse_since(text, now=NOW)
    except BadValue as error:
        assert "USE003" == error.code
    else:
        assert since <= NOW
