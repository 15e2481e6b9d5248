"""
Which address belongs to which heartbeat, in memory: a ping waits for no database.

What the tables say is read again every few seconds, and at once for a token that is not known, so that a new
heartbeat's first ping is taken; when the database is away, what was read last counts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from masterops import errors
from masterops.core import clock
from masterops.db import Pool
from masterops.heartbeats.tokens import digest

READ = """
SELECT t.token_sha256, h.id, h.name, h.business_id
FROM ops_secrets.heartbeat_tokens AS t JOIN ops.heartbeats AS h ON h.id = t.heartbeat_id
"""
REST_SECONDS = 0.25  # between two looks for tokens that nobody knows


@dataclass(slots=True)
class Known:
    """
    One heartbeat, and how many pings it may send at once: `left` of them at the moment `counted_at`.
    """

    id: UUID
    name: str
    business: str | None
    left: float
    counted_at: float

    def admits(self, per_minute: int, ticks: float) -> float:
        """0 for a ping that may be taken, which counts; else the seconds until the next one may."""
        left = min(float(per_minute), self.left + (ticks - self.counted_at) * per_minute / 60)
        self.counted_at = ticks
        self.left = left if left < 1 else left - 1
        return 0.0 if left >= 1 else (1 - left) * 60 / per_minute


class Heartbeats:
    """
    Those that there are, by the hash of their tokens.
    """

    def __init__(self, pool: Pool, per_minute: int) -> None:
        self._pool = pool
        self._per_minute = per_minute
        self._by_digest: dict[bytes, Known] = {}
        self._reading: asyncio.Task[None] | None = None

    def of(self, token: str) -> Known | None:
        """The heartbeat of a token, as far as it is in memory."""
        return self._by_digest.get(digest(token))

    async def find(self, token: str) -> Known | None:
        """The same, asking the database for one that is not. Raises DatabaseError."""
        known = self.of(token)
        if known is None:
            await self._look()
            known = self.of(token)
        return known

    async def read(self) -> None:
        """Bring what is in memory up to date. Raises DatabaseError."""
        rows = await self._pool.fetch(READ)
        now = clock.ticks()
        fresh: dict[bytes, Known] = {}
        for row in rows:
            key = bytes(row["token_sha256"])
            old = self._by_digest.get(key)
            left, at = (old.left, old.counted_at) if old else (float(self._per_minute), now)
            fresh[key] = Known(row["id"], row["name"], row["business_id"], left, at)
        self._by_digest = fresh

    async def _look(self) -> None:
        """A look that begins after this call; many callers share one."""
        before = self._reading
        if before is not None:
            await asyncio.wait([before])
        if self._reading is before or self._reading is None:
            self._reading = asyncio.create_task(self._rest_and_read(rest=before is not None))
        await asyncio.shield(self._reading)

    async def _rest_and_read(self, *, rest: bool) -> None:
        try:
            if rest:
                await asyncio.sleep(REST_SECONDS)
            async with asyncio.timeout(3.0):
                await self.read()
        except TimeoutError:
            raise errors.DatabaseLost(reason="no answer within 3 s") from None
        finally:
            self._reading = None
