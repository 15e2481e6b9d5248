"""
Emptying the spool by hand, and what lies in it.

Other processes may ship and write at the same time. What counts is what lay there at the beginning: it has
been carried over when it is stored, whoever did it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from masterops.core import clock
from masterops.logs import RecordStore, Segment, Shipped, segment_paths, segments, ship_once, whole_bytes
from masterops.logs.record import Row

PAUSE_SECONDS = 0.1


class Emptied(msgspec.Struct, frozen=True):
    """
    What was carried over in how many seconds, and how many bytes of what lay there still wait.
    """

    records: int
    rejected: int
    seconds: float
    waiting_bytes: int


class Waiting(msgspec.Struct, frozen=True):
    """
    One segment with what of it is not stored yet; None where the database could not be asked.
    """

    segment: Segment
    waiting_bytes: int | None


class Offsets(Protocol):
    """
    Whoever knows how much of a segment is stored.
    """

    async def offset(self, segment: str) -> int:
        """Bytes of `segment` that are already stored."""
        ...


async def empty(folder: Path, store: RecordStore[Row], seconds: float) -> Emptied:
    """
    Ship until everything that lay in the spool at the beginning is stored, for at most `seconds`.

    Raises DatabaseError when the database is away, and SpoolUnusable.
    """
    begin = clock.ticks()
    wanted = {path.name: whole_bytes(path) for path in segment_paths(folder)}
    shipped, noted = Shipped(), dict[str, int]()
    while True:
        try:
            async with asyncio.timeout(max(0.0, begin + seconds - clock.ticks())):
                shipped += await ship_once(folder, store, noted)
        except TimeoutError:
            pass
        left = await left_of(folder, store, wanted)
        taken = clock.ticks() - begin
        if not left or taken >= seconds:
            return Emptied(shipped.records, shipped.rejected, round(taken, 3), left)
        await asyncio.sleep(PAUSE_SECONDS)


async def waiting(folder: Path, store: Offsets | None) -> list[Waiting]:
    """Every segment, oldest first, and how much of it waits. Raises DatabaseError, SpoolUnusable."""
    return [
        Waiting(each, None if store is None else max(0, each.size_bytes - await store.offset(each.name)))
        for each in segments(folder)
    ]


async def left_of(folder: Path, store: Offsets, wanted: dict[str, int]) -> int:
    """Bytes that are not stored yet of what was `wanted`: segments with where their whole lines ended."""
    left = 0
    for name, end in wanted.items():
        stored = await store.offset(name)
        # Asked in this order: whoever finishes it deletes the file first and forgets the offset then.
        if (folder / name).exists():
            left += max(0, end - stored)
    return left
