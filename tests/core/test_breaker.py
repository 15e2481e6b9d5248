"""
When a service that keeps failing is asked, and when it is not.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops.core.breaker import JITTER, OFF, WINDOW_PARTS, Breaker, Pass, Rules
from masterops.core.budgets import MICROSECONDS, NEVER

RULES = Rules(calls=4, share=0.5, window=10, first=5, longest=60)
SECOND = MICROSECONDS

# What may happen: seconds go by, a call leaves, one of those under way ends.
moves = st.one_of(
    st.tuples(st.just("pass"), st.floats(0, 8)),
    st.tuples(st.just("enter"), st.booleans()),
    st.tuples(st.sampled_from(["failed", "failed", "answered", "gave_up"]), st.integers(0, 20)),
)


def failing(breaker: Breaker, calls: int, now: int) -> None:
    """So many calls leave and fail."""
    for _ in range(calls):
        leave = breaker.enter(now)
        assert leave is not None
        breaker.failed(leave, now, 0.0)


def opened(rules: Rules = RULES) -> Breaker:
    """A circuit that has just opened, at second 0."""
    breaker = Breaker(rules)
    failing(breaker, rules.calls, 0)
    return breaker


def probed(breaker: Breaker, now: int, *, fails: bool) -> int:
    """The probe after `now`; answers with the moment it ended."""
    now += breaker.wait(now)
    leave = breaker.enter(now)
    assert leave is not None
    if fails:
        breaker.failed(leave, now, 0.0)
    else:
        breaker.answered(leave, now)
    return now


class Seen:
    """
    What an observer outside counts: every outcome of a closed circuit, in the order of time.
    """

    def __init__(self) -> None:
        self.outcomes: list[tuple[int, bool]] = []

    def of_window(self, now: int, rules: Rules) -> list[bool]:
        """Whether each call in the window failed; a window is forgotten a tenth at a time."""
        part = round(rules.window * SECOND / WINDOW_PARTS)
        return [failed for at, failed in self.outcomes if at // part > now // part - WINDOW_PARTS]


def end(breaker: Breaker, leave: Pass, outcome: str, now: int) -> None:
    if outcome == "failed":
        breaker.failed(leave, now, 0.3)
    elif outcome == "answered":
        breaker.answered(leave, now)
    else:
        breaker.gave_up(leave)


@settings(max_examples=80, deadline=None)
@given(st.lists(moves, min_size=30, max_size=90))
def test_it_opens_when_too_many_of_enough_calls_failed_and_only_then(
    happened: list[tuple[str, float]],
) -> None:
    """
    Whatever happens in whatever order: it opens by the share of the window's calls, lets nobody through while
    it is open, and one at a time until an answer has come.
    """
    breaker, seen, now = Breaker(RULES), Seen(), 0
    under_way: list[Pass] = []
    probes: list[Pass] = []
    for what, value in happened:
        before, until = breaker.state, breaker.until
        if what == "pass":
            now += round(value * SECOND)
        elif what == "enter":
            look = bool(value)
            leave = breaker.enter(now, look=look)
            may = before == "closed" or (now >= until and not probes) or look
            assert may == (leave is not None)
            if leave is not None:
                under_way.append(leave)
                probes += [leave] if leave.probe else []
                assert len(probes) <= 1
        elif under_way:
            leave = under_way.pop(int(value) % len(under_way))
            counts = before == "closed" and leave.turn == breaker._turn and what != "gave_up"
            if counts:
                seen.outcomes.append((now, what == "failed"))
            window = seen.of_window(now, RULES)
            end(breaker, leave, what, now)
            probes = [each for each in probes if each is not leave]
            if before == "closed":
                trips = counts and what == "failed" and len(window) >= RULES.calls
                trips = trips and sum(window) >= RULES.share * len(window)
                assert ("open" if trips else "closed") == breaker.state
            if breaker.state != before:
                probes = []
                seen.outcomes.clear()
    assert breaker.wait(now) == NEVER if probes else breaker.wait(now) <= RULES.longest * SECOND


@settings(deadline=None)
@given(st.lists(st.floats(0, 0.999), min_size=2, max_size=12))
def test_each_probe_that_fails_keeps_it_open_longer_up_to_a_ceiling(fractions: list[float]) -> None:
    """
    Twice as long, less a random part; never longer than the longest.
    """
    breaker, now, waits = opened(), 0, []
    for fraction in fractions:
        now += breaker.wait(now)
        leave = breaker.enter(now)
        assert leave is not None
        breaker.failed(leave, now, fraction)
        waits.append(breaker.wait(now) / SECOND)

    for number, wait in enumerate(waits, start=1):
        curve = min(60.0, 5 * 2.0**number)
        assert curve * (1 - JITTER) <= wait <= curve


def test_it_takes_enough_calls_to_judge() -> None:
    """
    Three failures of three say nothing yet.
    """
    breaker = Breaker(RULES)
    failing(breaker, 3, 0)

    assert "closed" == breaker.state


def test_failures_of_long_ago_do_not_count() -> None:
    """
    The window moves on.
    """
    breaker = Breaker(RULES)
    failing(breaker, 3, 0)
    failing(breaker, 3, 11 * SECOND)

    assert "closed" == breaker.state


def test_an_answer_to_the_probe_closes_it() -> None:
    """
    And what failed before is forgotten: it takes as many calls again to open it.
    """
    breaker = opened()

    now = probed(breaker, 0, fails=False)
    failing(breaker, 3, now)

    assert "closed" == breaker.state


def test_a_service_that_comes_and_goes_is_asked_less_and_less() -> None:
    """
    It opened again right after it had closed: the open time goes on growing. After a quiet window it begins
    anew.
    """
    breaker = opened()
    now = probed(breaker, 0, fails=False)

    failing(breaker, 4, now)
    again = breaker.wait(now)
    now = probed(breaker, now, fails=False) + 11 * SECOND
    failing(breaker, 4, now)

    assert (10 * SECOND, 5 * SECOND) == (again, breaker.wait(now))


def test_a_probe_that_is_cancelled_gives_its_place_back() -> None:
    """
    Nothing was learnt, so the next call tries.
    """
    breaker = opened()
    now = breaker.wait(0)
    leave = breaker.enter(now)
    assert leave is not None
    others = breaker.enter(now), breaker.wait(now)

    breaker.gave_up(leave)

    assert (None, NEVER) == others
    assert (0, True) == (breaker.wait(now), breaker.enter(now) is not None)


def test_what_left_before_it_opened_decides_nothing() -> None:
    """
    A slow answer to an old call does not close it, a slow failure does not keep it open.
    """
    breaker = Breaker(RULES)
    late = breaker.enter(0)
    assert late is not None
    failing(breaker, 4, 0)

    breaker.answered(late, 1)
    still = breaker.state
    now = probed(breaker, 1, fails=False)
    breaker.failed(late, now, 0.0)

    assert ("open", "closed", 0) == (still, breaker.state, breaker.window.calls)


def test_a_look_passes_an_open_circuit() -> None:
    """
    One that fails changes nothing; one that is answered closes it before its time.
    """
    breaker = opened()
    failed, answered = breaker.enter(1, look=True), breaker.enter(1, look=True)
    assert failed is not None and answered is not None

    breaker.failed(failed, 2, 0.0)
    waits = breaker.wait(2)
    breaker.answered(answered, 3)

    assert (5 * SECOND - 2, "closed") == (waits, breaker.state)


@settings(deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), max_size=50))
def test_a_clock_that_jumps_does_no_harm(jumps: list[int]) -> None:
    """
    It is never open for longer than the longest time from now on, and a call that failed an hour ahead is
    forgotten.
    """
    breaker = opened()
    for now in jumps:
        assert breaker.wait(now) <= RULES.longest * SECOND
        if leave := breaker.enter(now):
            breaker.failed(leave, now, 0.0)

    now = min([0, *jumps]) - 1
    calm = Breaker(RULES)
    failing(calm, 3, 3600 * SECOND)
    failing(calm, 3, 0)

    assert breaker.wait(now) <= RULES.longest * SECOND
    assert "closed" == calm.state


def test_one_that_is_switched_off_never_opens() -> None:
    """
    However many fail.
    """
    breaker = Breaker(OFF)
    failing(breaker, 1000, 0)

    assert "closed" == breaker.state


@pytest.mark.parametrize(
    "rules",
    [{"calls": 0}, {"share": -0.1}, {"share": 1.1}, {"window": 0}, {"first": 0}, {"first": 9, "longest": 8}],
    ids=str,
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, float]) -> None:
    """
    Before anything is asked.
    """
    with pytest.raises(ValueError, match="not usable rules"):
        Rules(**rules)  # type: ignore[arg-type]
