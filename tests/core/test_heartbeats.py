"""
What pings come to.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from masterops.core.heartbeats import Beat, Kind, Marks, fold

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def after(*beats: Beat) -> tuple[Marks, list[float | None]]:
    marks, durations = Marks(), []
    for beat in beats:
        marks, duration = fold(marks, beat)
        durations.append(duration)
    return marks, durations


def test_a_run_is_measured_from_its_start_to_its_end() -> None:
    """
    Whether it went well or not.
    """
    good, first = after(Beat("start", at(0)), Beat("success", at(2)))
    bad, second = after(Beat("start", at(0)), Beat("fail", at(3), exit_code=7))

    assert [None, 120_000.0] == first
    assert [None, 180_000.0] == second
    assert (120_000.0, None, at(2)) == (good.last_duration_ms, good.running_since, good.last_success_at)
    assert (7, None, at(3)) == (bad.last_exit_code, bad.running_since, bad.last_failure_at)


def test_a_word_and_an_extension_are_no_success() -> None:
    """
    They leave the run as it is.
    """
    marks, _ = after(Beat("start", at(0)), Beat("log", at(1)), Beat("extend", at(2), until=at(60)))

    assert Marks(last_ping_at=at(2), running_since=at(0), extended_until=at(60)) == marks


def test_the_end_of_a_run_ends_its_extension() -> None:
    """
    The next run is not waited for so long.
    """
    marks, _ = after(Beat("start", at(0)), Beat("extend", at(1), until=at(600)), Beat("success", at(2)))

    assert marks.extended_until is None


def test_what_comes_late_changes_nothing() -> None:
    """
    A start of a run that has ended, carried over by another process later.
    """
    marks, durations = after(Beat("success", at(5)), Beat("start", at(1)), Beat("fail", at(4), exit_code=1))

    assert (at(5), at(4), None, None) == (
        marks.last_success_at,
        marks.last_failure_at,
        marks.running_since,
        marks.last_exit_code,
    )
    assert [None, None, None] == durations


def test_the_end_of_another_run_leaves_this_one_running() -> None:
    """
    Where both say which run they are of.
    """
    marks, durations = after(
        Beat("start", at(0), run_id="a"), Beat("start", at(1), run_id="b"), Beat("success", at(2), run_id="a")
    )

    assert (at(1), "b", at(2)) == (marks.running_since, marks.run_id, marks.last_success_at)
    assert durations[-1] is None


kinds = st.sampled_from(["success", "start", "fail", "log"])


@given(st.lists(st.tuples(kinds, st.integers(0, 20)), max_size=12), st.randoms())
def test_success_and_failure_are_the_same_in_whatever_order_they_come(
    said: list[tuple[Kind, int]], random: object
) -> None:
    """
    The newest of each kind counts.
    """
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one, _ = after(*(Beat(kind, at(minute)) for kind, minute in said))
    other, _ = after(*(Beat(kind, at(minute)) for kind, minute in shuffled))

    assert (one.last_ping_at, one.last_success_at, one.last_failure_at) == (
        other.last_ping_at,
        other.last_success_at,
        other.last_failure_at,
    )
