"""
What several processes get out of one limit, and what a lease costs.

A server with a true rolling window counts; each process asks as fast as its budget lets it. The window is the
twin's own, which shares no code with the limiter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import Row
from masterops.core.budgets import BULK, CALLS, Limit, Rolling
from masterops.db import Embedded, bundled, connect, migrate
from masterops.db.budget_ledger import BudgetLedger
from masterops.sandbox.window import Window
from masterops.transport.budgets import Budgets

LATENCY = 0.02
CALLERS = 25
CONNECTION = "bench/shop"


@dataclass
class Count:
    """
    What the server saw: calls that it let through, and those that it refused.
    """

    most: int
    seconds: float
    refused: int = 0
    moments: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._window = Window(self.most, self.seconds)

    @property
    def share(self) -> float:
        """What was used of the most that is permitted in the time until the last full window was used up."""
        full = len(self.moments) // self.most
        elapsed = self.moments[full * self.most - 1] - self.moments[0]
        return full / (elapsed / self.seconds + 1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One byte is a call, one byte the answer, after a while."""
        while await reader.read(1):
            now = time.monotonic()
            fine = self._window.take(now)
            if fine:
                self.moments.append(now)
            self.refused += not fine
            await asyncio.sleep(LATENCY)
            writer.write(b"+" if fine else b"-")
        writer.close()


async def work(url: str, port: int, most: int, seconds: float, span: float) -> None:
    """One process: callers that ask one after the other for `span` seconds, once told to begin."""
    ledger = BudgetLedger(lambda: connect(url))
    budgets = Budgets(ledger=ledger)
    budget = budgets.of(CONNECTION, [Limit("burst", most, Rolling(seconds))])

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            permit = await budget.acquire(CALLS, lane=BULK)
            start = time.perf_counter_ns()
            writer.write(b".")
            await reader.readexactly(1)
            if budget.alone(permit):
                budget.latency.answered_alone((time.perf_counter_ns() - start) // 1000)
            permit.settle(sent=True, credit=budget.latency.credit)

    begin()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(span), asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(caller())
    await budgets.close()
    await ledger.close()


async def contest(url: str, processes: int, most: int, seconds: float, span: float) -> Count:
    """What the server counts while `processes` spend one limit for `span` seconds."""
    count = Count(most, seconds)
    server = await asyncio.start_server(count.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await together([await child("work", url, port, most, seconds, span) for _ in range(processes)])
    server.close()
    return count


async def child(*arguments: object) -> asyncio.subprocess.Process:
    """This module in a process of its own."""
    words = [json.dumps(each) for each in arguments]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, *(os.environ.get("DBG") or "-m benchmarks.budgets").split(), *words, stdin=pipe, stdout=pipe
    )


async def together(children: Sequence[asyncio.subprocess.Process]) -> list[bytes]:
    """Let all begin when all are ready; answers what each said at its end."""
    for each in children:
        assert each.stdout is not None
        await each.stdout.readline()
    said = await asyncio.gather(*(each.communicate(b"begin\n") for each in children))
    return [out for out, _ in said]


def begin() -> None:
    """Wait for the others."""
    print("ready", flush=True)
    sys.stdin.readline()


async def _measure(url: str) -> list[Row]:
    count = await contest(url, 8, 100, 10.0, 60.0)
    return [
        Row("8 processes, 100 per rolling 10 s: refused", f"{count.refused}", "-", None, "0"),
        Row("the same: share of the permitted calls that was used", f"{count.share:.1%}", "-", None, "97 %"),
    ]


def measure() -> list[Row]:
    """The section's rows."""
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with Embedded(Path(home)).running() as url:
            asyncio.run(_prepare(url))
            return asyncio.run(_measure(url))


async def _prepare(url: str) -> None:
    async with await connect(url) as connection:
        await migrate(connection, bundled())


def main(words: Sequence[str]) -> None:
    """A child's part."""
    name, *arguments = [json.loads(word) for word in words]
    asyncio.run({"work": work}[name](*arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
