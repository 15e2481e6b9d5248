"""
A service's limits are kept, and its wishes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from email.utils import format_datetime

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.testing.bench import SHORT, Bench
from masterops.testing.kit import Said
from masterops.testing.suite import promise
from masterops.transport import Budgets

DATES = {"a date": 20, "a date that has passed": -3600}
ASKED: dict[str, tuple[str, float]] = {
    "seconds": ("7", 7.0),
    "fractions": ("1.5", 1.5),
    "nothing": ("0", 0.0),
    "less than nothing": ("-5", 0.0),
    "a date": ("", 18.0),  # of a whole second, read a moment later
    "a date that has passed": ("", 0.0),
}
ABSURD = ["86400", "99999999999999999999", "1e300"]
NONSENSE = ["soon", "", "inf", "nan", "0x10", "7 seconds", "\u0664", "Wed, 99 Nov 2026 99:99:99 GMT"]


def slow_down(bench: Bench, asked: str) -> Said:
    """A 429 with this Retry-After."""
    plain = bench.kit.error(429, "Slow down.")
    return Said(429, plain.body, {**plain.headers, "Retry-After": asked})


@promise(cases=list(ASKED))
async def a_wait_that_a_service_asks_for_is_kept(bench: Bench, case: str) -> None:
    """
    As seconds or as a date; then the call is made.
    """
    kit = bench.kit
    text, least = ASKED[case]
    if case in DATES:
        text = format_datetime(clock.now() + timedelta(seconds=DATES[case]), usegmt=True)
    bench.script = [slow_down(bench, text), kit.record("1")]

    await kit.get(await bench.connector(), "1")

    assert 1 == len(bench.waits)
    assert least <= bench.waits[0] <= least + 2 + SHORT.ceiling


@promise(cases=ABSURD)
async def a_wait_beyond_the_deadline_is_not_begun(bench: Bench, asked: str) -> None:
    """
    The error says so at once; whoever comes tomorrow may try again.
    """
    bench.script = [slow_down(bench, asked)]

    error = await bench.fails(bench.kit.get(await bench.connector(), "1"))

    assert isinstance(error, errors.RateLimited)
    assert ([], 1) == (bench.waits, len(bench.arrived))


@promise(cases=NONSENSE)
async def a_wait_that_makes_no_sense_is_passed_over(bench: Bench, asked: str) -> None:
    """
    What is usual is waited instead, and the call is made.
    """
    kit = bench.kit
    bench.script = [slow_down(bench, asked), kit.record("1")]

    await kit.get(await bench.connector(), "1")

    assert 2 == len(bench.arrived)
    assert sum(bench.waits) <= SHORT.deadline


@promise()
async def a_wait_that_one_call_was_asked_for_holds_for_the_others_too(bench: Bench) -> None:
    """
    Else each of them would be refused once.
    """
    kit = bench.kit
    bench.script = [slow_down(bench, "0.4"), kit.record("1")]
    connector = await bench.connector(sleep=asyncio.sleep, budgets=Budgets())
    first = asyncio.create_task(kit.get(connector, "1"))
    await bench.here.wait()
    await bench.until(lambda: bool(bench.metrics))
    await asyncio.gather(first, *(kit.get(connector, "1") for _ in range(3)))

    begun, *later = (each.at for each in bench.arrived)
    assert all(at - begun >= 400_000 for at in later)


@promise("limits")
async def no_call_leaves_above_a_limit_that_is_known(bench: Bench) -> None:
    """
    Many at once, through two windows and more: the service counts never too many in any, and refuses none.
    """
    kit = bench.kit
    bench.script = [kit.page([], 0, more=False)]
    policy = RetryPolicy(attempts=1, deadline=30.0)
    transport = await bench.transport(budgets=Budgets(), sleep=asyncio.sleep, policy=policy)
    connector, calls, seconds = kit.connect_limited(bench.url, transport)

    await asyncio.gather(*(kit.spend(connector) for _ in range(2 * calls + 1)))

    latest: deque[int] = deque(maxlen=calls)
    assert 2 * calls + 1 == len(bench.arrived)
    for each in sorted(each.at for each in bench.arrived):
        assert len(latest) < calls or each - latest[0] >= seconds * 1_000_000
        latest.append(each)


@promise("limits")
async def a_call_that_cannot_leave_in_time_is_told_at_once(bench: Bench) -> None:
    """
    The limit is spent, and the deadline is before it is free again.
    """
    kit = bench.kit
    bench.script = [kit.page([], 0, more=False)]
    stopped = clock.microseconds()
    budgets = Budgets(now=lambda: stopped)
    patient, calls, seconds = kit.connect_limited(bench.url, await bench.transport(budgets=budgets))
    await asyncio.gather(*(kit.spend(patient) for _ in range(calls)))

    hasty = RetryPolicy(attempts=1, base=0.01, ceiling=0.01, deadline=seconds / 2)
    transport = await bench.transport(budgets=budgets, policy=hasty)
    error = await bench.fails(kit.spend(kit.connect_limited(bench.url, transport)[0]))

    assert isinstance(error, errors.BudgetExhausted)
    assert calls == len(bench.arrived)


@promise("limits")
async def callers_that_are_cancelled_give_their_permits_back(bench: Bench) -> None:
    """
    Nobody has taken anything along: when the window is over, all of it can be spent.
    """
    kit = bench.kit
    bench.script = [kit.page([], 0, more=False)]
    policy = RetryPolicy(attempts=1, deadline=30.0)
    transport = await bench.transport(policy=policy)
    connector, calls, seconds = kit.connect_limited(bench.url, transport)
    await asyncio.gather(*(kit.spend(connector) for _ in range(calls)))
    waiting = [asyncio.create_task(kit.spend(connector)) for _ in range(3 * calls)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    bench.passes(seconds * 1.5)
    async with asyncio.timeout(seconds * 10):
        await asyncio.gather(*(kit.spend(connector) for _ in range(calls)))

    assert 2 * calls == len(bench.arrived)
