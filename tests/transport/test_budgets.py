"""
Callers wait for their permits, and nobody takes one along.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from collections.abc import Sequence

import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.hubspot.connector import target
from masterops.core.backoff import RetryPolicy
from masterops.core.budgets import BULK, INTERACTIVE, Calendar, Concurrent, Limit, Reading, Rolling
from masterops.logs import Logger
from masterops.sandbox import token_for
from masterops.sandbox.hubspot.limits import Limits
from masterops.transport import Budget, Problem, Request, Target, Transport, in_lane
from tests.connectors.conftest import Twin, running_twin
from tests.transport.conftest import Rig, answer

ONE_AT_ONCE = (Limit("at once", 1, Concurrent()),)
PAGE = Request("GET", "/crm/objects/2026-03/contacts", "contacts.list")
SCALED = Limits(burst=20, burst_seconds=0.5, search=1000)
FAST = (Limit("burst", 20, Rolling(0.5), reserved={INTERACTIVE: 0.05}), Limit("day", 9999, Calendar("day")))


def target_of(twin: Twin, limits: Sequence[Limit] = FAST) -> Target:
    values = {"access_token": Secret(token_for("hubspot", "teelixir")), "base_url": f"{twin.url}/hubspot"}
    connection = Connection("hubspot/teelixir", "hubspot", "teelixir", values)
    return dataclasses.replace(target(connection), limits=tuple(limits))


def transport_of(twin: Twin) -> Transport:
    return Transport(log=Logger(twin), measure=twin.metrics.append, policy=RetryPolicy(deadline=30))


async def test_no_call_is_ever_refused_however_many_come_at_once() -> None:
    """
    Seventy at once against a service that lets twenty in per half second: it refuses none, nothing fails.
    """
    async with running_twin(limits=SCALED) as twin, transport_of(twin) as transport:
        goal = target_of(twin)
        await asyncio.gather(*(transport.call(goal, PAGE, bytes) for _ in range(70)))

    assert [200] * 70 == [metric.status_code for metric in twin.metrics]


async def test_the_first_answer_tells_how_much_may_be_spent() -> None:
    """
    We begin with the smallest plan, and the headers raise it: forty calls go without a wait.
    """
    limits = Limits(burst=190, burst_seconds=600.0)
    async with running_twin(limits=limits) as twin, transport_of(twin) as transport:
        goal = target_of(twin, (Limit("burst", 3, Rolling(600.0)), Limit("day", 5, Calendar("day"))))
        await transport.call(goal, PAGE, bytes)
        await asyncio.gather(*(transport.call(goal, PAGE, bytes) for _ in range(40)))
        left = transport.budget(goal).left()

    assert 149 == left["burst"]
    assert 1_000 < left["day"] <= 250_000 - 41


async def test_calls_of_others_are_left_room_for() -> None:
    """
    Another program with the same token has spent most of the window: its calls are seen in the headers.
    """
    limits = Limits(burst=30, burst_seconds=600.0)
    async with running_twin(limits=limits) as twin, transport_of(twin) as ours, transport_of(twin) as theirs:
        goal = target_of(twin, (Limit("burst", 30, Rolling(600.0)),))
        await asyncio.gather(*(theirs.call(goal, PAGE, bytes) for _ in range(25)))
        await ours.call(goal, PAGE, bytes)
        left = ours.budget(goal).left()
        for _ in range(4):
            await ours.call(goal, PAGE, bytes)
        with pytest.raises(errors.BudgetExhausted):
            await ours.call(goal, PAGE, bytes)

    assert {"burst": 4} == left
    assert {200} == {metric.status_code for metric in twin.metrics}


async def test_a_storm_of_refusals_ends_with_every_call_done(rig: Rig) -> None:
    """
    Retry-After of half a second: the whole connection waits, not only the call that was told.
    """
    rig.answers = [answer(429, Retry_After="0.5"), answer(500), answer(429, Retry_After="0"), answer()]
    goal = dataclasses.replace(rig.target, limits=(Limit("burst", 50, Rolling(1.0)),))
    loop = asyncio.get_running_loop()
    async with Transport(
        log=Logger(rig.notebook),
        measure=rig.notebook.metrics.append,
        policy=RetryPolicy(attempts=9, base=0.01, ceiling=0.05),
    ) as transport:
        begun = loop.time()
        first = asyncio.create_task(transport.call(goal, Request("GET", "/a", "a"), bytes))
        await rig.arrived.wait()
        others = [transport.call(goal, Request("GET", "/a", "a"), bytes) for _ in range(5)]
        done = await asyncio.gather(first, *others)

    assert [b"ok"] * 6 == done
    assert [429, 500, 429] == [each.status_code for each in rig.notebook.metrics if each.status_code != 200]
    assert loop.time() - begun >= 0.5


async def test_a_quota_that_the_service_calls_used_up_is_not_asked_again(rig: Rig) -> None:
    """
    The next call is told at once, with the moment when the day is over.
    """
    goal = dataclasses.replace(
        rig.target,
        limits=(Limit("day", 100, Calendar("day")),),
        explain=lambda reply: Problem("spent", errors.QuotaExhausted),
    )
    rig.answers = [answer(429)]
    async with Transport(log=Logger(rig.notebook), measure=rig.notebook.metrics.append) as transport:
        for _ in range(3):
            with pytest.raises(errors.QuotaExhausted) as caught:
                await transport.call(goal, Request("GET", "/a", "a"), bytes)

    assert 1 == len(rig.asked)
    assert "day" == caught.value.facts["limit"]
    assert ["error"] * 3 == [record.status for record in rig.notebook.records]


async def test_a_wait_that_cannot_fit_is_refused_at_once_with_when_it_would_be_free(rig: Rig) -> None:
    """
    Nothing is sent; the error says how long, and is written down like any other.
    """
    rig.answers = [answer()]
    goal = dataclasses.replace(rig.target, limits=(Limit("burst", 1, Rolling(600.0)),))
    async with Transport(log=Logger(rig.notebook), measure=rig.notebook.metrics.append) as transport:
        await transport.call(goal, Request("GET", "/a", "a"), bytes)
        with pytest.raises(
            errors.BudgetExhausted, match="limit 'burst' is used up, free again in 9 min"
        ) as caught:
            await transport.call(goal, Request("GET", "/a", "a"), bytes)

    assert 590 < caught.value.retry_after <= 601  # type: ignore[operator]
    assert 1 == len(rig.asked)
    assert ["success", "error"] == [record.status for record in rig.notebook.records]


async def test_a_persons_call_goes_before_the_bulk_work_that_waits() -> None:
    """
    The lane comes from the work that a call is part of.
    """
    budget = Budget("a/b", ONE_AT_ONCE)
    first = await budget.acquire()
    order: list[str] = []

    async def one(name: str, lane: str) -> None:
        (await budget.acquire(lane=lane)).settle(sent=True)
        order.append(name)

    tasks = [asyncio.create_task(one(f"bulk {n}", BULK)) for n in range(3)]
    tasks.append(asyncio.create_task(one("person", INTERACTIVE)))
    await asyncio.sleep(0)
    first.settle(sent=True)
    await asyncio.gather(*tasks)

    assert ["person", "bulk 0", "bulk 1", "bulk 2"] == order


async def test_a_ping_finds_room_under_a_bulk_read() -> None:
    """
    All that bulk work may spend is spent for ten minutes; a permit is kept for whoever does not wait.
    """
    async with (
        running_twin(limits=Limits(burst=20, burst_seconds=600.0)) as twin,
        transport_of(twin) as transport,
    ):
        goal = target_of(twin, (Limit("burst", 20, Rolling(600.0), reserved={INTERACTIVE: 0.05}),))
        await asyncio.gather(*(transport.call(goal, PAGE, bytes) for _ in range(19)))
        with pytest.raises(errors.BudgetExhausted):
            await transport.call(goal, PAGE, bytes)
        with in_lane(INTERACTIVE):
            await transport.call(goal, PAGE, bytes)

    assert [200] * 20 == [metric.status_code for metric in twin.metrics]


async def test_waiters_who_are_cancelled_leave_nothing_behind() -> None:
    """
    Whether cancelled while waiting, or in the moment between being let go and knowing it.
    """
    budget = Budget("a/b", ONE_AT_ONCE)
    for _ in range(50):
        held = await budget.acquire()
        waiting = [asyncio.create_task(budget.acquire()) for _ in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        held.settle(sent=True)
        waiting[1].cancel()
        await asyncio.sleep(0)
        (await waiting[2]).settle(sent=False)
        (await waiting[3]).settle(sent=True)

    assert ({"at once": 1}, 0) == (budget.left(), budget.waiting())


async def test_a_permit_whose_holder_crashed_comes_back() -> None:
    """
    It counts as used, and the next caller goes.
    """
    budget = Budget("a/b", ONE_AT_ONCE)

    async def crash() -> None:
        _ = await budget.acquire()
        raise RuntimeError

    await asyncio.gather(crash(), return_exceptions=True)
    gc.collect()

    (await asyncio.wait_for(budget.acquire(), 5)).settle(sent=True)


async def test_a_call_that_never_left_costs_nothing(rig: Rig) -> None:
    """
    Nothing answers at that port: the window is as free as before.
    """
    goal = dataclasses.replace(
        rig.target, base_url="http://127.0.0.1:9", limits=(Limit("burst", 2, Rolling(600.0)),)
    )
    async with Transport(
        log=Logger(rig.notebook), measure=rig.notebook.metrics.append, policy=RetryPolicy(attempts=1)
    ) as transport:
        for _ in range(5):
            with pytest.raises(errors.NetworkError):
                await transport.call(goal, Request("GET", "/a", "a"), bytes)
        left = transport.budget(goal).left()

    assert {"burst": 2} == left


async def test_those_who_wait_are_told_when_the_service_stops_us_for_longer_than_they_can() -> None:
    """
    At once, and not when their time is over.
    """
    budget = Budget("a/b", ONE_AT_ONCE)
    held = await budget.acquire()
    waiting = asyncio.create_task(budget.acquire(deadline=300))
    patient = asyncio.create_task(budget.acquire())
    await asyncio.sleep(0)
    budget.stop("calls", 950)

    with pytest.raises(errors.BudgetExhausted, match="it asked us to wait, free again in 15 min"):
        await waiting
    assert 1 == budget.waiting()
    patient.cancel()
    held.settle(sent=True)


async def test_a_limit_that_is_raised_lets_those_go_who_wait() -> None:
    """
    And a weight that can never be had is refused, not waited for.
    """
    budget = Budget("a/b", (Limit("burst", 1, Rolling(600.0)),))
    held = await budget.acquire()
    waiting = [asyncio.create_task(budget.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    budget.read(held, [Reading("burst", 4)])
    held.settle(sent=True)

    assert [1, 1, 1] == [(await each).weight for each in waiting]
    for weight in (0, -1, 5):
        with pytest.raises(errors.BadValue):
            await budget.acquire(weight=weight)


async def test_a_call_that_a_shrunken_limit_can_never_let_through_is_refused() -> None:
    """
    It would wait for ever, and all behind it.
    """
    budget = Budget("a/b", (Limit("burst", 10, Rolling(0.05)),))
    held = await budget.acquire(weight=10)
    heavy = asyncio.create_task(budget.acquire(weight=8))
    light = asyncio.create_task(budget.acquire(weight=2))
    await asyncio.sleep(0)
    budget.read(held, [Reading("burst", 4)])
    held.settle(sent=True)

    with pytest.raises(errors.BadValue, match="can cost from 1 to 4"):
        await heavy
    assert 2 == (await light).weight
