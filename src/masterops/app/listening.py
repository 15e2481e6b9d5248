"""
What a process has for taking pings: their spool, the way from there into the database, and who may send them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from masterops import errors
from masterops.app.emptying import left_of
from masterops.app.shipping import Shipping
from masterops.app.writing import policy_of
from masterops.config import Settings
from masterops.core import clock
from masterops.db import Ping, PingStore, Pool, decode_ping
from masterops.heartbeats import Heartbeats, Ingest, Intake
from masterops.logs import Logger

READ_SECONDS = 5.0
LEAVE_SECONDS = 10.0


class Listening:
    """
    The pings of one home. Every process carries over what lies there; one that serves HTTP takes them.
    """

    def __init__(self, settings: Settings, pool: Pool, log: Logger) -> None:
        self.intake = Intake(settings.home / "pings", policy_of(settings.log))
        self.heartbeats = Heartbeats(pool, settings.web.pings_per_minute)
        store = PingStore(pool)
        self.shipping: Shipping[Ping] = Shipping(self.intake, store, log, decode=decode_ping, what="pings")
        self._ingest = Ingest(
            self.intake.folder, pool, lambda wanted: left_of(self.intake.folder, store, wanted), log
        )
        self._log = log

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the block runs pings are taken, and the database knows how far they are stored."""
        since, stop = clock.now(), asyncio.Event()
        with contextlib.suppress(errors.DatabaseError):  # each token that is not known asks again
            await self.heartbeats.read()
        tasks = [
            asyncio.create_task(self._ingest.follow(since, stop), name="masterops-ingest"),
            asyncio.create_task(self._read_again(stop), name="masterops-heartbeats"),
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            with contextlib.suppress(errors.DatabaseError, errors.SpoolUnusable, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._ingest.leave()

    async def _read_again(self, stop: asyncio.Event) -> None:
        """A token that was taken back is refused a few seconds later."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), READ_SECONDS)
            with contextlib.suppress(errors.DatabaseError):
                await self.heartbeats.read()
