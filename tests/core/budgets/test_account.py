"""
What a service counts never exceeds its limits, whatever callers and network do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops.core.budgets import (
    BULK,
    INTERACTIVE,
    NEVER,
    Account,
    Calendar,
    Clock,
    Concurrent,
    Limit,
    Reading,
    Rolling,
    TokenBucket,
)
from masterops.errors import BadValue
from tests.core.budgets.service import NOON, SECOND, World, play, schedules

LANES = (BULK, INTERACTIVE, "month-end")
HUB = (
    Limit("burst", 7, Rolling(2.0), frozenset({"calls"}), reserved={INTERACTIVE: 0.2}),
    Limit("search", 3, Rolling(0.5), frozenset({"search"})),
    Limit("minute", 20, Rolling(6.0)),
    Limit("at once", 6, Concurrent()),
)


@settings(max_examples=300, deadline=None)
@given(steps=schedules(("calls", "search"), LANES, 3 * SECOND), when=st.floats(0, 1))
def test_no_window_of_the_service_holds_more_than_its_limit(steps: list[Any], when: float) -> None:
    """
    Several limits, weights, lanes and buckets at once; the service counts each call when it likes between its
    leaving and its answer, and some are given back.
    """
    world = World(HUB)
    play(world, steps)
    world.end(when)

    assert world.worst(2.0, "calls") <= 7
    assert world.worst(0.5, "search") <= 3
    assert world.worst(6.0) <= 20
    assert sum(call.weight for call in world.under_way) <= 6


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.tuples(schedules(("calls",), (BULK,), 3 * SECOND), st.integers(1, 9)), min_size=1, max_size=3
    )
)
def test_a_limit_that_changes_meanwhile_holds_at_once(parts: list[tuple[list[Any], int]]) -> None:
    """
    No window holds more than the largest limit that was known in it, and what is spent is not forgotten.
    """
    world = World((Limit("burst", 5, Rolling(2.0)),))
    known = [5]
    for steps, permits in parts:
        play(world, steps)
        world.account.read("calls", [Reading("burst", permits)], (0,), world.now)
        known.append(permits)
    play(world, parts[0][0])
    world.end(0.5)

    assert world.worst(2.0) <= max(known)
    quiet = world.now
    world.counted = [call for call in world.counted if call.left >= quiet]
    world.now += 2 * SECOND + 1
    for _ in range(12):
        world.take("calls", 1, BULK)
    assert len(world.under_way) <= max(known)


@settings(max_examples=300, deadline=None)
@given(
    steps=schedules(("calls",), (BULK,), 20 * SECOND),
    skew=st.floats(-4.9, 4.9),
    before=st.integers(0, 60),
    when=st.floats(0, 1),
)
def test_no_day_of_the_service_holds_more_than_its_quota(
    steps: list[Any], skew: float, before: int, when: float
) -> None:
    """
    Around midnight, with a clock at the service that is up to five seconds off, and slow calls.
    """
    wall = datetime.combine(NOON.date() + timedelta(days=1), datetime.min.time(), NOON.tzinfo)
    world = World((Limit("day", 6, Calendar("day")),), wall=wall - timedelta(seconds=before))
    play(world, steps)
    world.end(when)

    days: dict[object, int] = {}
    for call in world.counted:
        day = (world.moment(call.counted) + timedelta(seconds=skew)).date()
        days[day] = days.get(day, 0) + call.weight
    assert max(days.values(), default=0) <= 6


@settings(max_examples=100, deadline=None)
@given(steps=schedules(("calls",), (BULK,), SECOND))
def test_all_that_may_be_spent_can_be_spent(steps: list[Any]) -> None:
    """
    Whatever went before: once all is answered and a window has passed, the whole limit is there.
    """
    world = World((Limit("burst", 7, Rolling(2.0)),))
    play(world, steps)
    while world.under_way:
        world.answer(0, 1.0)
    world.now += 2 * SECOND + 1

    assert {"burst": 7} == world.account.left(world.now)
    assert [0] * 7 == [world.take("calls", 1, BULK) for _ in range(7)]
    assert NEVER == world.take("calls", 1, BULK)


def test_a_wait_is_exact() -> None:
    """
    One microsecond before its end the answer is no, at its end it is yes.
    """
    world = World((Limit("burst", 2, Rolling(2.0)),))
    for _ in range(2):
        world.take("calls", 1, BULK)
    world.now += 5
    world.answer(0, 1.0)
    wait = world.take("calls", 1, BULK)

    world.now += wait - 1
    early = world.take("calls", 1, BULK)
    world.now += 1
    assert (1, 0) == (early, world.take("calls", 1, BULK))


def test_all_limits_are_spent_or_none() -> None:
    """
    A call that one limit refuses takes nothing from the others.
    """
    world = World((Limit("wide", 9, Rolling(2.0)), Limit("narrow", 1, Rolling(2.0), frozenset({"calls"}))))

    assert [0, NEVER, NEVER] == [world.take("calls", 1, BULK) for _ in range(3)]
    assert {"wide": 8, "narrow": 0} == world.account.left(world.now)


def test_what_is_reserved_is_there_for_its_lane_alone() -> None:
    """
    Bulk work ends at the reserve; the lane it is kept for goes on.
    """
    world = World((Limit("day", 10, Calendar("day"), reserved={"month-end": 0.2}),))

    bulk = sum(not world.take("calls", 1, BULK) for _ in range(12))
    kept = sum(not world.take("calls", 1, "month-end") for _ in range(12))

    assert (8, 2) == (bulk, kept)


def test_others_calls_are_seen_in_the_headers_and_our_own_are_not_taken_for_theirs() -> None:
    """
    The service says that 6 of 10 are left after one call of ours: 3 were others'.
    """
    world = World((Limit("burst", 10, Rolling(2.0)),))
    world.take("calls", 1, BULK)
    marks = world.account.marks("calls")
    world.account.read("calls", [Reading("burst", 10, 6)], marks, world.now)

    assert {"burst": 6} == world.account.left(world.now)
    assert 6 == sum(not world.take("calls", 1, BULK) for _ in range(12))
    world.now += 2 * SECOND + 1
    assert {"burst": 3} == world.account.left(world.now)


@settings(max_examples=200, deadline=None)
@given(steps=schedules(("calls",), (BULK,), SECOND), when=st.floats(0, 1))
def test_alone_at_a_service_nobody_else_is_ever_seen(steps: list[Any], when: float) -> None:
    """
    Headers that count our own calls only, read late and out of order, take nothing from us.
    """
    limit = (Limit("burst", 7, Rolling(2.0)),)
    read, unread = World(limit), World(limit)
    for world in (read, unread):
        marks: dict[int, tuple[int, ...]] = {}
        for step in steps:
            play(world, [step])
            for call in world.under_way:
                marks.setdefault(id(call), world.account.marks("calls"))
            if world is read and world.under_way:
                call = world.under_way[0]
                seen = sum(
                    c.weight
                    for c in world.counted + world.under_way
                    if c.left <= call.left and (c.counted or c.left) > call.left - 2 * SECOND
                )
                left = [Reading("burst", 7, max(0, 7 - seen))]
                world.account.read("calls", left, marks[id(call)], world.now)

    assert unread.granted == read.granted


@pytest.mark.parametrize(
    "reading",
    [
        Reading("burst", permits=0),
        Reading("burst", permits=-5, remaining=-1),
        Reading("burst", permits=10**18),
        Reading("burst", seconds=0.0),
        Reading("burst", seconds=float("nan")),
        Reading("burst", seconds=1e30),
        Reading("unheard of", permits=1),
    ],
    ids=str,
)
def test_nonsense_in_headers_changes_nothing(reading: Reading) -> None:
    """
    A service that lies does not stop us and does not let us loose.
    """
    world = World((Limit("burst", 5, Rolling(2.0)),))
    world.take("calls", 1, BULK)
    world.account.read("calls", [reading], world.account.marks("calls"), world.now)

    assert 4 == sum(not world.take("calls", 1, BULK) for _ in range(9))
    world.answer(0, 1.0)
    assert 2 * SECOND + 1 == world.take("calls", 1, BULK)


def test_a_number_that_a_person_chose_is_lowered_and_never_raised() -> None:
    """
    The service may lower it.
    """
    account = World((Limit("burst", 50, Rolling(2.0), pinned=True),)).account

    for said, left in ((190, 50), (20, 20), (190, 50)):
        account.read("calls", [Reading("burst", said)], (0,), 0)
        assert {"burst": left} == account.left(0)


def test_a_stop_holds_all_of_its_bucket_and_no_other_and_ends() -> None:
    """
    A service that asks for a year is asked again after an hour.
    """
    world = World(HUB)
    world.account.stop("calls", 365 * 86_400 * SECOND, world.now)

    assert (3600 * SECOND, 0) == (world.take("calls", 1, BULK), world.take("search", 1, BULK))
    world.now += 3600 * SECOND
    assert 0 == world.take("calls", 1, BULK)
    world.account.stop("calls", -5, world.now)
    assert 0 == world.take("calls", 1, BULK)


def test_a_day_that_the_service_calls_spent_is_asked_about_now_and_then() -> None:
    """
    One call in thirty seconds; when it goes well and says nothing of the day, calls go on.
    """
    world = World((Limit("day", 100, Calendar("day")),))
    world.take("calls", 1, BULK)
    world.answer(0, 1.0)
    world.account.exhaust("calls", world.now)
    refused = world.take("calls", 1, BULK)
    world.now += 30 * SECOND

    assert refused > 40_000 * SECOND
    assert [0, True] == [world.take("calls", 1, BULK), world.take("calls", 1, BULK) > 0]
    world.account.went_well("calls", [])
    assert 0 == world.take("calls", 1, BULK)


def test_a_clock_on_the_wall_that_is_set_and_set_back_changes_no_count() -> None:
    """
    Forward over midnight and back, and backward.
    """
    world = World((Limit("day", 5, Calendar("day")),))
    for _ in range(3):
        world.take("calls", 1, BULK)
    for hours in (14, 0, -20, 0):
        world.now += SECOND
        world.account.tell_clock(Clock(world.now, NOON + timedelta(hours=hours)))

    assert {"day": 2} == world.account.left(world.now)


def test_the_month_ends_where_the_account_is() -> None:
    """
    In Melbourne the first of April begins thirteen hours before it does in London.
    """
    wall = datetime.fromisoformat("2026-03-31T12:00:00+00:00")
    world = World((Limit("month", 1, Calendar("month", "Australia/Melbourne")),), wall=wall)
    world.take("calls", 1, BULK)

    assert 3605 * SECOND == world.take("calls", 1, BULK)


def test_a_learned_limit_grows_when_it_is_felt_and_is_halved_once_a_window() -> None:
    """
    Additive increase, multiplicative decrease: twenty refusals that come together are one.
    """
    world = World((Limit("rate", 4, Rolling(1.0), learned=True),))
    for _ in range(8):
        while not world.take("calls", 1, BULK):
            pass
        while world.under_way:
            world.answer(0, 1.0)
            world.account.went_well("calls", [])
        world.now += SECOND + 1
    grown = world.account.learned()["rate"]
    for _ in range(20):
        world.account.stop("calls", 0, world.now)

    assert 4 < grown <= 12
    assert {"rate": grown // 2} == world.account.learned()


def test_a_token_bucket_is_what_it_is() -> None:
    """
    Full at first, refilled by time: nearly twice its size in one window, which is why it is no rolling limit.
    """
    world = World((Limit("cost", 40, TokenBucket(20.0)),))
    first = sum(not world.take("calls", 4, BULK) for _ in range(20))
    wait = world.take("calls", 1, BULK)
    world.now += 2 * SECOND

    assert (10, 50_000, 10) == (first, wait, sum(not world.take("calls", 4, BULK) for _ in range(20)))


@pytest.mark.parametrize(
    ("permits", "span", "reserved"),
    [
        (0, Rolling(1.0), {}),
        (-1, Concurrent(), {}),
        (10**7, Rolling(1.0), {}),
        (1, Rolling(0.0), {}),
        (1, Rolling(float("nan")), {}),
        (1, Rolling(1e9), {}),
        (1, TokenBucket(0.0), {}),
        (1, Calendar("day", "Mars/Olympus"), {}),
        (1, Concurrent(), {BULK: 1.0}),
        (1, Concurrent(), {BULK: -0.1}),
    ],
)
def test_what_is_no_limit_is_refused(permits: int, span: Any, reserved: dict[str, float]) -> None:
    """
    With its name.
    """
    with pytest.raises(BadValue, match="odd"):
        Limit("odd", permits, span, reserved=reserved)


def test_a_late_caller_knows_how_long_the_line_is() -> None:
    """
    The 25th of 25 who wait for ten in two seconds waits two windows more.
    """
    account = Account((Limit("burst", 10, Rolling(2.0)),), Clock(0, NOON))
    for _ in range(10):
        account.take("calls", 1, 0, BULK)
        account.settle("calls", 1, 0, 0, sent=True)

    assert 3 * (2 * SECOND + 1) == account.obstacle("calls", 25, 0, BULK).wait
