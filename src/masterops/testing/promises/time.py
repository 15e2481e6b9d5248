"""
Everything ends in time, and whoever goes away leaves nothing behind.
"""

from __future__ import annotations

import asyncio

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.testing.bench import Bench, hang
from masterops.testing.suite import promise

DEADLINE = RetryPolicy(attempts=1_000, base=0.05, ceiling=0.1, deadline=0.5)
LATE = 10.0  # seconds after which it has surely not kept a deadline of half a second, on any machine


@promise(cases=["waits", "answer"])
async def the_deadline_covers_attempts_waits_and_answers(bench: Bench, case: str) -> None:
    """
    A service that always fails, and one that never answers.
    """
    bench.script = [bench.kit.error(503, "Later.") if case == "waits" else hang]
    connector = await bench.connector(policy=DEADLINE, sleep=asyncio.sleep, timeout=60.0)
    begun = clock.ticks()

    error = await bench.fails(bench.kit.get(connector, "1"))

    assert isinstance(error, (errors.ServerFailed, errors.Timeout))
    assert clock.ticks() - begun < LATE


@promise()
async def a_call_that_is_cancelled_while_it_waits_for_its_answer_is_written_down(bench: Bench) -> None:
    """
    As cancelled, in metrics and log; the next call goes as ever.
    """
    kit = bench.kit
    bench.script = [hang, kit.record("1")]
    connector = await bench.connector()
    call = asyncio.ensure_future(kit.get(connector, "1"))
    await bench.here.wait()
    call.cancel()
    end = (await asyncio.gather(call, return_exceptions=True))[0]
    await bench.until(lambda: len(bench.records) == 1)
    after = await kit.get(connector, "1")

    assert isinstance(end, asyncio.CancelledError)
    assert "1" == kit.id_of(after)
    assert [False, True] == [each.success for each in bench.metrics]
    assert "cancelled" in str(bench.metrics[0].error_message)


@promise()
async def a_call_that_is_cancelled_between_two_attempts_ends_at_once(bench: Bench) -> None:
    """
    It does not wait until it would have been sent again.
    """
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.sleep(3600)

    bench.script = [bench.kit.error(503, "Later.")]
    call = asyncio.ensure_future(bench.kit.get(await bench.connector(sleep=sleep), "1"))
    await waiting.wait()
    call.cancel()
    end = (await asyncio.gather(call, return_exceptions=True))[0]
    await bench.until(lambda: len(bench.records) == 1)

    assert isinstance(end, asyncio.CancelledError)
    assert 1 == len(bench.arrived)


@promise("create", "unsafe create")
async def a_create_that_is_cancelled_on_its_way_is_in_doubt_and_written_down_so(bench: Bench) -> None:
    """
    It may have been made.
    """
    bench.script = [hang]
    call = asyncio.ensure_future(bench.kit.create(await bench.connector(), 1))
    await bench.here.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await bench.until(lambda: len(bench.records) == 1)

    assert ["outcome_unknown"] == [each.error_category for each in bench.metrics]


@promise()
async def a_list_that_is_cancelled_in_the_middle_leaves_nothing_behind(bench: Bench) -> None:
    """
    No request is made any more, and no task is left.
    """
    kit = bench.kit
    bench.script = [kit.page(kit.numbers(kit.page_size), 0, more=True), hang]
    reading = asyncio.ensure_future(bench.ids(await bench.connector()))
    await bench.until(lambda: len(bench.arrived) == 2)
    reading.cancel()
    end = (await asyncio.gather(reading, return_exceptions=True))[0]

    assert isinstance(end, asyncio.CancelledError)
    assert 2 == len(bench.arrived)


@promise("service")
async def calls_in_flight_together_each_get_their_own_answer(bench: Bench) -> None:
    """
    And one that is not there costs the others nothing, nor do those that are cancelled.
    """
    kit = bench.kit
    async with bench.serving(40) as connector:
        ids = (await bench.ids(connector))[:40]
        calls = [asyncio.ensure_future(kit.get(connector, id)) for id in [*ids, "999999999999"]]
        for call in calls[:-1:7]:
            call.cancel()
        ends = await asyncio.gather(*calls, return_exceptions=True)

    *found, missing = ends
    bench.raised += [each for each in ends if isinstance(each, Exception)]
    assert isinstance(missing, errors.NotFound)
    for place, (id, end) in enumerate(zip(ids, found, strict=True)):
        assert isinstance(end, asyncio.CancelledError) if place % 7 == 0 else kit.id_of(end) == id
