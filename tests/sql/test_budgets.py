"""
Rolling limits that processes share, decided by the database at moments that the tests choose.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from masterops.core.budgets import (
    Limit,
    Reading,
)
from tests.sql.budget_desk import HOLD, Desk, Process, fullest, rolling
from tests.sql.conftest import Connection

STEPS = st.lists(
    st.tuples(
        st.floats(0, 0.5) | st.just(0.0),  # time until the step
        st.sampled_from(
            ["call"] * 6
            + ["exchange"] * 4
            + ["answer"] * 5
            + ["unsent", "no question", "no answer", "die", "sleep", "back", "forth", "new", "leave"]
        ),
        st.integers(0, 11),
        st.floats(0, 1),
        st.sampled_from("abc"),
    ),
    min_size=10,
    max_size=60,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, most=st.integers(1, 8))
@example(
    steps=[
        (0.0, "call", 0, 0.0, "a"),
        (0.0, "call", 1, 0.0, "b"),
        (0.0, "sleep", 0, 0.5, "a"),
        (0.5, "exchange", 0, 0.0, "a"),
        (1.0, "call", 1, 0.0, "c"),
    ],
    most=1,
)
def test_never_more_than_the_limit_in_any_window(db: Connection, steps: list[Any], most: int) -> None:
    """
    Whatever is held, used, given back, lost on the way, left behind by the dead and overslept, and however the
    database's clock is set.
    """
    desk = Desk(db, rolling(most))
    living: dict[str, Process] = {}
    uses: list[float] = []
    now, made = 0.0, 0
    for pause, step, number, share, name in steps:
        now += pause
        if name not in living:
            made += 1
            living[name] = Process(desk, f"{name}{made}", zero=now * share)
            living[name].exchange(now, waiting=number)
        process = living[name]
        if step == "call":
            for _ in range(number):
                process.call(now)
        elif step == "exchange":
            process.exchange(now, waiting=number, urgent=number // 2)
        elif step == "no question":
            process.exchange(now, waiting=number, lost="question")
        elif step == "no answer":
            process.exchange(now, waiting=number, lost="answer")
        elif step == "sleep":
            now += 3 * share
        elif step == "back":
            desk.clock -= number * share
        elif step == "forth" and number > 5:  # seen by one who was here before
            desk.clock += number * 10
            process.exchange(now, waiting=number)
        elif step == "die":  # it was about to use all that it held, at the last moment that it might
            del living[name]
            if process.valid_until < math.inf:
                last = process.valid_until
                while now <= last and process.call(last):
                    pass
                uses += [max(last, left) for left, _ in process.calls]
        elif step == "leave":
            while process.calls:
                uses.append(process.answer(now, 0, share) or 0.0)
            process.leave(now)
        elif step in ("answer", "unsent"):
            for place in range(number):
                if process.calls:
                    counted = process.answer(now, place, share, sent=step == "answer")
                    uses += [] if counted is None else [counted]
    for process in living.values():
        process.wake(now)  # who slept to the end has also let go of what it held
        uses += [min(now, latest) for _, latest in process.calls]

    assert most >= fullest(uses, 1.0)


def test_nothing_of_the_rate_is_lost(db: Connection) -> None:
    """
    What was used and answered may be used again a window later, without another word.
    """
    desk = Desk(db, rolling(10))
    a = Process(desk, "a")
    a.exchange(0, waiting=10)

    def burst(moment: float) -> int:
        count = sum(a.call(moment) for _ in range(12))
        while a.calls:
            a.answer(moment + 0.01, 0, 1.0)
        return count

    assert [10, 0, 10] == [burst(0.0), burst(0.5), burst(1.02)]


def test_slots_go_where_they_are_wanted_with_the_rest_that_they_need(db: Connection) -> None:
    """
    Half of what one process used goes to another that wants as much, and is free a window after its use.
    """
    desk = Desk(db, rolling(10))
    a, b = Process(desk, "a"), Process(desk, "b", zero=77)
    a.exchange(0, waiting=20)
    assert 10 == sum(a.call(0) for _ in range(20))
    while a.calls:
        a.answer(0.05, 0, 1.0)

    b.exchange(0.1, waiting=20)
    a.exchange(0.2, waiting=20)  # hears that half is not its own any more
    a.exchange(0.3, waiting=20)  # and gives it back
    b.exchange(0.4, waiting=20)

    assert (5, 5) == (a.meter.most, b.meter.most)
    assert not b.call(1.04)
    assert 5 == sum(b.call(1.06) for _ in range(9))
    assert 5 == sum(a.call(1.06) for _ in range(9))


def test_what_no_division_leaves_is_not_lost(db: Connection) -> None:
    """
    Eight share a hundred: twelve or thirteen each, and a hundred together.
    """
    names = [f"p{number}" for number in range(8)]
    row = db.execute(
        "SELECT array_agg(share) AS it FROM ops.budget_levels(%s, %s, 100, 7)", [names, [50] * 8]
    )
    shares = row.fetchone()["it"]  # type: ignore[index]

    assert (100, {12, 13}) == (sum(shares), set(shares))


@given(
    wants=st.lists(st.integers(0, 50), min_size=1, max_size=9),
    most=st.integers(0, 120),
    turn=st.integers(0, 1 << 40),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_is_divided_and_the_modest_get_what_they_want(
    db: Connection, wants: list[int], most: int, turn: int
) -> None:
    """
    Nobody gets more than he wants, all together get all there is, and who gets less than he wants gets as much
    as anybody, but for one.
    """
    names = [f"p{number}" for number in range(len(wants))]
    rows = db.execute(
        "SELECT * FROM ops.budget_levels(%s, %s, %s, %s)", [names, wants, most, turn]
    ).fetchall()
    shares = {row["name"]: row["share"] for row in rows}

    assert min(most, sum(wants)) == sum(shares.values())
    for name, want in zip(names, wants, strict=True):
        assert shares[name] <= want
        assert shares[name] == want or shares[name] >= max(shares.values()) - 1


@given(
    processes=st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=6
    ),
    most=st.integers(1, 60),
    turn=st.integers(0, 1 << 40),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_after_the_other_gets_what_its_next_call_weighs(
    db: Connection, processes: list[tuple[int, int, int]], most: int, turn: int
) -> None:
    """
    Never more than there is, and where a call would fit at all, some process can make its next one.
    """
    names = [f"p{number}" for number in range(len(processes))]
    wants = [max(want, heaviest) for want, _, heaviest in processes]
    heaviest = [weight for _, _, weight in processes]
    urgent = [urgent for _, urgent, _ in processes]
    ask = "SELECT * FROM ops.budget_shares(%s, %s, %s, %s, %s, %s)"
    able = set()
    for step in range(len(names)):
        values = [names, wants, urgent, heaviest, most, turn + 3 * step]
        shares = {row["name"]: row["share"] for row in db.execute(ask, values).fetchall()}
        able |= {name for name, weight in zip(names, heaviest, strict=True) if shares[name] >= weight}

        assert set(names) == set(shares)
        assert min(0, *shares.values()) == 0
        assert sum(shares.values()) <= most
    fits = {name for name, weight in zip(names, heaviest, strict=True) if weight <= most}
    assert bool(fits) == bool(able)
    if len(fits) == len(names) == len(processes) and min(heaviest) > most // len(names):
        assert fits == able  # all are too heavy for an even share, and each had its turn


def test_people_go_first_but_a_tenth_is_left_to_the_others(db: Connection) -> None:
    """
    A process in which people wait gets what it wants of the limit, one with bulk work a tenth of all.
    """
    desk = Desk(db, rolling(20))
    bulk, people = Process(desk, "bulk"), Process(desk, "people")
    bulk.exchange(0, waiting=20)

    people.exchange(0.1, waiting=30, urgent=30)
    bulk.exchange(0.2, waiting=20)

    assert (18, 2) == (people.meter.target, bulk.meter.target)


def test_slots_of_the_dead_come_back(db: Connection) -> None:
    """
    A window after its hold has ended, whatever it held is free.
    """
    desk = Desk(db, rolling(10))
    dead, alive = Process(desk, "dead"), Process(desk, "alive")
    dead.exchange(0, waiting=10)
    assert 10 == sum(dead.call(0) for _ in range(10))
    for step in range(1, 4):
        alive.exchange(step * HOLD / 4, waiting=10)

    alive.exchange(HOLD + 0.1, waiting=10)

    assert not alive.call(HOLD + 0.9)
    assert 10 == sum(alive.call(HOLD + 1.01) for _ in range(10))


def test_a_process_that_slept_uses_nothing_that_others_have_now(db: Connection) -> None:
    """
    Stopped for longer than its hold, it lets go of all that it held.
    """
    desk = Desk(db, rolling(10))
    sleeper, other = Process(desk, "sleeper"), Process(desk, "other")
    sleeper.exchange(0, waiting=10)
    for step in range(1, 14):
        other.exchange(step * HOLD / 4, waiting=10)
    moment = 13 * HOLD / 4 + 0.01

    assert 10 == sum(other.call(moment) for _ in range(12))
    assert not sleeper.call(moment)


def test_after_an_outage_everybody_still_has_what_he_held(db: Connection) -> None:
    """
    Nobody could be heard of, so nobody is taken for dead until he had the time to come back.
    """
    desk = Desk(db, rolling(10))
    first, second = Process(desk, "first"), Process(desk, "second")
    first.exchange(0, waiting=5)
    second.exchange(0, waiting=5)

    first.valid_until = math.inf  # it went on alone meanwhile, as long as the database was away
    first.exchange(60, waiting=10)

    assert 5 == first.meter.most
    assert 5 == first.meter.target


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_clock_that_is_set_locks_nobody_out_and_lets_nobody_in(db: Connection, jump: float) -> None:
    """
    An hour back or forth: what rested for half a second more rests for about that long.
    """
    desk = Desk(db, rolling(10))
    a, b = Process(desk, "a"), Process(desk, "b")
    b.exchange(0)
    a.exchange(0, waiting=10)
    assert 10 == sum(a.call(0) for _ in range(10))
    while a.calls:
        a.answer(0.1, 0, 1.0)
    a.leave(0.2)

    desk.clock = jump
    b.exchange(0.6, waiting=10)

    assert not b.call(1.05)
    assert 10 == sum(b.call(1.6) for _ in range(12))


def test_what_the_service_says_of_its_size_holds_for_all(db: Connection) -> None:
    """
    One hears that the limit is 19 and not 10: nine more are there to be had.
    """
    desk = Desk(db, rolling(10))
    a = Process(desk, "a")
    a.exchange(0, waiting=30)
    assert 10 == a.meter.most

    a.meter.read(Reading("burst", permits=19), 0, a.ticks(0.1))
    a.exchange(0.1, waiting=30)
    a.exchange(0.2, waiting=30)

    assert 19 == a.meter.most


def test_a_limit_that_has_become_smaller_is_kept(db: Connection) -> None:
    """
    What is too much is given back, and not handed out again.
    """
    desk = Desk(db, rolling(10))
    a, b = Process(desk, "a"), Process(desk, "b")
    a.exchange(0, waiting=10)
    a.meter.read(Reading("burst", permits=4), 0, a.ticks(0.1))
    for step in range(1, 6):
        a.exchange(step / 10, waiting=10)
        b.exchange(step / 10, waiting=10)

    assert 4 == a.meter.most + b.meter.most
    assert 4 == desk.column("most")


def test_what_others_spend_is_left_to_them_for_a_window(db: Connection) -> None:
    """
    The service says that 3 of 10 are left where we used 2: others have 5, until those may have rested.
    """
    desk = Desk(db, rolling(10))
    a, b = Process(desk, "a"), Process(desk, "b")
    a.exchange(0, waiting=2)
    b.exchange(0, waiting=0)
    assert 2 == sum(a.call(0.1) for _ in range(2))
    while a.calls:
        a.answer(0.15, 0, 1.0)
    a.meter.read(Reading("burst", remaining=3), 0, a.ticks(0.15))

    a.exchange(0.2)
    b.exchange(0.25, waiting=10)
    a.exchange(0.3)
    b.exchange(0.35, waiting=10)
    early = sum(each.call(0.4) for each in (a, b) for _ in range(10))
    for each in (a, b):
        while each.calls:
            each.answer(0.4, 0, 1.0)
    for step in (5, 9, 12, 13, 15, 16):
        a.exchange(step / 10)
        b.exchange(step / 10, waiting=10)

    assert 3 == early
    assert 10 == b.meter.most


def test_our_own_spending_is_not_taken_for_that_of_others(db: Connection) -> None:
    """
    Two processes that used all of it hear that nothing is left, and nothing is taken from them.
    """
    desk = Desk(db, rolling(10))
    a, b = Process(desk, "a"), Process(desk, "b")
    for moment in (0.0, 0.01, 0.02):
        a.exchange(moment, waiting=10)
        b.exchange(moment, waiting=10)
    assert 10 == sum(each.call(0.1) for each in (a, b) for _ in range(10))
    for each in (a, b):
        while each.calls:
            each.answer(0.15, 0, 1.0)
        each.meter.read(Reading("burst", remaining=0), 0, each.ticks(0.15))

    for step in range(2, 9):
        a.exchange(step / 10, waiting=10)
        b.exchange(step / 10, waiting=10)

    assert (5, 5) == (a.meter.target, b.meter.target)
    assert (5, 5) == (a.meter.most, b.meter.most)


def turns(db: Connection, limit: Limit, names: str, seconds: float) -> dict[str, int]:
    """How many calls each process makes that always has one more to make, four words a second."""
    desk = Desk(db, limit)
    processes = {name: Process(desk, name) for name in names}
    made = dict.fromkeys(names, 0)
    for step in range(round(seconds * 4)):
        for name, process in processes.items():
            process.exchange(step / 4, waiting=1)
            while process.call(step / 4):
                made[name] += 1
                process.answer(step / 4, 0, 1.0)
    return made


def test_fewer_permits_than_processes_go_round(db: Connection) -> None:
    """
    One call a second, and two, which three processes want all the time: each gets its turn.
    """
    for most in (1, 2):
        made = turns(db, rolling(most), "abc", 12)

        assert min(made.values()) >= 2 * most
        assert sum(made.values()) >= 8 * most


def test_two_opinions_of_a_window_delay_nobody_for_ever(db: Connection) -> None:
    """
    One process believes in 1 s and another in 10 s: what rests is free after the longer of them.
    """
    desk = Desk(db, rolling(4))
    a, b = Process(desk, "a"), Process(Desk(db, rolling(4, 10.0), desk.connection + "?"), "b")
    b.desk.connection = desk.connection
    a.exchange(0, waiting=4)
    assert 4 == sum(a.call(0) for _ in range(4))
    while a.calls:
        a.answer(0, 0, 1.0)
    a.leave(0)

    for step in range(1, 60):
        a.exchange(step / 4)
        b.exchange(step / 4)
    b.exchange(15, waiting=4)

    assert b.call(15)
