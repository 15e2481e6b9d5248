"""
What the whole way of a call costs beyond a bare aiohttp call: budget, retry, metrics row, log record.

The processor's time of calls one after the other, less that of as many bare ones, which decode the same
record: in short turns, in one process, so that whatever else the machine does meets both. Metrics and log go
to a real spool on disk.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from statistics import median

import aiohttp
import msgspec

from benchmarks.fake_hubspot import FIRST, STEP
from benchmarks.measuring import Row, sized
from benchmarks.served import PATH, server, with_hub, with_session
from masterops.connectors.hubspot import Contact, HubSpot
from masterops.connectors.hubspot.contacts import CONTACTS
from masterops.logs import Pipeline

CALLS, ROUNDS = 100, sized(100)
IDS = [str(FIRST + number * STEP) for number in range(100)]
QUERY = {"properties": ",".join(CONTACTS.properties)}


async def gets(hub: HubSpot) -> int:
    found = 0
    for number in range(CALLS):
        id = IDS[number % len(IDS)]
        found += (await hub.contacts.get(id, coalesce=False)).id == id
    return found


async def bare(session: aiohttp.ClientSession) -> int:
    decode, found = msgspec.json.Decoder(Contact).decode, 0
    for number in range(CALLS):
        id = IDS[number % len(IDS)]
        async with session.get(f"{PATH}/{id}", params=QUERY) as got:
            found += decode(await got.read()).id == id
    return found


async def turns(url: str, folder: Path) -> list[tuple[float, float, float]]:
    """Seconds of the processor: with everything, without what metrics and log cost, and bare."""
    found = []
    pipeline = Pipeline(folder)

    async def work(full: HubSpot) -> int:
        return await with_hub(url, partial(beside, full))

    async def beside(full: HubSpot, quiet: HubSpot) -> int:
        return await with_session(url, partial(alternately, full, quiet))

    async def alternately(full: HubSpot, quiet: HubSpot, session: aiohttp.ClientSession) -> int:
        for _ in range(ROUNDS + 1):
            found.append((await spent(gets(full)), await spent(gets(quiet)), await spent(bare(session))))
        return len(found)

    await with_hub(url, work, log=pipeline.logger(), measure=pipeline.measure, lines=pipeline)
    pipeline.close()
    return found[1:]  # the first one opened the connections


async def spent(run: Awaitable[int]) -> float:
    """The processor's seconds of a turn."""
    start = time.process_time()
    assert CALLS == await run
    return time.process_time() - start


def rows() -> list[Row]:
    """With the spool, and without."""
    with server(len(IDS)) as url, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(turns(url, Path(folder)))
    return [
        _row("budget, retry, metrics, log", [(full, floor) for full, _, floor in found], "60 µs more"),
        _row("budget and retry alone", [(quiet, floor) for _, quiet, floor in found], "-"),
    ]


def _row(what: str, pairs: list[tuple[float, float]], goal: str) -> Row:
    mine, floor = (median(each) / CALLS * 1e6 for each in zip(*pairs, strict=True))
    more = median((ours - theirs) / CALLS * 1e6 for ours, theirs in pairs)
    title = f"CPU of a get with {what} / a bare aiohttp call; {more:.0f} µs more"
    return Row(title, f"{mine:.0f} µs", f"{floor:.0f} µs", mine / floor, goal)
