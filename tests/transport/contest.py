"""
A server with a true rolling window, and a process that spends a shared budget at it as fast as it may.

The window is the twin's own, which shares no code with the limiter.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field

from masterops.core.budgets import BULK, CALLS, Limit, Rolling
from masterops.db import BudgetLedger, connect
from masterops.sandbox.window import Window
from masterops.transport import Budgets

CONNECTION = "bench/shop"


@dataclass
class Count:
    """
    What the server saw: calls that it let through, each with its process, and those that it refused.
    """

    most: int
    seconds: float
    latency: float
    refused: int = 0
    calls: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._window = Window(self.most, self.seconds)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Four bytes (a process) are a call; one byte is the answer, after a while."""
        while name := await reader.read(4):
            now = time.monotonic()
            fine = self._window.take(now)
            if fine:
                self.calls.append((now, int.from_bytes(name)))
            self.refused += not fine
            await asyncio.sleep(self.latency)
            writer.write(b"+" if fine else b"-")
        writer.close()

    def between(self, start: float, end: float) -> list[int]:
        """The processes of the calls from `start` to `end`, in seconds since the first."""
        first = self.calls[0][0]
        return [process for moment, process in self.calls if start <= moment - first < end]


async def spend(url: str, port: int, name: int, most: int, seconds: float, span: float, callers: int) -> None:
    """Callers that ask one after the other for `span` seconds, once told to begin."""
    ledger = BudgetLedger(lambda: connect(url))
    budgets = Budgets(ledger=ledger)
    budget = budgets.of(CONNECTION, [Limit("burst", most, Rolling(seconds))])

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            permit = await budget.acquire(CALLS, lane=BULK)
            left = time.perf_counter_ns()
            writer.write(name.to_bytes(4))
            await reader.readexactly(1)
            if budget.alone(permit):
                budget.latency.answered_alone((time.perf_counter_ns() - left) // 1000)
            permit.settle(sent=True, credit=budget.latency.credit)

    print("ready", flush=True)
    sys.stdin.readline()
    try:
        async with asyncio.timeout(span), asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(caller())
    except TimeoutError:
        pass
    await budgets.close()
    await ledger.close()


async def child(url: str, port: int, *numbers: float) -> asyncio.subprocess.Process:
    """`spend` in a process of its own, ready to begin."""
    words = [url, str(port), *map(str, numbers)]
    pipe = asyncio.subprocess.PIPE
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.transport.contest", *words, stdin=pipe, stdout=pipe
    )
    assert made.stdout is not None
    assert await made.stdout.readline(), "it ended before it began"
    return made


def begin(process: asyncio.subprocess.Process) -> None:
    """Let it spend."""
    assert process.stdin is not None
    process.stdin.write(b"begin\n")


if __name__ == "__main__":
    where, at, who, size, window, duration, number = sys.argv[1:]
    asyncio.run(spend(where, int(at), int(who), int(size), float(window), float(duration), int(number)))
