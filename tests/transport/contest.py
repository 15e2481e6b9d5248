"""
A server with a true rolling window, and a process that spends a shared budget at it as fast as it may.

The window is the twin's own, which shares no code with the limiter.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from masterops.core.budgets import BULK, CALLS, Limit, Rolling
from masterops.db import BudgetLedger, connect
from masterops.sandbox.window import Window
from masterops.transport import Budgets

CONNECTION = "bench/shop"


@dataclass
class Count:
    """
    What the server saw: calls that it let through, each with its process, and those that it refused. `more`
    are windows beside the first one: a call needs room in each.
    """

    most: int
    seconds: float
    latency: float
    more: Sequence[tuple[int, float]] = ()
    refused: int = 0
    calls: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._windows = [Window(*each) for each in ((self.most, self.seconds), *self.more)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Four bytes (a process) are a call; one byte is the answer, after a while."""
        while name := await reader.read(4):
            now = time.monotonic()
            fine = all(window.left(now) > 0 for window in self._windows)
            if fine:
                for window in self._windows:
                    window.take(now)
                self.calls.append((now, int.from_bytes(name)))
            self.refused += not fine
            await asyncio.sleep(self.latency)
            writer.write(b"+" if fine else b"-")
        writer.close()

    def between(self, start: float, end: float) -> list[int]:
        """The processes of the calls from `start` to `end`, in seconds since the first."""
        first = self.calls[0][0]
        return [process for moment, process in self.calls if start <= moment - first < end]


async def spend(
    url: str, port: int, name: int, windows: Sequence[tuple[int, float]], span: float, callers: int
) -> None:
    """Callers that ask one after the other for `span` seconds, once told to begin."""
    ledger = BudgetLedger(lambda: connect(url))
    budgets = Budgets(ledger=ledger)
    limits = [Limit(f"window{n}", most, Rolling(seconds)) for n, (most, seconds) in enumerate(windows)]
    budget = budgets.of(CONNECTION, limits)

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
    """`spend` in a process of its own, ready to begin; windows beside the first one come last."""
    return await ready([sys.executable, "-m", "tests.transport.contest", url, str(port), *map(str, numbers)])


async def ready(command: Sequence[str]) -> asyncio.subprocess.Process:
    """A process that has said that it may begin."""
    pipe = asyncio.subprocess.PIPE
    made = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert made.stdout is not None
    assert await made.stdout.readline(), "it ended before it began"
    return made


def begin(process: asyncio.subprocess.Process) -> None:
    """Let it spend."""
    assert process.stdin is not None
    process.stdin.write(b"begin\n")


if __name__ == "__main__":
    where, at, who, size, window, duration, number, *further = sys.argv[1:]
    pairs = [(int(size), float(window)), *zip(map(int, further[::2]), map(float, further[1::2]), strict=True)]
    asyncio.run(spend(where, int(at), int(who), pairs, float(duration), int(number)))
