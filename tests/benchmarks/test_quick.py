"""
The guard against getting slower: it lets a hiccup pass, and nothing else.
"""

from __future__ import annotations

import pytest

from benchmarks.measuring import Row
from benchmarks.quick import TRIES, Bound, Guard, kept


def measured(*ratios: float | None) -> tuple[Guard, list[float | None]]:
    """A guard that finds these, one a try, and what it has not come to."""
    left = list(ratios)
    return Guard(lambda: [Row("a call / another", "-", "-", left.pop(0), "-")], (Bound(at_most=2),)), left


@pytest.mark.parametrize(
    "bound, ratio, expected",
    [
        (Bound(at_most=2), 2.0, True),
        (Bound(at_most=2), 2.1, False),
        (Bound(at_least=0.5), 0.5, True),
        (Bound(at_least=0.5), 0.4, False),
        (Bound(at_most=2), None, False),
    ],
)
def test_a_bound_holds_up_to_itself(bound: Bound, ratio: float | None, expected: bool) -> None:
    assert expected == bound.holds(Row("a call / another", "-", "-", ratio, "-"))


def test_what_misses_its_bound_once_is_measured_again(capsys: pytest.CaptureFixture[str]) -> None:
    guard, left = measured(2.5, 1.5, 1.0)

    assert kept(guard)
    assert [1.0] == left
    assert ["SLOW", "fine"] == [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_what_misses_its_bound_each_time_is_slow() -> None:
    guard, left = measured(*[2.5] * TRIES)

    assert not kept(guard)
    assert [] == left
