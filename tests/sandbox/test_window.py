"""
The rolling window.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from masterops.sandbox.window import Window


@given(
    steps=st.lists(st.floats(min_value=0, max_value=3), max_size=400),
    most=st.integers(min_value=1, max_value=20),
    seconds=st.sampled_from([0.5, 1.0, 10.0]),
)
def test_no_span_of_the_window_ever_holds_one_too_many(steps: list[float], most: int, seconds: float) -> None:
    """
    Whatever the rhythm of the calls, any span of `seconds` that starts at an admitted call holds `most`.
    """
    window, now, admitted = Window(most, seconds), 0.0, []
    for step in steps:
        now += step
        if window.take(now):
            admitted.append(round(now * 1_000_000))

    span = round(seconds * 1_000_000)
    for first in admitted:
        assert len([each for each in admitted if first <= each < first + span]) <= most


@given(st.floats(min_value=0, max_value=1e6))
def test_a_full_window_is_free_again_exactly_after_its_length(start: float) -> None:
    """
    100 at once, none until ten seconds have passed, 100 again at ten.
    """
    window = Window(100, 10.0)
    first = [window.take(start) for _ in range(101)]

    assert [True] * 100 + [False] == first
    assert not window.take(start + 9.99)
    assert [True] * 100 + [False] == [window.take(start + 10.0001) for _ in range(101)]


def test_refused_calls_are_not_spent() -> None:
    """
    Knocking at a full window does not keep it full.
    """
    window = Window(1, 1.0)
    window.take(0.0)
    for tenth in range(1, 10):
        window.take(tenth / 10)

    assert window.take(1.0)
