"""
Ten thousand gets at once, beside the batch requests that they become, written by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from benchmarks.fake_hubspot import FIRST, STEP
from benchmarks.measuring import Row, sized
from benchmarks.served import PATH, compared, server, with_hub, with_session
from masterops.connectors.hubspot import Contact, HubSpot
from masterops.connectors.hubspot.wire import Page

GETS = sized(10_000, 100)
LATENCY_MS = 250

decode: Callable[[bytes], Page[Any]] = msgspec.json.Decoder(Page[Contact]).decode


async def gets(hub: HubSpot) -> int:
    ids = [str(FIRST + n * STEP) for n in range(GETS)]
    found = await asyncio.gather(*(hub.contacts.get(id) for id in ids))
    return sum(row.id == id for row, id in zip(found, ids, strict=True))


async def batches(session: aiohttp.ClientSession) -> int:
    """The floor of the gets: the requests, eight at a time."""
    free = asyncio.Semaphore(8)

    async def one(start: int) -> int:
        inputs = [{"id": str(FIRST + n * STEP)} for n in range(start, start + 100)]
        async with (
            free,
            session.post(f"{PATH}/batch/read", data=msgspec.json.encode({"inputs": inputs})) as got,
        ):
            return len(decode(await got.read()).results)

    return sum(await asyncio.gather(*(one(start) for start in range(0, GETS, 100))))


def rows() -> list[Row]:
    """At once, and with the latency of a service far away."""
    found = []
    what = f"{GETS:,} `contacts.get` at once / the {GETS // 100} batch requests by hand"
    for latency in (LATENCY_MS, 0):
        with server(GETS, latency) as url:
            mine, floor = compared(lambda: with_hub(url, gets), lambda: with_session(url, batches), GETS)
        where, goal = (f"{latency} ms", "1.1x") if latency else ("local", "-")
        found.append(Row(f"{what}, {where}", f"{mine:.2f} s", f"{floor:.2f} s", mine / floor, goal))
    return found
