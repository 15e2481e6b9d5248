"""
Schedules in five fields.
"""

from __future__ import annotations

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from masterops.config.cron import flaw


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 * * * *",
        "23 3 * * *",
        "0 9-17 * * mon-fri",
        "0,30 8-18/2 1 JAN,jul *",
        "0 0 * * 7",
        "0 0 29 2 *",
        "0 0 30 2 1",
        "0 0 31 */2 *",
    ],
)
def test_a_schedule_is_five_fields(text: str) -> None:
    """
    Numbers, ranges, steps, lists, and names of months and days.
    """
    assert flaw(text) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "0 field(s)"),
        ("every minute", "2 field(s)"),
        ("* * * * * *", "6 field(s)"),
        ("60 * * * *", "'60' as minute (0-59)"),
        ("* 24 * * *", "'24' as hour (0-23)"),
        ("* * 0 * *", "'0' as day of the month (1-31)"),
        ("* * * 13 *", "'13' as month (1-12)"),
        ("* * * * 8", "'8' as day of the week (0-7)"),
        ("* * * * fry", "'fry' as day of the week (0-7)"),
        ("*/0 * * * *", "'*/0' as minute (0-59)"),
        ("9-5 * * * *", "'9-5' as minute (0-59)"),
        ("1,,2 * * * *", "'1,,2' as minute (0-59)"),
        ("@hourly", "1 field(s)"),
        ("0 0 30 2 *", "'0 0 30 2 *', which never comes"),
        ("0 0 31 4,jun-jun,9/2 *", "'0 0 31 4,jun-jun,9/2 *', which never comes"),
    ],
)
def test_what_is_no_schedule_is_told_why(text: str, wrong: str) -> None:
    """
    The field that is wrong, and what it may be.
    """
    assert wrong == flaw(text)


FIELD = st.from_regex(r"(\*|[0-9]{1,2}(-[0-9]{1,2})?|mon|jan)(/[0-9]{1,2})?", fullmatch=True)


@given(st.lists(FIELD, min_size=5, max_size=5).map(" ".join))
def test_what_is_taken_can_be_run(text: str) -> None:
    """
    The engine's own reader has the last word: it must not refuse what was accepted here.
    """
    if flaw(text) is None:
        assert croniter.is_valid(text)
