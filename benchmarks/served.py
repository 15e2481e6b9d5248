"""
Both sides of a comparison at the fake HubSpot: our connector, and a bare session for loops written by hand.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Literal, TypeVar

import aiohttp

from masterops.config import Connection, Secret
from masterops.connectors.hubspot import HubSpot
from masterops.core.backoff import RetryPolicy
from masterops.logs import ApiMetric, Lines, Logger, LogRecord
from masterops.transport import Transport

T = TypeVar("T")
Hand = Callable[[aiohttp.ClientSession], Awaitable[int]]
Work = Callable[[HubSpot], Awaitable[int]]

PATH = "/crm/objects/2026-03/contacts"
TOKEN = "a-token-of-the-benchmark"
PARALLEL = 32
ROUNDS = 3
PATIENT = RetryPolicy(attempts=20, deadline=300)
# As many as can be: the server sets no limits and its answers tell none.
UNLIMITED = {"calls_per_10_seconds": 1_000_000, "searches_per_second": 1_000_000, "calls_per_day": 10**9}


class Nowhere:
    """
    A place for log records that keeps none.
    """

    def emits(self, level: str, source: str, message: object) -> bool:
        return False

    def emit(self, record: LogRecord) -> None:
        """Forget it."""

    def measure_line(self, line: bytes) -> None:
        """Forget it."""

    def emit_both(self, metric: bytes, record: bytes, level: str) -> None:
        """Forget them."""


@contextmanager
def server(records: int, latency_ms: float = 0, burst: int = 0, storm: float = 0.0) -> Iterator[str]:
    """
    The server's address, as long as the block; `burst` calls in ten seconds, 0 for no limits; `storm` is the
    part of calls that fail.
    """
    words = map(str, (records, latency_ms, burst, storm))
    command = [sys.executable, "-m", "benchmarks.fake_hubspot", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.communicate()  # closes its input: it ends


def counted(url: str, what: Literal["refused", "failed"]) -> int:
    """How many calls were over a limit of the server, or met its storm."""
    with urllib.request.urlopen(f"{url}/{what}") as answer:
        return int(answer.read())


async def with_hub(
    url: str,
    work: Work,
    *,
    limited: bool = False,
    log: Logger | None = None,
    measure: Callable[[ApiMetric], None] = lambda row: None,
    lines: Lines | None = None,
) -> int:
    """`work` with a connector to the server; a limited one is told by the server what it may spend."""
    values = {"access_token": Secret(TOKEN), "base_url": url, **({} if limited else UNLIMITED)}
    connection = Connection("hubspot/teelixir", "hubspot", "teelixir", values)
    log, lines = log or Logger(Nowhere()), lines or Nowhere()
    async with Transport(log=log, measure=measure, lines=lines, policy=PATIENT) as transport:
        return await work(HubSpot(connection, transport))


async def with_session(url: str, work: Hand) -> int:
    """`work` with a bare session."""
    connector = aiohttp.TCPConnector(limit=PARALLEL)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        return await work(session)


def taken(run: Callable[[], Awaitable[int]], expected: int) -> tuple[float, float]:
    """Seconds of the clock and of this process's CPU; the count is checked."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = asyncio.run(run())  # type: ignore[arg-type]
    assert expected == found, f"{found} records instead of {expected}"
    return time.perf_counter() - wall, time.process_time() - cpu


def compared(ours: Callable[[], Awaitable[int]], theirs: Callable[[], Awaitable[int]], expected: int,
             *, cpu: bool = False) -> tuple[float, float]:  # fmt: skip
    """Medians of both, taken in turn."""
    pairs = [(taken(ours, expected)[cpu], taken(theirs, expected)[cpu]) for _ in range(ROUNDS)]
    mine, other = zip(*pairs, strict=True)
    return median(mine), median(other)
