"""
The records of one trace as a thread.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from masterops.reports import LogRow, thread

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def row(message: str, ended_ms: float, took_ms: float | None = None) -> LogRow:
    at = START + timedelta(milliseconds=ended_ms)
    return LogRow(at, message, "info", "info", "x", message, duration_ms=took_ms)


def test_what_was_written_within_a_stretch_lies_under_it() -> None:
    """
    A call with two attempts and a note in the second; what follows it is beside it.
    """
    rows = [
        row("attempt 1", 50, 40),
        row("note", 80),
        row("attempt 2", 95, 35),
        row("call", 100, 95),
        row("after", 130),
    ]

    steps = thread(rows)

    assert [("call", 0), ("attempt 1", 1), ("attempt 2", 1), ("note", 2), ("after", 0)] == [
        (step.row.message, step.depth) for step in steps
    ]
    assert [0, 5, 55, 75, 125] == [round(step.offset_ms) for step in steps]


def test_work_that_goes_on_at_the_same_time_is_not_nested_by_its_length() -> None:
    """
    Two that overlap and neither of which holds the other lie beside each other.
    """
    steps = thread([row("one", 60, 60), row("two", 90, 60)])

    assert [0, 0] == [step.depth for step in steps]


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.none() | st.floats(allow_nan=False, min_value=0, max_value=1e300)),
        max_size=30,
    )
)
def test_every_record_is_in_the_thread_once(given: list[tuple[float, float | None]]) -> None:
    """
    Whatever the durations, in the order of their beginnings, none before the first and none deeper than many.
    """
    rows = [row(str(number), at, took) for number, (at, took) in enumerate(given)]

    steps = thread(rows)

    assert sorted(each.id for each in rows) == sorted(step.row.id for step in steps)
    assert [step.offset_ms for step in steps] == sorted(step.offset_ms for step in steps)
    assert all(0 <= step.depth < max(1, len(rows)) for step in steps)
    assert not steps or 0 == steps[0].offset_ms
