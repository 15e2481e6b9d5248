"""
Lists come whole, each record once, and end.
"""

from __future__ import annotations

from collections import Counter
from itertools import count, cycle

from aiohttp import web

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.testing.bench import Bench, cut, said, slam
from masterops.testing.kit import Said
from masterops.testing.suite import promise

MOST_REQUESTS = 200
STUBBORN = RetryPolicy(attempts=40, base=0.01, ceiling=0.02, deadline=60.0)


@promise("service")
async def every_record_is_read_once_to_the_last_page(bench: Bench) -> None:
    """
    Two and a half pages of a service that really pages.
    """
    wanted = bench.kit.page_size * 5 // 2
    async with bench.serving(wanted) as connector:
        found = await bench.ids(connector)

    assert wanted == len(found)
    assert wanted == len(set(found))


@promise("service")
async def a_last_page_that_is_full_loses_and_doubles_nothing(bench: Bench) -> None:
    """
    Exactly two pages of a service that really pages.
    """
    wanted = bench.kit.page_size * 2
    async with bench.serving(wanted) as connector:
        found = await bench.ids(connector)

    assert (wanted, wanted) == (len(found), len(set(found)))


@promise()
async def a_full_page_behind_which_nothing_comes_is_the_last(bench: Bench) -> None:
    """
    Also where a service can only say so by an empty page.
    """
    kit = bench.kit
    first, second = kit.numbers(kit.page_size), kit.numbers(kit.page_size, start=kit.page_size + 1)
    bench.script = [
        kit.page(first, 0, more=True),
        kit.page(second, 1, more=False),
        kit.page([], 2, more=False),
    ]

    assert first + second == await bench.ids(await bench.connector())


@promise()
async def one_short_page_is_read_whole(bench: Bench) -> None:
    """
    And nothing more is asked for, or one page at most.
    """
    kit = bench.kit
    bench.script = [kit.page(kit.numbers(3), 0, more=False), kit.page([], 1, more=False)]

    assert kit.numbers(3) == await bench.ids(await bench.connector())
    assert len(bench.arrived) <= 2


@promise()
async def an_empty_list_is_no_error(bench: Bench) -> None:
    """
    A new account has nothing.
    """
    bench.script = [bench.kit.page([], 0, more=False)]

    assert [] == await bench.ids(await bench.connector())


@promise("more pages after an empty one")
async def an_empty_page_in_the_middle_is_no_end(bench: Bench) -> None:
    """
    A service that filters after it has cut pages sends such.
    """
    kit = bench.kit
    first, last = kit.numbers(kit.page_size), kit.numbers(2, start=kit.page_size + 1)
    bench.script = [
        kit.page(first, 0, more=True),
        kit.page([], 1, more=True),
        kit.page(last, 2, more=False),
        kit.page([], 3, more=False),
    ]

    assert first + last == await bench.ids(await bench.connector())


@promise()
async def a_page_that_comes_for_ever_is_one_clear_error(bench: Bench) -> None:
    """
    Ending there would lose what is behind it, and nobody would know.
    """
    kit = bench.kit
    bench.script = [kit.page(kit.numbers(kit.page_size), 0, more=True)]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.UnexpectedAnswer)
    assert len(bench.arrived) <= 3


@promise()
async def a_page_that_repeats_under_a_new_cursor_is_one_clear_error(bench: Bench) -> None:
    """
    As of a service that does not look at which page it is asked for.
    """
    kit = bench.kit
    same = kit.numbers(kit.page_size)
    bench.script = [kit.page(same, number, more=True) for number in range(MOST_REQUESTS)]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.UnexpectedAnswer)
    assert len(bench.arrived) <= 3


@promise()
async def empty_pages_that_always_promise_more_come_to_an_end(bench: Bench) -> None:
    """
    With an error, or, where an empty page is the last, without.
    """
    kit = bench.kit
    bench.script = [kit.page([], number, more=True) for number in range(MOST_REQUESTS)]
    connector = await bench.connector()
    try:
        assert [] == await bench.ids(connector)
    except errors.UnexpectedAnswer as error:
        bench.raised.append(error)

    assert len(bench.arrived) < MOST_REQUESTS


