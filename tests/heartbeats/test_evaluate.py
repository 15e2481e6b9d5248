"""
How a heartbeat stands.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.heartbeats import Marks
from masterops.heartbeats import Expected, Heard, Judgement, Listening, judge

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOURLY = Expected(every=timedelta(hours=1), grace=timedelta(minutes=10))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def heard(
    listening: Listening | None = None, *, paused: bool = False, watched: float = -600, **marks: Any
) -> Heard:
    """Since long ago somebody listens, and all is stored, unless it is said otherwise."""
    always = Listening(at(-10_000), at(10_000))
    return Heard(Marks(**marks), at(watched), listening or always, paused)


def stands(found: Heard, minutes: float, expected: Expected = HOURLY) -> str:
    return judge(expected, found, at(minutes)).state


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "up"), (60, "up"), (60.1, "late"), (70, "late"), (70.1, "down"), (7000, "down")],
)
def test_up_late_and_down_after_a_ping(minutes: float, state: str) -> None:
    """
    Due after an hour, missing after ten minutes more.
    """
    assert state == stands(heard(last_success_at=at(0)), minutes)


def test_a_new_one_waits_for_its_first_ping() -> None:
    """
    It owes nothing for the time before it was made.
    """
    found = heard(watched=0)

    assert ["unknown", "unknown", "late", "down"] == [stands(found, each) for each in (1, 60, 65, 71)]


def test_what_says_that_it_failed_is_down_until_it_succeeds() -> None:
    """
    At once, and with the exit code in the reason.
    """
    failed = heard(last_success_at=at(0), last_failure_at=at(1), last_exit_code=3)
    mended = heard(last_success_at=at(2), last_failure_at=at(1))

    said = judge(HOURLY, failed, at(2))

    assert ("down", "it ended with exit code 3", "failed") == (said.state, said.reason, said.category)
    assert "up" == stands(mended, 3)


def test_a_run_may_take_as_long_as_it_may() -> None:
    """
    The grace where nothing else is said; `longest` otherwise; an extension beyond both.
    """
    running = heard(last_success_at=at(0), running_since=at(30))
    longer = replace(HOURLY, longest=timedelta(hours=2))
    extended = heard(last_success_at=at(0), running_since=at(30), extended_until=at(300))

    assert ["up", "down"] == [stands(running, each) for each in (39, 41)]
    assert ["up", "down"] == [stands(running, each, longer) for each in (149, 151)]
    assert ["up", "down"] == [stands(extended, each, longer) for each in (299, 301)]
    assert "too_long" == judge(HOURLY, running, at(41)).category


def test_a_start_does_not_make_up_for_what_was_missed() -> None:
    """
    It was down when it began: it is late until it has ended well.
    """
    again = heard(last_success_at=at(0), running_since=at(100))
    failed = heard(last_failure_at=at(0), last_success_at=at(-1), running_since=at(10))

    assert "late" == stands(again, 105)
    assert "down" == stands(failed, 15)


def test_an_extension_without_a_start_waits_as_well() -> None:
    """
    Whoever never says that it starts may still say that it takes longer.
    """
    found = heard(last_success_at=at(0), extended_until=at(200))

    assert ["up", "late", "late", "down"] == [stands(found, each) for each in (60, 75, 200, 201)]


def test_a_paused_one_is_unknown_whatever_happens() -> None:
    """
    And one that was resumed starts anew.
    """
    assert "unknown" == stands(heard(paused=True, last_failure_at=at(0)), 500)
    assert "unknown" == stands(heard(watched=500, last_failure_at=at(0)), 501)


def test_pings_that_wait_to_be_stored_are_not_missing() -> None:
    """
    Half an hour of pings lies on disk: it is judged as of half an hour ago.
    """
    behind = Listening(at(-1000), at(65))

    assert "late" == stands(heard(behind, last_success_at=at(0)), 95)
    assert "down" == stands(heard(replace(behind, until=at(95)), last_success_at=at(0)), 95)


def test_where_nobody_listened_when_it_was_due_grace_begins_anew() -> None:
    """
    Unknown until then, late never, down when that grace is over too.
    """
    back = Listening(at(120), at(10_000), before=at(30))
    found = heard(back, last_success_at=at(0))

    assert ["unknown", "unknown", "down"] == [stands(found, each) for each in (121, 130, 131)]


def test_what_was_down_before_nobody_listened_stays_down() -> None:
    """
    A restart of the platform mends nothing.
    """
    back = Listening(at(120), at(10_000), before=at(90))

    assert "down" == stands(heard(back, last_success_at=at(0)), 121)


def test_a_run_that_had_to_end_while_nobody_listened_is_given_its_time_again() -> None:
    """
    Its end may have been said to nobody.
    """
    back = Listening(at(120), at(10_000), before=at(32))
    found = heard(back, last_success_at=at(0), running_since=at(30))

    assert ["up", "down"] == [stands(found, each) for each in (129, 131)]


def test_nobody_listens_at_all() -> None:
    """
    Then nothing is known.
    """
    said = judge(HOURLY, Heard(Marks(last_success_at=at(0)), at(-60), None), at(500))

    assert "unknown" == said.state
    assert "ops up" in str(said.reason)


def test_by_the_clock_of_a_zone() -> None:
    """
    Half past two in Melbourne is half past three UTC in summer; a ping that comes some seconds early counts.
    """
    nightly = Expected(cron="30 2 * * *", zone="Australia/Melbourne", grace=timedelta(minutes=30))
    due = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)
    done = heard(last_success_at=due + timedelta(minutes=4))
    early = heard(last_success_at=due - timedelta(seconds=5))

    assert due + timedelta(days=1) == judge(nightly, done, due + timedelta(hours=1)).due_at
    assert due + timedelta(days=1) == judge(nightly, early, due + timedelta(hours=1)).due_at


def test_a_schedule_that_never_comes_is_unknown() -> None:
    """
    And says so.
    """
    said = judge(Expected(cron="0 0 31 2 *"), heard(last_success_at=at(0)), at(1))

    assert Judgement("unknown", "its schedule never comes: 0 0 31 2 *") == said


minutes = st.none() | st.integers(-500, 500).map(at)


@given(
    st.builds(Marks, last_success_at=minutes, last_failure_at=minutes, running_since=minutes, extended_until=minutes),
    st.integers(-500, 500), st.integers(-500, 500), st.integers(-500, 500), st.integers(-500, 1000),
)  # fmt: skip
def test_nothing_is_missing_while_its_pings_may_still_be_unread(
    marks: Marks, watched: int, since: int, until: int, now: int
) -> None:
    """
    Down, but by its own word, only at moments up to which all is known, and as it will be said when all is.
    """
    known = Listening(at(since), at(until))
    found = judge(HOURLY, Heard(marks, at(watched), known), at(now))

    assert (
        found.state != "down"
        or found.category == "failed"
        or (found.missing_at or at(0)) < at(min(until, now))
    )
    assert found == judge(
        HOURLY, Heard(marks, at(watched), replace(known, until=at(now))), at(min(until, now))
    )
