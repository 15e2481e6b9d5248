"""
Looking again and again until something at HubSpot is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from masterops import errors
from masterops.core import clock

T = TypeVar("T")

SOONEST = 0.5  # seconds after the first look
FACTOR = 2.0


async def until_done(
    look: Callable[[], Awaitable[T]],
    is_done: Callable[[T], bool],
    *,
    connection: str,
    every: float,
    patience: float,
) -> T:
    """
    What `look` finds once it is done. The first looks come soon, later ones `every` so many seconds; each is
    a call. Raises Timeout after `patience` seconds: what runs at HubSpot goes on.
    """
    start, wait = clock.ticks(), min(SOONEST, every)
    while True:
        found = await look()
        if is_done(found):
            return found
        left = patience - (clock.ticks() - start)
        if left <= 0:
            raise errors.Timeout(service=connection, seconds=patience)
        await asyncio.sleep(min(wait, left))
        wait = min(every, wait * FACTOR)
