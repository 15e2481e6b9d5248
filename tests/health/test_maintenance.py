"""
Windows of maintenance.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from masterops.core.weekly import parse_weekly
from masterops.health import Care, Verdict, Window
from masterops.health.concluding import Before, conclude
from masterops.health.damping import Memory

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
DOWN = Verdict("down", False, "HTTP 503")
MELBOURNE = ZoneInfo("Australia/Melbourne")


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("Sun 02:00-04:00", "2026-11-29 02:00", True),
        ("Sun 02:00-04:00", "2026-11-29 04:00", False),
        ("Sun 02:00-04:00", "2026-11-30 03:00", False),
        ("Mon,Wed 22:00-01:30", "2026-12-01 01:00", True),
        ("Mon,Wed 22:00-01:30", "2026-12-02 01:00", False),
        ("daily 03:00-03:15", "2026-12-03 03:10", True),
        ("sunday 00:00-00:00", "2026-11-29 23:59", True),
        # In this night the clocks there go from 02:00 to 03:00, and in that one back.
        ("Sun 01:30-03:30", "2026-10-04 03:15", True),
        ("Sun 01:30-03:30", "2026-04-05 03:15", True),
        ("Sun 01:30-03:30", "2026-04-05 03:45", False),
    ],
)
def test_stretches_of_the_week(text: str, moment: str, expected: bool) -> None:
    """
    By the wall clock of their time zone, past midnight and through the nights in which clocks change.
    """
    at = datetime.fromisoformat(moment).replace(tzinfo=MELBOURNE)

    assert expected == parse_weekly(text).covers(at.astimezone(UTC), MELBOURNE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Sun 2-4", "'Sun 2-4'"),
        ("Sonntag 02:00-04:00", "a day 'son'"),
        ("Sun 25:00-26:00", "a time '25:00'"),
        ("", "''"),
    ],
)
def test_a_stretch_that_is_none_is_refused(text: str, said: str) -> None:
    """
    With the part that is wrong.
    """
    with pytest.raises(ValueError, match=said):
        parse_weekly(text)


def window(*applies: str, name: str = "upgrade") -> Window:
    return Window(name, frozenset(applies), NOW - timedelta(hours=1), NOW + timedelta(hours=1))


def test_what_is_wrong_in_a_window_moves_nothing() -> None:
    """
    It is kept as unknown with what was found, the state holds, and nothing counts as flapping.
    """
    before = Before("up", Memory("up"))
    found = conclude(before, DOWN, NOW, Care(windows=(window("hubspot"),)), ("hubspot/teelixir", "hubspot"))

    assert ("unknown", "maintenance (upgrade): HTTP 503") == (found.verdict.state, found.verdict.reason)
    assert (True, "upgrade", Memory("up")) == (found.holds, found.window, found.memory)


def test_what_is_well_in_a_window_is_well() -> None:
    """
    One that was down before may recover in it.
    """
    found = conclude(Before("down"), Verdict("up", True, None), NOW, Care(windows=(window("*"),)), ("x",))

    assert ("up", False, "upgrade") == (found.verdict.state, found.holds, found.window)


@pytest.mark.parametrize(
    ("applies", "at"), [("unleashed", NOW), ("hubspot", NOW + timedelta(hours=1))], ids=["another", "over"]
)
def test_outside_of_a_window_everything_counts(applies: str, at: datetime) -> None:
    """
    A window of something else, and one that has just ended.
    """
    found = conclude(
        Before("up"), DOWN, at, Care(windows=(window(applies),)), ("hubspot/teelixir", "hubspot")
    )

    assert (DOWN, None, False) == (found.verdict, found.window, found.holds)
