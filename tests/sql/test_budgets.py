"""
The budgets that processes share, decided by the database at moments that the tests choose.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops.core.budgets import (
    BULK,
    INTERACTIVE,
    MICROSECONDS,
    AllowanceMeter,
    Calendar,
    Lane,
    Limit,
    Part,
    Reading,
    Rolling,
    SlotMeter,
)
from tests.sql.conftest import Connection

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOLD, VALID = 2.0, 1.6
_names = itertools.count()


@dataclass
class Desk:
    """
    The database at true moments (seconds), whatever its clock shows.
    """

    db: Connection
    limit: Limit
    connection: str = field(default_factory=lambda: f"shop/{next(_names)}")
    clock: float = 0.0  # how far it is off

    def __post_init__(self) -> None:
        span = self.limit.span
        seconds = span.seconds if isinstance(span, Rolling) else None
        period = span.period if isinstance(span, Calendar) else None
        self.db.execute(
            "INSERT INTO ops.budgets (connection, limit_name, declared, most, seconds, period, latest)"
            " VALUES (%s, %s, %s, %s, %s, %s, '1970-01-01')",
            [self.connection, self.limit.name, self.limit.permits, self.limit.permits, seconds, period],
        )

    def share(self, moment: float, process: str, ask: Any, elapsed: float | None) -> Part:
        row = self.db.execute(
            "SELECT * FROM ops.share_budget_at(%s, %s, %s, %s, %s, %s)",
            [
                START + timedelta(seconds=moment + self.clock),
                self.connection,
                process,
                elapsed,
                HOLD,
                json.dumps([ask]),
            ],
        ).fetchone()
        assert row is not None
        return Part(**row)

    def column(self, name: str) -> Any:
        row = self.db.execute(
            f"SELECT {name} AS it FROM ops.budgets WHERE connection = %s",
            [self.connection],
        ).fetchone()
        assert row is not None
        return row["it"]


class Process:
    """
    One that holds slots: its clock runs like any other, from a zero of its own.
    """

    def __init__(self, desk: Desk, name: str, zero: float = 0.0) -> None:
        self.desk, self.name, self.zero = desk, name, zero
        span = desk.limit.span
        assert isinstance(span, Rolling)
        self.meter = SlotMeter(desk.limit, span.seconds)
        self.heard: float | None = None
        self.valid_until = math.inf
        # When those in flight left, and until when the service has counted them: a call arrives within the time
        # that others take its process for alive, or nobody could ever have its slot.
        self.calls: list[tuple[float, float]] = []

    def ticks(self, moment: float) -> int:
        return round((moment - self.zero) * MICROSECONDS) + 1_000_000_000

    def exchange(self, moment: float, waiting: int = 0, urgent: int = 0, lost: str = "") -> None:
        """Once with the database; `lost` is the "question" or the "answer"."""
        self.wake(moment)
        ask = self.meter.ask(waiting, urgent, self.ticks(moment))
        part = None
        if lost != "question":
            elapsed = None if self.heard is None else moment - self.heard
            part = self.desk.share(moment, self.name, ask, elapsed)
        if part is None or lost:
            self.meter.unheard(ask, self.ticks(moment))
            return
        self.heard, self.valid_until = moment, moment + VALID
        self.meter.grant(part, self.ticks(moment))

    def leave(self, moment: float) -> None:
        """Give everything back."""
        self.wake(moment)
        self.meter.release(self.meter.most, self.ticks(moment))
        self.meter.spent = 0
        self.exchange(moment)

    def wake(self, moment: float) -> None:
        """Whatever it does, it first sees whether it slept for too long."""
        if moment > self.valid_until:
            self.meter.drop(self.ticks(moment))
            arrived = self.valid_until - VALID + HOLD
            self.calls = [(left, min(latest, arrived)) for left, latest in self.calls]
            self.valid_until = math.inf

    def call(self, moment: float) -> bool:
        self.wake(moment)
        if self.meter.wait(1, self.ticks(moment), BULK):
            return False
        self.meter.put(1, self.ticks(moment))
        self.calls.append((moment, math.inf))
        return True

    def answer(self, moment: float, place: int, counted: float, *, sent: bool = True) -> float | None:
        """A call is answered; answers when the service counted it, `counted` of the way."""
        left, latest = self.calls.pop(place % len(self.calls))
        self.meter.settle(1, self.ticks(moment), sent=sent)
        return min(left + (moment - left) * counted, latest) if sent else None


def rolling(most: int, seconds: float = 1.0) -> Limit:
    return Limit("burst", most, Rolling(seconds))


def fullest(uses: Iterable[float], seconds: float) -> int:
    """The most uses in any half-open span of `seconds`."""
    ordered = sorted(round(each * 1e6) for each in uses)
    span = round(seconds * 1e6) - 3  # moments pass through floats and whole microseconds
    return max((sum(1 for b in ordered if a <= b < a + span) for a in ordered), default=0)


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
    uses += [min(now, latest) for process in living.values() for _, latest in process.calls]

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


class Spender:
    """
    One that is handed parts of a day.
    """

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk, self.name = desk, name
        span = desk.limit.span
        assert isinstance(span, Calendar)
        self.meter = AllowanceMeter(desk.limit, span)

    def exchange(self, moment: float, lost: bool = False, **waiting: int) -> None:
        now = round(moment * MICROSECONDS)
        ask = self.meter.ask(waiting, now)
        part = self.desk.share(moment, self.name, ask, None)
        if lost:
            self.meter.unheard(ask, now)
        else:
            self.meter.grant(part, now)

    def spend(self, moment: float, number: int, lane: Lane = BULK) -> int:
        now = round(moment * MICROSECONDS)
        spent = 0
        while spent < number and not self.meter.wait(1, now, lane):
            self.meter.put(1, now)
            self.meter.settle(1, now, sent=True)
            spent += 1
        return spent


def daily(most: int, zone: str = "UTC", **reserved: float) -> Limit:
    return Limit("daily", most, Calendar("day", zone), reserved=reserved)


STINTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans(), st.booleans()), max_size=40
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stints=STINTS, most=st.integers(1, 30))
def test_never_more_than_the_limit_in_a_day(db: Connection, stints: list[Any], most: int) -> None:
    """
    Whoever spends, gives back, or never hears what it was handed.
    """
    desk = Desk(db, daily(most))
    spenders = {name: Spender(desk, name) for name in "abc"}
    spent = 0
    for step, (name, number, lost, back) in enumerate(stints):
        spenders[name].exchange(step / 100, lost=lost, bulk=number)
        spent += spenders[name].spend(step / 100, number)
        if back:
            spenders[name].meter.release(round(step / 100 * MICROSECONDS))

    assert spent <= most


def test_a_day_ends_where_the_account_is(db: Connection) -> None:
    """
    At noon in UTC it is 23:00 in Sydney: an hour later there is a new day's quota, and nothing before.
    """
    desk = Desk(db, daily(5, "Australia/Sydney"))
    a = Spender(desk, "a")
    spent = []
    for moment in (0.0, 0.5, 1800.0, 3540.0, 3606.0, 3606.5):
        for _ in range(4):  # in smaller and smaller parts
            a.exchange(moment, bulk=9)
            spent.append((moment, a.spend(moment, 9)))

    assert 5 == sum(number for moment, number in spent if moment < 3600)
    assert 5 == sum(number for moment, number in spent if moment > 3600)


def test_what_is_kept_for_people_is_not_spent_by_others(db: Connection) -> None:
    """
    Of ten a day three are for people, who get them when everything else is gone.
    """
    desk = Desk(db, daily(10, interactive=0.3))
    a = Spender(desk, "a")
    bulk = people = 0
    for step in range(10):
        a.exchange(step, bulk=9)
        bulk += a.spend(step, 9)
    for step in range(10, 16):
        a.exchange(step, interactive=9)
        people += a.spend(step, 9, INTERACTIVE)

    assert (7, 3) == (bulk, people)


def test_what_others_spend_of_a_day_is_gone(db: Connection) -> None:
    """
    The service says that 2 of 100 are left: no more than those two are handed out.
    """
    desk = Desk(db, daily(100))
    a = Spender(desk, "a")
    a.meter.read(Reading("daily", remaining=2), 0, 0)
    spent = 0
    for step in range(6):
        a.exchange(step, bulk=50)
        spent += a.spend(step, 50)

    assert 2 == spent


def test_what_was_borrowed_while_the_database_was_away_is_told(db: Connection) -> None:
    """
    A process that is alone takes a little, and it counts as soon as it can be told.
    """
    desk = Desk(db, daily(400))
    a = Spender(desk, "a")
    for _ in range(200):
        a.meter.borrow()
    alone = a.spend(0, 400)

    a.exchange(1)
    row = db.execute(
        "SELECT spent FROM ops.budget_periods WHERE connection = %s", [desk.connection]
    ).fetchone()

    assert 100 == alone
    assert row is not None
    assert 100 == row["spent"] - a.meter.held


def test_it_is_said_when_a_day_runs_out(db: Connection) -> None:
    """
    Half of it in half an hour: the rest lasts as long. Half of it by noon lasts until midnight.
    """
    db.execute(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, period, latest)"
        " SELECT c, 'day', 1000, 1000, 'month', now() FROM unnest(ARRAY['fast/a', 'slow/a']) AS u (c)"
    )
    db.execute(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, mark_at, before_at, before_spent)"
        " SELECT c, 'day', date_trunc('month', now() AT TIME ZONE 'UTC')::date, 500, now(), now() - interval '30 min', b"
        " FROM (VALUES ('fast/a', 0), ('slow/a', 500)) AS u (c, b)"
    )
    rows = {
        row["connection"]: row
        for row in db.execute("SELECT *, runs_out_at - now() AS lasts FROM budget_status").fetchall()
    }

    lasts = rows["fast/a"]["lasts"]
    assert timedelta(minutes=29) < lasts < timedelta(minutes=31) or rows["fast/a"]["resets_at"] < (
        datetime.now(UTC) + timedelta(minutes=31)
    )
    assert None is rows["slow/a"]["runs_out_at"]
    assert (500, 500) == (rows["slow/a"]["spent"], rows["slow/a"]["remaining"])


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


def test_what_was_left_yesterday_says_nothing_of_today(db: Connection) -> None:
    """
    An answer from before midnight that says "none left" and is told after it takes nothing from the new day.
    """
    desk = Desk(db, daily(100))
    a = Spender(desk, "a")
    midnight = 12 * 3600.0
    a.exchange(midnight - 60, bulk=5)
    a.meter.read(Reading("daily", remaining=0), 0, round((midnight - 0.5) * MICROSECONDS))

    a.exchange(midnight + 6, bulk=5)
    a.exchange(midnight + 6.5, bulk=5)

    assert 5 == a.spend(midnight + 6.5, 5)


def test_a_new_day_begins_when_it_has_begun_at_the_service_too(db: Connection) -> None:
    """
    The service's midnight may be seconds after ours: nothing of the new day is handed out at once.
    """
    desk = Desk(db, daily(5))
    a = Spender(desk, "a")
    midnight = 12 * 3600.0
    for step in range(6):
        a.exchange(midnight - 60 + step, bulk=9)
        a.spend(midnight - 60 + step, 9)

    a.exchange(midnight + 1, bulk=9)
    early = a.spend(midnight + 1, 9)
    a.exchange(midnight + 6, bulk=9)

    assert 0 == early
    assert 0 < a.spend(midnight + 6, 9)


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


def test_a_limit_may_become_one_of_another_kind(db: Connection) -> None:
    """
    What was 24 hours is a day now, and then a month.
    """
    desk = Desk(db, Limit("daily", 100, Rolling(86_400.0)))
    Process(desk, "a").exchange(0, waiting=3)

    for period, seconds in (("day", 43_200), ("month", 43_200 + 4 * 86_400)):
        desk.limit = Limit("daily", 100, Calendar(period))  # type: ignore[arg-type]
        b = Spender(desk, "b" + period)
        b.exchange(1, bulk=3)

        assert 3 == b.spend(1, 3)
        assert round((seconds - 1) * MICROSECONDS) == b.meter.until_end(MICROSECONDS) - 5 * MICROSECONDS


def test_a_day_that_is_another_one_now_keeps_what_was_spent(db: Connection) -> None:
    """
    One process hears that the account is in Sydney and another never does: both go by it, and 5 are spent once.
    """
    desk = Desk(db, daily(5))
    told, untold = Spender(desk, "told"), Spender(desk, "untold")
    moment, spent = 3600.0 + 60, 0  # it is tomorrow in Sydney
    for step in range(40):
        if step == 4:
            told.meter.move("Australia/Sydney")
        for each in (told, untold):
            each.exchange(moment + step, bulk=9)
            spent += each.spend(moment + step, 9)

    assert 5 == spent
    assert "Australia/Sydney" == desk.column("zone")


def test_years_of_days_are_not_kept(db: Connection) -> None:
    """
    What was spent more than 400 days ago is forgotten when a day begins.
    """
    desk = Desk(db, daily(5))
    a = Spender(desk, "a")
    for day in (0, 300, 401):
        a.exchange(86_400.0 * day)

    rows = db.execute("SELECT starts FROM ops.budget_periods WHERE connection = %s", [desk.connection])
    assert 2 == len(rows.fetchall())
