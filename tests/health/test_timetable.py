"""
When each check is due.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from masterops.health.timetable import FIRST_SECONDS, Timetable


def test_checks_of_one_interval_are_spread_over_it() -> None:
    """
    A thousand each ten seconds are a hundred a second, and none is missed.
    """
    table = Timetable([10.0] * 1000, 0.0)
    seconds = [len(table.due(float(second))) for second in range(1, 31)]

    assert [100] * 29 == seconds[1:]


def test_slots_that_were_slept_through_are_counted_and_left_out() -> None:
    """
    The machine slept for a minute and a half: one look now, and the next at its usual time.
    """
    table = Timetable([20.0], 0.0)
    table.due(0.0)
    (due,) = table.due(95.0)

    assert (80.0, 3) == (due.at, due.missed)
    assert 100.0 == table.next_at()


def test_a_check_that_comes_once_a_day_is_looked_at_soon_after_the_start() -> None:
    """
    Nobody waits a day to know whether it works.
    """
    table = Timetable([86_400.0] * 50, 0.0)

    assert 50 == len(table.due(FIRST_SECONDS))


@given(
    st.lists(st.floats(1, 300), min_size=1, max_size=20),
    st.lists(st.floats(0.01, 90), min_size=1, max_size=30),
)
def test_no_slot_is_forgotten_or_comes_twice(every: list[float], steps: list[float]) -> None:
    """
    However long a step takes: slots looked at and slots missed are as many as have passed.
    """
    table, now, seen = Timetable(every, 0.0), 0.0, Counter[int]()
    for step in steps:
        now += step
        for due in table.due(now):
            assert now - every[due.which] < due.at <= now
            seen[due.which] += 1 + due.missed

    for index, seconds in enumerate(every):
        first = min(seconds, FIRST_SECONDS) * index / len(every)
        expected = int((now - first) // seconds) + 1 if now >= first else 0
        assert abs(expected - seen[index]) <= 1  # a slot at this very moment, by rounding
