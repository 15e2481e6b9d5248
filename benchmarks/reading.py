"""
Full reads of contacts: under a limit against what it permits, and without one against a loop written by hand
for just that, and other readers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import rivals
from benchmarks.fake_hubspot import FIRST, STEP
from benchmarks.getting import decode
from benchmarks.measuring import Row, sized
from benchmarks.served import PARALLEL, PATH, Work, compared, counted, server, taken, with_hub, with_session
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.hubspot.contacts import CONTACTS

RECORDS, MANY = sized(30_000, 100), sized(100_000, 800)
LATENCY_MS = 250
STORM = 1 / 3
USUAL = 8  # in flight: at this latency 32 a second, more than either tier lets through
TIERS = (100, 190)  # calls in ten seconds: the smallest plan's, and one that only the headers tell
PROPERTIES = ",".join(CONTACTS.properties)
RIVALS: dict[str, tuple[str, ...]] = {
    "read_client": (),
    "read_dlt": ("dlt~=1.31",),
    "read_airbyte": ("airbyte-cdk~=7.39",),
    "read_singer": ("singer-sdk~=0.54.9",),
}
NAMES = {
    "read_client": "hubspot-api-client",
    "read_dlt": "dlt rest_api",
    "read_airbyte": "airbyte-cdk, declarative",
    "read_singer": "Singer tap, Meltano SDK",
}


def extracting(parallel: int, **options: Any) -> Work:
    """A full read; it answers how many records came, each once."""

    async def work(hub: HubSpot) -> int:
        ids: set[str] = set()
        count = 0
        async for page in hub.contacts.extract(parallel=parallel, **options):
            ids.update([row.id for row in page.rows])
            count += len(page.rows)
        assert count == len(ids), "a record came twice"
        return count

    return work


async def glanced(hub: HubSpot) -> int:
    """A full read without looking at the records."""
    return sum([len(page.rows) async for page in hub.contacts.extract(parallel=USUAL, search=False)])


async def serial(session: aiohttp.ClientSession) -> int:
    """Page after page, as every reader does that knows the list's cursor only."""
    found, after = 0, ""
    while after is not None:
        query = {"limit": "100", "properties": PROPERTIES} | ({"after": after} if after else {})
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
            query = {"limit": "100", "properties": PROPERTIES, "after": str(at)}
            async with session.get(PATH, params=query) as got:
                page = decode(await got.read())
            found += len(page.results)
            at = int(page.results[-1].id) + STEP
        return found

    return sum(await asyncio.gather(*(one(start) for start in range(0, MANY, size))))


def rows() -> list[Row]:
    """Under limits, then without, then through a storm."""
    return [*limited(), *unlimited(), *stormy()]


def limited() -> Iterator[Row]:
    """With as many requests in flight as the connector has unless told otherwise, beside one at a time."""
    with server(RECORDS, LATENCY_MS, TIERS[0]) as url:
        other, _ = taken(lambda: with_session(url, serial), RECORDS)
    for tier in TIERS:
        with server(RECORDS, LATENCY_MS, tier) as url:
            mine, _ = taken(lambda: with_hub(url, extracting(USUAL), limited=True), RECORDS)
            least, bad = RECORDS / (100 * tier / 10), counted(url, "refused")
        what = f"full read of {RECORDS:,} at {LATENCY_MS} ms, {tier} per rolling 10 s / page after page"
        goal = f"1.05x of {least:.1f} s, 0 refused"
        yield Row(what, f"{mine:.1f} s, {bad} refused", f"{other:.1f} s", mine / other, goal)


def unlimited() -> Iterator[Row]:
    """The processor's time of the reader, for a hundred thousand records."""
    what = f"full read of {MANY:,}, local, CPU of the reader /"
    with server(MANY) as url:
        mine, floor = compared(
            lambda: with_hub(url, glanced), lambda: with_session(url, sliced), MANY, cpu=True
        )
        by_hand, goal = f"{what} by hand with the slices known", f"{0.5 * MANY / 100_000:.2f} s, 1.3x"
        yield Row(by_hand, f"{mine:.2f} s", f"{floor:.2f} s", mine / floor, goal)
        for name, packages in RIVALS.items():
            python = Path(sys.executable) if not packages else rivals.interpreter(name, *packages)
            said = rivals.told(python, name, url, PROPERTIES)
            yield _beside(f"{what} {NAMES[name]}", mine, said)


def stormy() -> Iterator[Row]:
    """A third of the calls are refused or fail: what comes of it is every record, once."""
    with server(MANY, 0, 0, STORM) as url:
        mine, _ = taken(lambda: with_hub(url, extracting(PARALLEL, search=False)), MANY)
        failed = counted(url, "failed")
    what = f"full read of {MANY:,} where every third call ends in 429, 500, 502 or 503: each record once"
    yield Row(what, f"{mine:.1f} s, {failed:,} failed", "-", None, "each once")


def _beside(what: str, mine: float, said: dict[str, Any] | None) -> Row:
    if said is None:
        return Row(what, f"{mine:.2f} s", rivals.MISSING, None, "< 1")
    assert said["records"] == MANY, f"{what} read {said['records']}"
    theirs: float = said["cpu"]
    return Row(f"{what} {said['version']}", f"{mine:.2f} s", f"{theirs:.2f} s", mine / theirs, "< 1")
