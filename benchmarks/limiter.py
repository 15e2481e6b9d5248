"""
The limiter alone: how many permits a second where nobody has to wait, and the memory of many connections.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from benchmarks import quota, rivals
from benchmarks.measuring import Row, sized
from masterops.config import Connection
from masterops.connectors.hubspot.limits import SEARCH, limits
from masterops.core import clock
from masterops.core.budgets import BULK, CALLS, Account, Calendar, Clock, Limit, Rolling
from masterops.transport.budgets import Budget

ACQUIRES, CONNECTIONS, ROUNDS = sized(200_000), sized(1_000), 5
# A rolling window and a day, as HubSpot has them, with room for all.
ROOMY = (
    Limit("burst", 1_000_000, Rolling(10.0), frozenset({CALLS})),
    Limit("day", 1_000_000_000, Calendar("day")),
)
# What aiolimiter offers, so that the comparison is fair: one limit.
ONE = (Limit("burst", 1_000_000, Rolling(10.0)),)


def account(rules: tuple[Limit, ...]) -> float:
    """Acquires a second of the processor by the arithmetic, each taken and settled at its own time."""
    made = Account(rules, Clock(clock.microseconds(), datetime.now(UTC)))
    start = time.process_time()
    for _ in range(ACQUIRES):
        now = clock.microseconds()
        assert not made.take(CALLS, 1, now, BULK)
        made.settle(CALLS, 1, now, now, sent=True)
    return ACQUIRES / (time.process_time() - start)


def budget(rules: tuple[Limit, ...]) -> float:
    """The same of what callers wait for: a permit, and settling it."""

    async def work() -> float:
        made = Budget("bench/shop", rules)
        start = time.process_time()
        for _ in range(ACQUIRES):
            (await made.acquire()).settle(sent=True)
        return ACQUIRES / (time.process_time() - start)

    return asyncio.run(work())


def memory() -> float:
    """Megabytes of budgets whose windows are full of calls."""
    rules = limits(Connection("hubspot/teelixir", "hubspot", "teelixir", {}))

    async def one(number: int) -> Budget:
        made = Budget(f"hubspot/business-{number}", rules)
        for bucket, calls in ((CALLS, 99), (SEARCH, 5)):  # one of the hundred is kept for a person
            for _ in range(calls):
                (await made.acquire(bucket)).settle(sent=True)
        return made

    async def work() -> float:
        tracemalloc.start()
        kept = [await one(number) for number in range(CONNECTIONS)]
        size = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()
        return size if kept else 0.0

    return asyncio.run(work())


def rows() -> list[Row]:
    """Rates beside aiolimiter's, which has one limit and no day, and the memory."""
    said = rivals.told(rivals.interpreter("limiters", *quota.PACKAGES), "acquire", ACQUIRES)
    return [
        _rate("the arithmetic, one limit", account, ONE, said, "1,000,000/s"),
        _rate("the arithmetic, a window and a day", account, ROOMY, said, "1,000,000/s"),
        _rate("with its permit, one limit", budget, ONE, said, "-"),
        _rate("with its permit, a window and a day", budget, ROOMY, said, "-"),
        Row(f"memory of {CONNECTIONS:,} connections' budgets, windows full", f"{memory():.1f} MB", "-", None,
            f"{20 * CONNECTIONS / 1000:.0f} MB"),
    ]  # fmt: skip


def _rate(what: str, run: Callable[[tuple[Limit, ...]], float], rules: tuple[Limit, ...],
          said: dict[str, float] | None, goal: str) -> Row:  # fmt: skip
    mine = median(run(rules) for _ in range(ROUNDS))
    title = f"acquires with nobody else, {what} / aiolimiter"
    if said is None:
        return Row(title, f"{mine:,.0f}/s", rivals.MISSING, None, goal)
    theirs = said["rate"]
    return Row(f"{title} {said['version']}", f"{mine:,.0f}/s", f"{theirs:,.0f}/s", mine / theirs, goal)
