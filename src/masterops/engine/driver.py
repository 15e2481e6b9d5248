"""
PgQueuer's driver on two connections: one listens, the other works.

On one connection every statement waits until the listener lets go of it, up to a second each: measured,
stopping a worker took three seconds instead of one, and a job was queued half a second late.

A worker's driver outlives the server: a connection that is lost is made anew, and what was asked is asked
again. PgQueuer keeps how jobs ended in memory until it is written, so that without it a restart of the
server had every job done twice that ended meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, cast

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver

from masterops import errors
from masterops.core import clock
from masterops.db import AsyncConnection, raw_cursor

TIMES = "SELECT clock_timestamp() AS now, pg_postmaster_start_time() AS began"

Reconnect = Callable[[], Awaitable[AsyncConnection]]


class TwoConnections(PsycopgDriver):
    """
    Notifications arrive on `listening`, everything else happens on `working`; both in autocommit mode.

    `reconnect` answers with another connection in place of one that is lost, or raises; without it what
    was asked fails.
    """

    def __init__(
        self, working: AsyncConnection, listening: AsyncConnection, reconnect: Reconnect | None = None
    ) -> None:
        super().__init__(cast("Any", listening))  # it makes cursors of its own row kind
        self._working, self._listening = working, listening
        self._reconnect = reconnect
        self._mending = asyncio.Lock()
        self._read_at: float | None = None
        self._read: datetime | None = None
        self._began: datetime | None = None

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """All rows of one statement with `$1` placeholders."""
        cursor = await self._run(query, args)
        rows: list[dict[str, object]] = await cursor.fetchall()
        return rows

    async def execute(self, query: str, *args: object) -> str:
        """One statement; answers its status."""
        cursor = await self._run(query, args)
        return cursor.statusmessage or ""

    async def watch_notifies(self) -> None:
        """Hand each notification to those who listen; listen again on another connection when one is lost."""
        while not self.shutdown.is_set():
            try:
                await super().watch_notifies()
            except Exception:
                if not self._listening.closed or self._reconnect is None:
                    raise
                try:
                    await self._listen_again(self._reconnect)
                except errors.DatabaseError:  # nobody waits for it any more
                    return

    async def close(self) -> None:
        """Close both connections."""
        await self._working.close()
        await self._listening.close()

    def noted(self, now: datetime) -> None:
        """Remember what the database's clock shows at this moment."""
        self._read_at, self._read = clock.ticks(), now

    async def now(self) -> datetime:
        """The time by the database's clock, which is asked once a connection."""
        if self._read is None or self._read_at is None:
            await self._ask_times()
        return self.estimated()

    def estimated(self) -> datetime:
        """The same for whoever cannot wait; by our own clock as long as nobody has asked."""
        if self._read is None or self._read_at is None:
            return clock.now()
        return self._read + timedelta(seconds=clock.ticks() - self._read_at)

    async def uptime(self) -> timedelta:
        """How long the server has been running."""
        if self._began is None:
            await self._ask_times()
        return await self.now() - cast("datetime", self._began)

    async def _ask_times(self) -> None:
        (row,) = await self.fetch(TIMES)
        self.noted(cast("datetime", row["now"]))
        self._began = cast("datetime", row["began"])

    async def _run(self, query: str, args: tuple[object, ...]) -> Any:
        while True:
            used = self._working
            try:
                return await raw_cursor(used, query, args)
            except Exception:  # psycopg's, which PgQueuer reads, unless the connection is gone
                if not used.closed or self._reconnect is None:
                    raise
            await self._mend(used)

    async def _mend(self, lost: AsyncConnection) -> None:
        async with self._mending:
            if self._working is lost and self._reconnect is not None:
                self._working = await self._reconnect()
                self._read = self._began = None

    async def _listen_again(self, reconnect: Reconnect) -> None:
        self._listening = await reconnect()
        self._connection = cast("Any", self._listening)
        listeners, self._listeners = self._listeners, {}
        for channel, callbacks in listeners.items():
            for callback in callbacks:
                await self.add_listener(channel, callback)
