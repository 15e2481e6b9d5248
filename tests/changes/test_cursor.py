"""
Where the last look ended.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from masterops.changes import OVERLAP, Cursor, advance

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = START + timedelta(hours=6)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_what_is_found_is_new_once() -> None:
    """
    The next look finds the overlap again and counts none of it.
    """
    found = [("2", at(2)), ("1", at(1))]

    new, cursor = advance(Cursor(START), found, now=LATER)
    again, unmoved = advance(cursor, found, now=LATER)

    assert [("1", at(1)), ("2", at(2))] == new
    assert (at(2), []) == (cursor.at, again)
    assert cursor == unmoved


def test_a_record_that_becomes_findable_late_is_still_new() -> None:
    """
    The index lags: a record older than the cursor, and within the overlap, is not lost.
    """
    _, cursor = advance(Cursor(START), [("2", at(4))], now=LATER)

    new, _ = advance(cursor, [("2", at(4)), ("1", at(1))], now=LATER)

    assert [("1", at(1))] == new


def test_a_record_that_changes_again_is_new_again() -> None:
    """
    It is the change that is counted, not the record.
    """
    _, cursor = advance(Cursor(START), [("1", at(1))], now=LATER)

    new, _ = advance(cursor, [("1", at(3))], now=LATER)

    assert [("1", at(3))] == new


def test_many_with_one_moment_do_not_hide_each_other() -> None:
    """
    Ties on a timestamp are told apart by id.
    """
    first = [(str(number), at(1)) for number in range(100)]
    late = [(str(number), at(1)) for number in range(100, 110)]

    _, cursor = advance(Cursor(START), first, now=LATER)
    new, _ = advance(cursor, [*first, *late], now=LATER)

    assert 10 == len(new)


def test_a_moment_of_the_future_hides_nothing() -> None:
    """
    A record that bears next year is new once, and what changes today is found all the same.
    """
    future = ("9", at(60 * 24 * 365))

    new, cursor = advance(Cursor(START), [future, ("1", at(1))], now=at(2))
    more, cursor = advance(cursor, [future, ("2", at(3))], now=at(4))

    assert [("1", at(1)), future] == new
    assert [("2", at(3))] == more
    assert at(3) == cursor.at


def test_an_empty_look_moves_nothing() -> None:
    """
    Nothing found is no reason to forget where we were.
    """
    cursor = Cursor(at(3), frozenset({("1", at(3))}))

    assert ([], cursor) == advance(cursor, [], now=LATER)


moments = st.integers(0, 60 * 60).map(lambda seconds: START + timedelta(seconds=seconds))
changes = st.lists(st.tuples(st.sampled_from("abcdef"), moments), max_size=30, unique=True)


@given(
    changes=changes, lags=st.lists(st.integers(0, 240), min_size=30, max_size=30), step=st.integers(10, 600)
)
def test_every_change_is_counted_once_whatever_the_lag(
    changes: list[tuple[str, datetime]], lags: list[int], step: int
) -> None:
    """
    Records become findable up to four minutes late and looks come at any pace: each counts exactly once.
    """
    visible_at = {
        change: change[1] + timedelta(seconds=lag) for change, lag in zip(changes, lags, strict=False)
    }
    cursor, counted = Cursor(START), []
    for second in range(0, 60 * 60 + 300 + step, step):
        now = START + timedelta(seconds=second)
        found = [change for change in changes if visible_at[change] <= now and change[1] >= cursor.start]
        new, cursor = advance(cursor, found, now=now)
        counted += new

    assert sorted(changes) == sorted(counted)
    assert all(moment >= cursor.at - OVERLAP for _, moment in cursor.seen)