@promise("service", "stable pages", "create", "delete")
async def records_that_come_and_go_meanwhile_cost_no_other_its_place(bench: Bench) -> None:
    """
    Whatever was there from the beginning to the end is read, and once.
    """
    kit = bench.kit
    async with bench.serving(kit.page_size * 5 // 2) as connector:
        before = await bench.ids(connector)
        gone, found = {before[1], before[kit.page_size + 2], before[-1]}, Counter[str]()
        async for row in kit.records(connector):
            found[kit.id_of(row)] += 1
            if sum(found.values()) == kit.page_size // 2:
                for id in gone:
                    await kit.delete(connector, id)
                for number in range(3):
                    await kit.create(connector, number)

    assert [] == [id for id in before if id not in gone and found[id] != 1]
    assert 1 == max(found.values())


@promise("service", "create")
async def records_that_come_meanwhile_double_no_other(bench: Bench) -> None:
    """
    Whatever was there at the beginning is read, and nothing twice.
    """
    kit = bench.kit
    async with bench.serving(kit.page_size * 3 // 2) as connector:
        before = await bench.ids(connector)
        found = Counter[str]()
        async for row in kit.records(connector):
            found[kit.id_of(row)] += 1
            if sum(found.values()) == 1:
                for number in range(3):
                    await kit.create(connector, number)

    assert [] == [id for id in before if found[id] != 1]
    assert 1 == max(found.values())


@promise()
async def no_page_is_asked_for_before_it_is_needed(bench: Bench) -> None:
    """
    Whoever stops at the first record has asked for one page, and the memory holds no more.
    """
    kit = bench.kit
    bench.script = [kit.page(kit.numbers(kit.page_size), 0, more=True)]
    rows = kit.records(await bench.connector())
    first = kit.id_of(await anext(rows))
    await rows.aclose()  # type: ignore[attr-defined]  # every list is a generator

    assert (kit.numbers(1), 1) == ([first], len(bench.arrived))


@promise()
async def a_fault_in_the_middle_costs_no_record_and_doubles_none(bench: Bench) -> None:
    """
    The page that failed is asked for again, from the same place.
    """
    kit = bench.kit
    first, last = kit.numbers(kit.page_size), kit.numbers(2, start=kit.page_size + 1)
    bench.script = [
        kit.page(first, 0, more=True),
        kit.error(503, "Try again."),
        kit.page(last, 1, more=False),
        kit.page([], 2, more=False),
    ]

    assert first + last == await bench.ids(await bench.connector())
    assert bench.arrived[1].raw_path == bench.arrived[2].raw_path


@promise()
async def a_fault_for_good_in_the_middle_is_raised_and_no_end(bench: Bench) -> None:
    """
    Half of a list that looks like a whole one would be believed.
    """
    kit = bench.kit
    bench.script = [kit.page(kit.numbers(kit.page_size), 0, more=True), kit.error(500, "Broken.")]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.RemoteError)


@promise("service")
async def a_storm_of_faults_costs_no_record_and_doubles_none(bench: Bench) -> None:
    """
    Two of three requests fail, each in another way than the one before.
    """
    kit, asked, wanted = bench.kit, count(), bench.kit.page_size * 4 + 1
    page = kit.page(kit.numbers(2), 0, more=False)
    faults = cycle(
        [
            lambda request: _gives(kit.error(429, "Slow down.")),
            lambda request: _gives(kit.error(500, "Broken.")),
            lambda request: _gives(kit.error(503, "Later.")),
            lambda request: _gives(Said(200, page.body[:-3])),
            cut(page),
            slam,
        ]
    )

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        well = next(asked) % 3 == 2
        return await (bench.passed_on(request) if well else next(faults)(request))

    async with bench.serving(wanted) as connector:
        calm = await bench.ids(connector)
        bench.script = [play]
        stormy = await bench.ids(await bench.connector(at=bench.address, policy=STUBBORN))

    assert wanted == len(calm)
    assert calm == stormy
    assert 2 * len(calm) // kit.page_size <= len([each for each in bench.metrics if not each.success])


async def _gives(answer: Said) -> web.StreamResponse:
    return said(answer)
