"""
A check that flaps.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from masterops.health import Damping, Verdict
from masterops.health.damping import Memory, damped, remembered

START = datetime(2026, 11, 26, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Damping(changes=3, window=10 * MINUTE, quiet=5 * MINUTE)
UP, DOWN = Verdict("up", True, None), Verdict("down", False, "HTTP 500")


def story(verdicts: list[Verdict], step: timedelta = MINUTE) -> list[Verdict]:
    """What is shown for looks a minute apart; each memory goes through the form in which it is kept."""
    memory, shown = Memory(), []
    for number, verdict in enumerate(verdicts):
        memory, found = damped(remembered(memory.facts()), verdict, START + number * step, RULE)
        shown.append(found)
    return shown


def test_more_changes_than_the_rule_allows_are_shown_as_degraded() -> None:
    """
    Three changes are three changes; with the fourth it flaps, and the reason says so.
    """
    shown = story([UP, DOWN, UP, DOWN, UP])

    assert ["up", "down", "up", "down", "degraded"] == [each.state for each in shown]
    assert "flapping: 4 changes in 10 min; the last look found it up" == shown[-1].reason


def test_it_flaps_until_it_has_been_quiet() -> None:
    """
    Whichever state it came to rest in is shown five minutes after the last change.
    """
    shown = story([UP, DOWN, UP, DOWN, UP, DOWN, DOWN, DOWN, DOWN, DOWN, DOWN])

    assert ["degraded"] * 5 == [each.state for each in shown[4:9]]
    # Ten minutes of changes are still too many, until the window has passed as well.
    assert "degraded" == shown[9].state


def test_a_slow_change_is_no_flapping() -> None:
    """
    The same changes an hour apart are shown as they are.
    """
    verdicts = [UP, DOWN, UP, DOWN, UP, DOWN]

    assert verdicts == story(verdicts, timedelta(hours=1))


def test_a_look_that_could_not_ask_is_no_change() -> None:
    """
    Unknown is shown and remembered as nothing.
    """
    unknown = Verdict("unknown", False, "no network")
    memory = Memory("up")

    assert (memory, unknown) == damped(memory, unknown, START, RULE)


def test_a_memory_that_cannot_be_read_is_none() -> None:
    """
    What another version wrote must not stop the watch.
    """
    assert Memory() == remembered({"changes": ["yesterday"]}) == remembered(None)


@given(st.lists(st.sampled_from([UP, DOWN]), max_size=60))
def test_there_are_never_more_changes_on_show_than_the_rule_allows(verdicts: list[Verdict]) -> None:
    """
    In any ten minutes the shown state changes at most as often as the rule says, and twice for the flapping.
    """
    states = [each.state for each in story(verdicts)]
    changes = [number for number in range(1, len(states)) if states[number] != states[number - 1]]

    assert all(sum(1 for each in changes if 0 <= each - first < 10) <= RULE.changes + 2 for first in changes)


@given(st.sampled_from([UP, DOWN]), st.integers(2, 40))
def test_a_quiet_check_is_shown_as_it_is(verdict: Verdict, looks: int) -> None:
    """
    However long it stays so.
    """
    assert [verdict] * looks == story([verdict] * looks)
