"""
Waiting before trying again.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.backoff import RetryPolicy, curve, next_wait

POLICY = RetryPolicy(attempts=5, base=0.5, ceiling=8.0, deadline=30.0)
fractions = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("expected", "attempt"),
    [(0.5, 1), (1.0, 2), (2.0, 3), (4.0, 4), (8.0, 5), (8.0, 6), (8.0, 5000)],
)
def test_doubles_up_to_the_ceiling(expected: float, attempt: int) -> None:
    """
    The ceiling of the wait doubles with each attempt and never passes the policy's own.
    """
    assert expected == curve(POLICY, attempt)


@given(attempt=st.integers(1, 4), fraction=fractions)
def test_jitter_is_full(attempt: int, fraction: float) -> None:
    """
    The wait is the random part of the ceiling: anything from nothing up to it.
    """
    wait = next_wait(POLICY, attempt=attempt, elapsed=0, asked=None, fraction=fraction)

    assert wait is not None
    assert 0 <= wait <= curve(POLICY, attempt)


@given(asked=st.floats(0.001, 20), attempt=st.integers(1, 4), fraction=fractions)
def test_the_server_is_obeyed(asked: float, attempt: int, fraction: float) -> None:
    """
    Nobody comes back before the server said, and hardly later.
    """
    wait = next_wait(POLICY, attempt=attempt, elapsed=0, asked=asked, fraction=fraction)

    assert wait is not None
    assert asked <= wait <= asked + POLICY.base


@given(
    elapsed=st.floats(0, 100),
    asked=st.none() | st.floats(0, 1e6),
    attempt=st.integers(1, 20),
    fraction=fractions,
)
def test_never_past_the_deadline(elapsed: float, asked: float | None, attempt: int, fraction: float) -> None:
    """
    A wait that is given always ends before the deadline; otherwise the answer is to give up.
    """
    wait = next_wait(POLICY, attempt=attempt, elapsed=elapsed, asked=asked, fraction=fraction)

    assert wait is None or elapsed + wait < POLICY.deadline


@given(
    deadline=st.floats(0.1, 600),
    left=st.floats(0, 3),
    asked=st.none() | st.floats(0, 3),
    fraction=fractions,
)
def test_the_next_attempt_is_left_time_to_end(
    deadline: float, left: float, asked: float | None, fraction: float
) -> None:
    """
    A second at least, or a tenth of a short deadline: a write that is sent with less is cut off, and then
    nobody can say whether it was done.
    """
    policy, elapsed = RetryPolicy(deadline=deadline), max(0.0, deadline - left)

    wait = next_wait(policy, attempt=1, elapsed=elapsed, asked=asked, fraction=fraction)

    assert wait is None or deadline - (elapsed + wait) >= min(1.0, deadline / 10) - 1e-9


@pytest.mark.parametrize(
    ("expected", "elapsed"), [(0.25, 28.75), (None, 28.76), (None, 29.9)], ids=["just", "short", "late"]
)
def test_a_second_is_kept_free_behind_the_wait(expected: float | None, elapsed: float) -> None:
    """
    A wait of a quarter of a second, then a second for the attempt, then the deadline of thirty.
    """
    assert expected == next_wait(POLICY, attempt=1, elapsed=elapsed, asked=None, fraction=0.5)


def test_gives_up_after_the_last_attempt() -> None:
    """
    Five attempts are five, whatever time is left.
    """
    assert next_wait(POLICY, attempt=5, elapsed=0, asked=None, fraction=0.1) is None


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"base": 0}, {"ceiling": 0.1}, {"deadline": 0}])
def test_refuses_a_policy_that_makes_no_sense(wrong: dict[str, float]) -> None:
    """
    A policy that would never try, or never end, cannot be made.
    """
    with pytest.raises(ValueError, match="not a usable retry policy"):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # the values are wrong on purpose
