"""
Saying up to when all pings are known, and since when anybody listens.

A moment is complete when everything that lay in the spool at it is stored. Who judges heartbeats reads this
from the database, wherever it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from masterops import errors
from masterops.core import clock
from masterops.db import Pool
from masterops.logs import Logger, segment_paths, whole_bytes

MARK_SECONDS, LOOK_SECONDS, PATIENCE_SECONDS = 1.0, 0.1, 30.0

# Whoever comes back within ten seconds, or joins another process of this folder, has missed nothing.
ARRIVE = """
INSERT INTO ops.heartbeat_ingests AS i (name, listening_since, silent_since, complete_until, seen_at)
SELECT %(name)s, least(%(since)s, now()), max(complete_until), least(%(since)s, now()), now()
FROM ops.heartbeat_ingests
ON CONFLICT (name) DO UPDATE SET
    listening_since = CASE WHEN i.left_at IS NULL AND i.seen_at > now() - interval '10 seconds'
        THEN i.listening_since ELSE EXCLUDED.listening_since END,
    silent_since = CASE WHEN i.left_at IS NULL AND i.seen_at > now() - interval '10 seconds'
        THEN i.silent_since ELSE EXCLUDED.silent_since END,
    left_at = NULL, seen_at = now()
"""
MARK = """
UPDATE ops.heartbeat_ingests
SET complete_until = greatest(complete_until, least(%(until)s, now())), seen_at = now(), left_at = NULL
WHERE name = %(name)s
"""
SEEN = "UPDATE ops.heartbeat_ingests SET seen_at = now(), left_at = NULL WHERE name = %(name)s"
LEAVE = "UPDATE ops.heartbeat_ingests SET left_at = now() WHERE name = %(name)s"

Left = Callable[[dict[str, int]], Awaitable[int]]


class Ingest:
    """
    One folder of pings on one machine. `left` answers how much of the segments named is not stored yet.
    """

    def __init__(self, folder: Path, pool: Pool, left: Left, log: Logger) -> None:
        self._folder = folder
        self._pool = pool
        self._left = left
        self._log = log
        place = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:12]
        self.name = f"{socket.gethostname()}/{place}"

    async def follow(self, since: datetime, stop: asyncio.Event) -> None:
        """Say it every second until `stop`, and then that nobody listens any more."""
        arrived = False
        while not stop.is_set():
            with contextlib.suppress(errors.DatabaseError, errors.SpoolUnusable):
                if not arrived:
                    await self._pool.fetch(ARRIVE, {"name": self.name, "since": since})
                    arrived = True
                await self.mark(stop)
            await _rest(stop, MARK_SECONDS)

    async def mark(self, stop: asyncio.Event | None = None) -> None:
        """Wait until all that lies there now is stored, and say so. Raises DatabaseError, SpoolUnusable."""
        moment, begin = clock.now(), clock.ticks()
        wanted = {path.name: whole_bytes(path) for path in segment_paths(self._folder)}
        while await self._left(wanted):
            if clock.ticks() - begin > PATIENCE_SECONDS or (stop is not None and stop.is_set()):
                await self._pool.fetch(SEEN, {"name": self.name})
                return
            await asyncio.sleep(LOOK_SECONDS)
        await self._pool.fetch(MARK, {"name": self.name, "until": moment})

    async def leave(self) -> None:
        """Say that it stops in order, when all is stored. Raises DatabaseError, SpoolUnusable."""
        await self.mark()
        await self._pool.fetch(LEAVE, {"name": self.name})


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
