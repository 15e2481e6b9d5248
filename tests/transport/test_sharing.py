"""
A budget that processes share: real processes, a real database, and a service with a true rolling window.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import replace

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from masterops.core.budgets import (
    BULK,
    CALLS,
    INTERACTIVE,
    MICROSECONDS,
    Ask,
    Calendar,
    Limit,
    Part,
    Rolling,
    Spending,
)
from masterops.db import BudgetLedger, budget_ledger, connect
from masterops.errors import BudgetExhausted, DatabaseLost, QuotaExhausted
from masterops.logs import Logger, LogRecord
from masterops.transport.budgets.sharing import SharedBudget
from tests.transport.contest import Count, begin, child

LIMIT = Limit("burst", 20, Rolling(1.0))


async def contest(url: str, count: Count, spans: Sequence[float], callers: int = 15) -> list[int]:
    """Processes spend one limit, each for its span; one with a span below 0 is killed after as long."""
    server = await asyncio.start_server(count.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    processes = [
        await child(url, port, number, count.most, count.seconds, abs(span) + 30 * (span < 0), callers)
        for number, span in enumerate(spans)
    ]
    for process in processes:
        begin(process)
    for process, span in zip(processes, spans, strict=True):
        if span < 0:
            await asyncio.sleep(-span)
            process.send_signal(signal.SIGKILL)
    await asyncio.gather(*(process.wait() for process in processes))
    server.close()
    return [process.returncode or 0 for process in processes]


async def test_processes_together_never_exceed_a_limit_and_use_it_evenly(migrated: str) -> None:
    """
    Three processes, a window of half a second: nothing is refused, and each gets about a third.
    """
    count = Count(15, 0.5, 0.01)

    codes = await contest(migrated, count, [4.0, 4.0, 4.0])

    assert [0, 0, 0] == codes
    assert 0 == count.refused
    later = Counter(count.between(2.0, 4.0))
    assert {0, 1, 2} == set(later)
    assert max(later.values()) <= 2 * min(later.values())


async def test_what_a_killed_process_held_comes_back_to_the_others(migrated: str) -> None:
    """
    kill -9 in the middle of its calls: nothing is refused, and later the other has all of it.
    """
    count = Count(20, 0.5, 0.05)

    codes = await contest(migrated, count, [-1.0, 8.5])

    assert [-9, 0] == codes
    assert 0 == count.refused
    assert {1} == set(count.between(2.0, 9.0))
    held = len(count.between(2.0, 4.0))
    assert 1.4 * held < len(count.between(6.5, 8.5))


class Memory:
    """
    A ledger in memory, which may be away. It gives all that is wanted of each limit.
    """

    def __init__(self) -> None:
        self.away = False
        self.asked: list[dict[str, object]] = []
        self.spending = Spending()
        self.said: dict[str, int] = {}

    async def share(
        self, connection: str, asks: Sequence[Ask], *, elapsed: float | None, hold: float, spending: Spending
    ) -> list[Part]:
        await asyncio.sleep(0)
        if self.away:
            raise DatabaseLost(reason="gone")
        self.asked += [dict(ask) for ask in asks]
        before = self.spending
        self.spending = Spending(
            before.calls + spending.calls, before.waits + spending.waits, before.waited + spending.waited
        )
        return [self._part(ask) for ask in asks]

    def _part(self, ask: Ask) -> Part:
        if ask["said"] is not None:
            self.said[str(ask["name"])] = int(str(ask["said"]))
        held, want = ask["held"], ask["want"]
        most = self.said.get(str(ask["name"]), ask["most"])
        assert isinstance(held, int)
        assert isinstance(want, int)
        assert isinstance(most, int)
        more = max(0, min(want, most) - held)
        return Part(str(ask["name"]), [more] if more else [], [0.0] if more else [], most, most, most, 2)


async def test_one_who_lost_all_while_the_ledger_hangs_spends_nothing_twice() -> None:
    """
    What it has just used, let go, and guesses to have again, rests first.
    """
    ledger, ticks = Memory(), Ticks()
    budget = SharedBudget("a/b", [Limit("burst", 20, Rolling(60.0))], ledger, now=ticks)
    for _ in range(20):
        (await budget.acquire()).settle(sent=True)
    ledger.away = True
    ticks.now += 4 * MICROSECONDS + 1

    with pytest.raises(BudgetExhausted):
        await budget.acquire(deadline=0.2)
    await budget.close()


async def test_nobody_waits_for_a_budget_that_is_closed() -> None:
    """
    Who still waits is cancelled, all is given back, and no task goes on.
    """
    ledger = Memory()
    budget = SharedBudget("a/b", [LIMIT], ledger)
    waiting = [asyncio.ensure_future(budget.acquire()) for _ in range(30)]
    await until(lambda: any(each.done() for each in waiting))
    for granted in [each for each in waiting if each.done()]:
        granted.result().settle(sent=True)

    await budget.close()
    done, open_ = await asyncio.wait(waiting, timeout=1)

    assert set() == open_
    assert 10 == sum(each.cancelled() for each in done)
    assert 0 == ledger.asked[-1]["held"]
    assert [] == [each for each in asyncio.all_tasks() if each.get_name() == "budget a/b"]


async def test_a_database_that_hangs_is_away_soon(migrated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its line is silent in the middle of a statement: who asked knows it in time, and so do those behind him.
    """
    monkeypatch.setattr(budget_ledger, "ANSWER", 0.5)
    silent = asyncio.Event()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if silent.is_set():
                await asyncio.Event().wait()
            sink.write(data)
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(f"{info['host']}/.s.PGSQL.{info.get('port', 5432)}")
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    info = conninfo_to_dict(migrated)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = make_conninfo(migrated, host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    ledger = BudgetLedger(lambda: connect(url))

    def share(name: str) -> Awaitable[list[Part]]:
        return ledger.share(name, [], elapsed=None, hold=5.0, spending=Spending())

    await asyncio.wait_for(share("a/b"), 5)
    silent.set()
    async with asyncio.timeout(3):
        ended = await asyncio.gather(share("a/b"), share("a/c"), return_exceptions=True)
    await ledger.close()
    server.close()

    assert [DatabaseLost] * 2 == [type(each) for each in ended]


async def test_an_answer_that_makes_no_sense_leaves_nobody_waiting() -> None:
    """
    A ledger that forgets a limit is as good as away, until it answers again.
    """

    class Forgetful(Memory):
        forgets = True

        def _part(self, ask: Ask) -> Part:
            part = super()._part(ask)
            return replace(part, name="other") if self.forgets else part

    ledger, kept = Forgetful(), Kept()
    budget = SharedBudget("a/b", [LIMIT], ledger, log=Logger(kept))
    (await budget.acquire(deadline=3)).settle(sent=True)
    ledger.forgets = False
    await fill(budget, 15)
    await budget.close()

    assert ["budgets.apart", "budgets.shared_again"] == kept.messages


class Kept:
    """
    Keeps log records.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def emit(self, record: LogRecord) -> None:
        self.messages.append(record.message)


class Ticks:
    """
    A clock that stands unless it is moved.
    """

    def __init__(self) -> None:
        self.now = 1_000 * MICROSECONDS

    def __call__(self) -> int:
        return self.now


async def until(condition: object, *, seconds: float = 5.0) -> None:
    """Wait for what `condition` says; for what it takes to be said, not longer."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # nobody signals it
            await asyncio.sleep(0.005)


async def test_calls_that_come_one_after_the_other_rarely_ask() -> None:
    """
    Two hundred calls within a limit of a million cost the ledger a few words.
    """
    ledger = Memory()
    budget = SharedBudget("a/b", [Limit("burst", 100_000, Rolling(10.0))], ledger)

    for _ in range(200):
        (await budget.acquire()).settle(sent=True)
    await budget.close()

    assert 200 == ledger.spending.calls
    assert len(ledger.asked) < 30


async def test_one_who_is_idle_gives_everything_back_and_is_silent() -> None:
    """
    A second after the last call nothing is held, and the ledger hears no more.
    """
    ledger = Memory()
    budget = SharedBudget("a/b", [LIMIT], ledger)
    (await budget.acquire()).settle(sent=True)

    await until(lambda: ledger.asked[-1]["held"] == 0 and ledger.asked[-1]["want"] == 0)
    said = len(ledger.asked)
    await asyncio.sleep(0.6)

    assert said == len(ledger.asked)
    (await budget.acquire()).settle(sent=True)
    await budget.close()


async def test_without_a_ledger_a_process_goes_on_with_what_it_holds() -> None:
    """
    It says so once, spends what it had and no more, and says when it shares again.
    """
    ledger, kept = Memory(), Kept()
    budget = SharedBudget("a/b", [LIMIT], ledger, log=Logger(kept))
    permits = [await budget.acquire() for _ in range(5)]
    for each in permits:
        each.settle(sent=True)
    ledger.away = True
    await until(lambda: budget.apart)

    start = budget.left()["burst"]
    again = [await budget.acquire(deadline=3.0) for _ in range(5)]
    for each in again:
        each.settle(sent=True)
    ledger.away = False
    await until(lambda: not budget.apart)
    await budget.close()

    assert start <= 15
    assert ["budgets.apart", "budgets.shared_again"] == kept.messages


async def test_a_process_that_never_met_the_ledger_spends_a_small_part() -> None:
    """
    A quarter of its share at first: that is a guess, and a small one.
    """
    ledger = Memory()
    ledger.away = True
    budget = SharedBudget("a/b", [Limit("burst", 20, Rolling(60.0))], ledger)
    waiting = [asyncio.ensure_future(budget.acquire()) for _ in range(20)]

    await until(lambda: any(each.done() for each in waiting))
    await asyncio.sleep(0.05)

    assert 5 == sum(each.done() for each in waiting)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await budget.close()


async def test_a_process_that_slept_asks_before_it_spends() -> None:
    """
    Stopped for longer than others believe it to be alive, it holds nothing when it wakes up.
    """
    ledger, ticks = Memory(), Ticks()
    budget = SharedBudget("a/b", [LIMIT], ledger, now=ticks)
    (await budget.acquire()).settle(sent=True)
    said = len(ledger.asked)
    held = ledger.asked[-1]["held"]

    ticks.now += 4 * MICROSECONDS + 1
    (await budget.acquire()).settle(sent=True)
    await budget.close()

    woken = ledger.asked[said]
    assert 0 == held == woken["held"]
    assert woken["back"]


async def test_what_one_process_has_learned_the_next_begins_with() -> None:
    """
    A limit that was found to be half as large is that large for whoever comes later.
    """
    ledger = Memory()
    limits = [Limit("pace", 40, Rolling(0.2), learned=True)]
    first = SharedBudget("a/b", limits, ledger)
    (await first.acquire()).settle(sent=True)
    await fill(first, 60)
    first.stop(CALLS, 0.0)
    await fill(first, 60)
    await first.close()

    second = SharedBudget("a/b", limits, ledger)
    await fill(second, 60)
    await second.close()

    assert 20 == ledger.said["pace"]
    assert second.left()["pace"] <= 20


async def fill(budget: SharedBudget, calls: int) -> None:
    """So many calls at once, the last of which have to wait."""

    async def call() -> None:
        (await budget.acquire()).settle(sent=True)

    await asyncio.gather(*(call() for _ in range(calls)))


async def test_a_cancelled_caller_takes_no_slot_along() -> None:
    """
    What was granted to one who left is there for the next.
    """
    ledger = Memory()
    budget = SharedBudget("a/b", [Limit("burst", 2, Rolling(60.0))], ledger)
    first = await budget.acquire()
    waiting = [asyncio.ensure_future(budget.acquire()) for _ in range(6)]
    await asyncio.sleep(0.05)
    for each in waiting[:5]:
        each.cancel()
    await asyncio.sleep(0)
    first.settle(sent=False)

    done = await asyncio.gather(*waiting, return_exceptions=True)
    for each in done:
        if not isinstance(each, BaseException):
            each.settle(sent=False)
    await budget.close()

    assert 1 <= sum(not isinstance(each, BaseException) for each in done)
    assert {0} == {ledger.asked[-1]["held"]}


async def test_a_person_does_not_wait_behind_bulk_work_of_another_process(migrated: str) -> None:
    """
    While one process keeps the limit busy, a person's call in another leaves within two windows.
    """
    ledgers = [BudgetLedger(lambda: connect(migrated), process=name) for name in "ab"]
    limit = Limit("burst", 10, Rolling(0.5))
    busy, other = (SharedBudget("a/b", [limit], each) for each in ledgers)

    async def caller() -> None:
        while True:
            (await busy.acquire(lane=BULK)).settle(sent=True)

    callers = [asyncio.ensure_future(caller()) for _ in range(30)]
    await asyncio.sleep(1.0)
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                (await other.acquire(lane=INTERACTIVE)).settle(sent=True)
    finally:
        for each in callers:
            each.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        for budget in (busy, other):
            await budget.close()
        for ledger in ledgers:
            await ledger.close()


async def test_a_quota_that_is_used_up_is_an_error_at_once_for_everybody(migrated: str) -> None:
    """
    Two processes spend a day's 25 calls, and the 26th of either is told that the day is over.
    """
    ledgers = [BudgetLedger(lambda: connect(migrated), process=name) for name in "ab"]
    limits = [Limit("daily", 25, Calendar("day"))]
    budgets = [SharedBudget("a/b", limits, each) for each in ledgers]
    spent: Counter[int] = Counter()

    async def caller(number: int) -> None:
        while True:
            (await budgets[number].acquire(CALLS, deadline=30.0)).settle(sent=True)
            spent[number] += 1

    ended = await asyncio.gather(caller(0), caller(1), caller(0), return_exceptions=True)
    for budget in budgets:
        await budget.close()
    for ledger in ledgers:
        await ledger.close()

    assert [QuotaExhausted] * 3 == [type(each) for each in ended]
    assert 25 == spent.total()


async def test_calls_that_weigh_more_than_an_even_share_are_made_all_the_same(migrated: str) -> None:
    """
    Two processes whose calls weigh six of ten take turns, a third with light ones goes on; nobody exceeds it.
    """
    ledgers = [BudgetLedger(lambda: connect(migrated), process=name) for name in "abc"]
    budgets = [SharedBudget("a/b", [Limit("burst", 10, Rolling(0.3))], each) for each in ledgers]
    made: Counter[int] = Counter()
    done = asyncio.Event()

    async def caller(number: int, weight: int) -> None:
        while not done.is_set():
            (await budgets[number].acquire(weight=weight)).settle(sent=True)
            made[number] += 1
            if all(made[each] >= 3 for each in range(3)):
                done.set()

    work = [asyncio.ensure_future(caller(*each)) for each in ((0, 6), (1, 6), (2, 1), (2, 1))]
    try:
        async with asyncio.timeout(40):
            await done.wait()
    finally:
        for each in work:
            each.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        for budget in budgets:
            await budget.close()
        for ledger in ledgers:
            await ledger.close()


@pytest.mark.parametrize("weight", [0, 21])
async def test_a_weight_that_no_share_can_ever_hold_is_refused(weight: int) -> None:
    """
    As it is where nothing is shared.
    """
    from masterops.errors import BadValue

    budget = SharedBudget("a/b", [LIMIT], Memory())
    with pytest.raises(BadValue, match="can cost from 1 to 20"):
        await budget.acquire(weight=weight)
