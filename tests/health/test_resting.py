"""
Which connections a cycle leaves alone.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from masterops.core.states import State
from masterops.health.concluding import Before
from masterops.health.damping import Memory
from masterops.health.resting import check_every, rests

FIVE = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("state", "age", "stands"),
    [
        pytest.param("up", 60.0, True, id="looked at a minute ago"),
        pytest.param("up", 241.0, True, id="the cycle before it is time"),
        pytest.param("up", 299.0, False, id="the cycle in which it is time, a second early"),
        pytest.param("up", 3_600.0, False, id="long ago"),
        pytest.param("degraded", 60.0, True, id="slow, and it answers"),
        pytest.param("down", 60.0, False, id="down: its end is to be known soon"),
        pytest.param("unknown", 60.0, False, id="unknown"),
        pytest.param(None, None, False, id="never looked at"),
    ],
)
def test_what_answers_is_left_alone_until_it_is_time(
    state: State | None, age: float | None, stands: bool
) -> None:
    """
    Every five minutes, cycles each minute.
    """
    verdict = rests(Before(state, reason="why", age=age), FIVE)

    assert (state if stands else None) == (verdict and verdict.state)
    assert verdict is None or (state == "up", "why") == (verdict.healthy, verdict.reason)


def test_one_that_flaps_is_left_alone_only_if_it_answered() -> None:
    """
    Shown as degraded, it may have been down at the last look.
    """

    def flapping(raw: State) -> Before:
        return Before("degraded", Memory(raw, flapping=True), age=60.0)

    assert rests(flapping("down"), FIVE) is None
    assert rests(flapping("up"), FIVE) is not None


def test_without_a_setting_each_cycle_looks() -> None:
    """
    However short ago the last one did.
    """
    assert timedelta() == check_every({})
    assert rests(Before("up", age=0.0), check_every({})) is None
    assert FIVE == check_every({"check_every": "5m"})
