"""
How many looks it takes to believe one.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.health import Rule, Verdict
from masterops.health.settle import settled, unsettled

WORDS = {"u": "up", "d": "down", "g": "degraded", "?": "unknown"}


def seen(letters: str) -> list[Verdict]:
    return [Verdict(WORDS[each], each == "u", None if each == "u" else each) for each in letters]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "looks", "rule", "expected"),
    [
        pytest.param("up", "u", Rule(), "up", id="well"),
        pytest.param("up", "d", Rule(), None, id="one failed look is not enough"),
        pytest.param("up", "dd", Rule(), "down", id="two are"),
        pytest.param("up", "du", Rule(), "up", id="one that failed alone"),
        pytest.param("up", "dg", Rule(), "degraded", id="slow the second time"),
        pytest.param("up", "d?", Rule(), "unknown", id="the second could not ask"),
        pytest.param("up", "?", Rule(), "unknown", id="what could not be asked is not asked again"),
        pytest.param("unknown", "d", Rule(), None, id="unknown does not go down at once"),
        pytest.param(None, "d", Rule(), None, id="nor does the first look ever"),
        pytest.param("degraded", "dd", Rule(), "down", id="from degraded"),
        pytest.param("up", "d", Rule(failures=1, looks=1), "down", id="without confirmation"),
        pytest.param("up", "dudud", Rule(failures=3, looks=5), "down", id="three of five"),
        pytest.param("up", "dudu", Rule(failures=3, looks=5), None, id="two of four, still possible"),
        pytest.param("up", "duu", Rule(failures=2, looks=3), "up", id="no longer possible"),
        pytest.param("down", "d", Rule(), "down", id="down stays down without asking again"),
        pytest.param("down", "u", Rule(), None, id="recovery is confirmed too"),
        pytest.param("down", "uu", Rule(), "up", id="confirmed"),
        pytest.param("down", "ud", Rule(), "down", id="not confirmed"),
        pytest.param("down", "ug", Rule(), "degraded", id="answers, slowly"),
        pytest.param("down", "u", Rule(successes=1), "up", id="one look is enough if so wished"),
        pytest.param("down", "?", Rule(), "unknown", id="nobody can say any more"),
    ],
)
def test_rounds(before: str | None, looks: str, rule: Rule, expected: str | None) -> None:
    """
    Down and up again are both confirmed, within one round; unknown is neither.
    """
    found = settled(before, seen(looks), rule)  # type: ignore[arg-type]

    assert expected == (found.state if found else None)


rules = st.integers(1, 5).flatmap(
    lambda failures: st.builds(
        Rule, failures=st.just(failures), looks=st.integers(failures, 8), successes=st.integers(1, 4)
    )
)


@given(
    st.sampled_from([None, "up", "degraded", "down", "unknown"]),
    st.text("udg?", min_size=20, max_size=20),
    rules,
)
def test_every_round_ends_soon(before: str | None, looks: str, rule: Rule) -> None:
    """
    Whatever the looks say: after as many as the rule names it is settled.
    """
    most = max(rule.looks, rule.successes)

    ends = [settled(before, seen(looks[:count]), rule) for count in range(1, most + 1)]  # type: ignore[arg-type]
    assert any(ends)


@given(st.sampled_from([None, "up", "degraded", "unknown"]), st.text("udg?", min_size=1, max_size=8), rules)
def test_down_takes_as_many_failed_looks_as_the_rule_says(before: str | None, looks: str, rule: Rule) -> None:
    """
    Never fewer, and looks that could not ask are none of them.
    """
    found = settled(before, seen(looks), rule)  # type: ignore[arg-type]

    assert found is None or found.state != "down" or looks.count("d") >= rule.failures


def test_a_failed_look_that_was_not_believed_is_mentioned() -> None:
    """
    The state is up, and the reason says what else was seen.
    """
    well, failed = Verdict("up", True, None), Verdict("down", False, "HTTP 500")

    assert "1 of 2 looks failed" == unsettled(well, 1, 2).reason
    assert failed == unsettled(failed, 2, 2)
