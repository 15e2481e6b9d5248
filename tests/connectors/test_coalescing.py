"""
Calls that travel together: who goes with whom, and what each of them gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.connectors.coalescing import Coalescer, Coalescing, Lineup, Waiting

IDS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5).map(str)), max_size=60)


def call(id: str, group: str = "g") -> Waiting[str]:
    return Waiting(group, id, id)


@given(IDS, st.integers(1, 7))
def test_every_call_travels_once_and_those_of_one_id_one_after_the_other(
    asked: list[tuple[str, str]], most: int
) -> None:
    """
    Whatever is asked in whatever order: no request is too large, mixes groups or holds an id twice.
    """
    lineup: Lineup[Waiting[str]] = Lineup(most, shared=False)
    calls = [call(id, group) for group, id in asked]
    travelled: list[Waiting[str]] = []

    for each in calls:
        lineup.add(each)
    while taken := lineup.take():
        assert len(taken) <= most
        assert 1 == len({each.group for each in taken})
        assert len(taken) == len({each.id for each in taken})
        travelled += taken
        lineup.landed(taken)

    assert sorted(map(id, calls)) == sorted(map(id, travelled))
    for key in {each.key for each in calls}:
        assert [each for each in calls if each.key == key] == [each for each in travelled if each.key == key]


@given(IDS, st.integers(1, 7))
def test_calls_for_the_same_travel_as_one(asked: list[tuple[str, str]], most: int) -> None:
    """
    Shared: each id once, in the order in which it was first asked for.
    """
    lineup: Lineup[Waiting[str]] = Lineup(most, shared=True)

    for group, id in asked:
        lineup.add(call(id, group))
    travelled = [each.key for taken in iter(lineup.take, []) for each in taken]

    for group in "ab":
        first = dict.fromkeys((g, id) for g, id in asked if g == group)
        assert list(first) == [key for key in travelled if key[0] == group]


def test_one_that_is_on_its_way_is_not_joined() -> None:
    """
    Its answer may be older than the question.
    """
    lineup: Lineup[Waiting[str]] = Lineup(9, shared=True)
    first, second = call("1"), call("1")

    lineup.add(first)
    lineup.take()

    assert second is lineup.add(second)
    assert [second] == lineup.take()


class Service:
    """
    Answers after a turn of the loop, and remembers what it was asked.
    """

    def __init__(self, fails: Exception | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.fails = fails
        self.flying = self.most_flying = 0
        self.arrived, self.answers = asyncio.Event(), asyncio.Event()
        self.answers.set()

    async def alone(self, question: str) -> str:
        return (await self._answer([question]))[0]

    async def together(self, questions: Sequence[str]) -> list[str | Exception | None]:
        return [KeyError(q) if q == "missing" else q for q in await self._answer(questions)]

    async def _answer(self, questions: Sequence[str]) -> list[str]:
        self.asked.append(tuple(questions))
        self.arrived.set()
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            await self.answers.wait()
            await asyncio.sleep(0)
            if self.fails and "bad" in questions:
                raise self.fails
        finally:
            self.flying -= 1
        return list(questions)

    def coalescer(self, *, most: int = 10, shared: bool = True, split: bool = False) -> Coalescer[str, str]:
        rules = Coalescing(most=most, seconds=0.001, parallel=3, shared=shared)
        return Coalescer(rules, self.alone, self.together, split=lambda error: split)


async def test_many_at_once_are_few_requests_in_order_of_arrival() -> None:
    """
    Each gets its own answer; no more requests fly than the rules say.
    """
    service = Service()
    coalescer = service.coalescer()

    answers = await asyncio.gather(*(coalescer.ask("g", str(n), str(n)) for n in range(105)))

    assert [str(n) for n in range(105)] == answers == [id for asked in service.asked for id in asked]
    assert (11, 3) == (len(service.asked), service.most_flying)


async def test_one_after_the_other_they_go_alone() -> None:
    """
    Nobody waits for company that does not come.
    """
    service = Service()
    coalescer = service.coalescer()

    for n in range(3):
        await coalescer.ask("g", str(n), str(n))

    assert [("0",), ("1",), ("2",)] == service.asked


async def test_a_row_that_fails_is_the_error_of_its_caller() -> None:
    """
    The others have their answers.
    """
    coalescer = Service().coalescer()
    ids = ["1", "missing", "2"]

    first, missing, second = await asyncio.gather(
        *(coalescer.ask("g", id, id) for id in ids), return_exceptions=True
    )

    assert ("1", "2", KeyError) == (first, second, type(missing))


async def test_a_request_that_fails_fails_each_of_its_callers_with_an_error_of_their_own() -> None:
    """
    The same error object raised in two places would mix up their tracebacks.
    """
    coalescer = Service(ConnectionError("down")).coalescer()
    ids = ["1", "bad", "2"]

    found = await asyncio.gather(*(coalescer.ask("g", id, id) for id in ids), return_exceptions=True)

    assert ["down"] * 3 == [str(each) for each in found]
    assert 3 == len({id(each) for each in found})


async def test_an_error_that_one_row_may_have_caused_costs_the_others_nothing() -> None:
    """
    The request is halved until the culprit is alone.
    """
    service = Service(ValueError("bad"))
    ids = ["1", "2", "bad", "3", "4"]
    coalescer = service.coalescer(split=True)

    found = await asyncio.gather(*(coalescer.ask("g", id, id) for id in ids), return_exceptions=True)

    assert ["1", "2", "3", "4"] == [each for each in found if isinstance(each, str)]
    assert ValueError is type(found[2])


async def test_a_caller_that_leaves_hurts_nobody() -> None:
    """
    Before its request leaves it is left out of it; afterwards the request goes on for the others.
    """
    service = Service()
    service.answers.clear()
    coalescer = service.coalescer()
    tasks = [asyncio.create_task(coalescer.ask("g", str(n), str(n))) for n in range(4)]
    await asyncio.sleep(0)

    tasks[1].cancel()
    await service.arrived.wait()
    tasks[2].cancel()
    service.answers.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)

    assert [("0", "2", "3")] == service.asked
    assert ("0", "3") == (found[0], found[3])
    assert [True, True] == [isinstance(found[n], asyncio.CancelledError) for n in (1, 2)]


async def test_a_request_that_nobody_waits_for_any_more_is_ended() -> None:
    """
    As a lone call's would be; and whoever comes next is served.
    """
    service = Service()
    service.answers.clear()
    coalescer = service.coalescer(shared=False)
    hanging = asyncio.create_task(coalescer.ask("g", "1", "first"))
    behind = asyncio.create_task(coalescer.ask("g", "1", "second"))
    await service.arrived.wait()

    hanging.cancel()
    await asyncio.sleep(0.01)
    service.answers.set()

    assert "second" == await asyncio.wait_for(behind, 5)
    assert [("first",), ("second",)] == service.asked
    with pytest.raises(asyncio.CancelledError):
        await hanging


async def test_two_writes_to_one_record_keep_their_order() -> None:
    """
    The second leaves when the first has its answer.
    """
    service = Service()
    coalescer = service.coalescer(shared=False)
    ids = ["1", "1", "2", "1"]

    await asyncio.gather(*(coalescer.ask("g", id, f"{id}{n}") for n, id in enumerate(ids)))

    assert [("10", "22"), ("11",), ("13",)] == service.asked
