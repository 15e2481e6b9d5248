"""
What the whole way of a call costs beyond a bare aiohttp call: budget, retry, metrics row, log record.

The processor's time of many calls one after the other, less that of as many bare ones, which decode the same
record. Metrics and log go to a real spool on disk.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

import aiohttp
import msgspec

from benchmarks.fake_hubspot import FIRST, STEP
from benchmarks.measuring import Row, sized
from benchmarks.served import PATH, server, taken, with_hub, with_session
from masterops.connectors.hubspot import Contact, HubSpot
from masterops.connectors.hubspot.contacts import CONTACTS
from masterops.logs import Pipeline

CALLS, ROUNDS = sized(5_000), 5
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


def rows() -> list[Row]:
    """With the spool, and without what metrics and log cost."""
    with server(len(IDS)) as url, tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder))
        kept = {"log": pipeline.logger(), "measure": pipeline.measure}
        triples = [
            (
                taken(lambda: with_hub(url, gets, **kept), CALLS)[1],  # type: ignore[arg-type]
                taken(lambda: with_hub(url, gets), CALLS)[1],
                taken(lambda: with_session(url, bare), CALLS)[1],
            )
            for _ in range(ROUNDS)
        ]
        pipeline.close()
    return [
        _row("budget, retry, metrics, log", [(full, floor) for full, _, floor in triples], "60 µs more"),
        _row("budget and retry alone", [(quiet, floor) for _, quiet, floor in triples], "-"),
    ]


def _row(what: str, pairs: list[tuple[float, float]], goal: str) -> Row:
    mine, floor = (median(each) / CALLS * 1e6 for each in zip(*pairs, strict=True))
    more = median((ours - theirs) / CALLS * 1e6 for ours, theirs in pairs)
    title = f"CPU of a get with {what} / a bare aiohttp call; {more:.0f} µs more"
    return Row(title, f"{mine:.0f} µs", f"{floor:.0f} µs", mine / floor, goal)
