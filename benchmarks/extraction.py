"""
Reading contacts: ten thousand gets at once, and full reads, beside loops written by hand with aiohttp and
msgspec for just that. The server is a process of its own that answers like HubSpot.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import aiohttp
import msgspec

from benchmarks.fake_hubspot import FIRST, STEP
from benchmarks.measuring import Row
from masterops.config import Connection, Secret
from masterops.connectors.hubspot import Contact, HubSpot
from masterops.connectors.hubspot.wire import Page
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger, LogRecord
from masterops.transport import Transport

PATH = "/crm/objects/2026-03/contacts"
GETS, RECORDS, MANY = 10_000, 30_000, 100_000
LATENCY_MS = 250
PARALLEL = 32
ROUNDS = 3

decode: Callable[[bytes], Page[Any]] = msgspec.json.Decoder(Page[Contact]).decode


class Nowhere:
    """
    A place for log records that keeps none.
    """

    def emits(self, level: str, source: str, message: object) -> bool:
        return False

    def emit(self, record: LogRecord) -> None:
        """Forget it."""


@contextmanager
def server(records: int, latency_ms: float = 0, burst: int = 0) -> Iterator[str]:
    """The server's address, as long as the block."""
    command = [sys.executable, "-m", "benchmarks.fake_hubspot", str(records), str(latency_ms), str(burst)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.communicate()  # closes its input: it ends


async def with_hub(url: str, work: Callable[[HubSpot], Awaitable[int]]) -> int:
    """`work` with a connector to the server."""
    values = {"access_token": Secret("a-token-of-the-benchmark"), "base_url": url}
    connection = Connection("hubspot/teelixir", "hubspot", "teelixir", values)
    policy = RetryPolicy(attempts=20, deadline=300)
    async with Transport(log=Logger(Nowhere()), measure=lambda row: None, policy=policy) as transport:
        return await work(HubSpot(connection, transport))


async def with_session(url: str, work: Callable[[aiohttp.ClientSession], Awaitable[int]]) -> int:
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


async def gets(hub: HubSpot) -> int:
    ids = [str(FIRST + n * STEP) for n in range(GETS)]
    found = await asyncio.gather(*(hub.contacts.get(id) for id in ids))
    return sum(row.id == id for row, id in zip(found, ids, strict=True))


async def batches(session: aiohttp.ClientSession) -> int:
    """The floor of the gets: the hundred requests, eight at a time."""
    free = asyncio.Semaphore(8)

    async def one(start: int) -> int:
        inputs = [{"id": str(FIRST + n * STEP)} for n in range(start, start + 100)]
        async with (
            free,
            session.post(f"{PATH}/batch/read", data=msgspec.json.encode({"inputs": inputs})) as got,
        ):
            return len(decode(await got.read()).results)

    return sum(await asyncio.gather(*(one(start) for start in range(0, GETS, 100))))


def extracting(parallel: int, **options: Any) -> Callable[[HubSpot], Awaitable[int]]:
    async def work(hub: HubSpot) -> int:
        return sum([len(page.rows) async for page in hub.contacts.extract(parallel=parallel, **options)])

    return work


async def serial(session: aiohttp.ClientSession) -> int:
    """Page after page, as every reader does that knows the list's cursor only."""
    found, after = 0, ""
    while after is not None:
        query = {"limit": "100", "properties": "email,firstname,lastname"} | (
            {"after": after} if after else {}
        )
        async with session.get(PATH, params=query) as got:
            page = decode(await got.read())
        found, after = found + len(page.results), page.after  # type: ignore[assignment]
    return found


async def sliced(session: aiohttp.ClientSession) -> int:
    """The floor of a full read: a loop that knows where every slice begins."""
    size = MANY // 8

    async def one(start: int) -> int:
        found, at, end = 0, FIRST + start * STEP, FIRST + (start + size) * STEP
        while at < end:
            async with session.get(PATH, params={"limit": "100", "after": str(at)}) as got:
                page = decode(await got.read())
            found += len(page.results)
            at = int(page.results[-1].id) + STEP
        return found

    return sum(await asyncio.gather(*(one(start) for start in range(0, MANY, size))))


def measure() -> list[Row]:
    """Gets and full reads."""
    rows = []
    with server(GETS) as url:
        mine, floor = compared(lambda: with_hub(url, gets), lambda: with_session(url, batches), GETS)
    what = f"{GETS:,} `contacts.get` at once / the {GETS // 100} batch requests by hand"
    rows.append(Row(what, f"{mine:.2f} s", f"{floor:.2f} s", mine / floor, "1.1x"))
    with server(GETS, LATENCY_MS) as url:
        mine, floor = compared(lambda: with_hub(url, gets), lambda: with_session(url, batches), GETS)
    rows.append(Row(f"{what}, {LATENCY_MS} ms", f"{mine:.2f} s", f"{floor:.2f} s", mine / floor, "1.1x"))
    with server(RECORDS, LATENCY_MS) as url:
        read = extracting(PARALLEL)
        mine, _ = taken(lambda: with_hub(url, read), RECORDS)
        other, _ = taken(lambda: with_session(url, serial), RECORDS)
    what = f"full read of {RECORDS:,} at {LATENCY_MS} ms, no limit, {PARALLEL} in flight / one by one"
    rows.append(Row(what, f"{mine:.1f} s", f"{other:.1f} s", mine / other, "-"))
    with server(MANY) as url:
        read = extracting(8, search=False)
        mine, floor = compared(lambda: with_hub(url, read), lambda: with_session(url, sliced), MANY, cpu=True)
    what = f"full read of {MANY:,}, local, CPU of the reader / by hand with the slices known"
    rows.append(Row(what, f"{mine:.2f} s", f"{floor:.2f} s", mine / floor, "0.5 s, 1.3x"))
    return rows
