"""
PgQueuer's driver on two connections: one listens, the other works.

On one connection every statement waits until the listener lets go of it, up to a second each: measured,
stopping a worker took three seconds instead of one, and a job was queued half a second late.
"""

from __future__ import annotations

from typing import Any, cast

from pgqueuer.adapters.drivers.psycopg import PsycopgDriver

from masterops.db import AsyncConnection, raw_cursor


class TwoConnections(PsycopgDriver):
    """
    Notifications arrive on `listening`, everything else happens on `working`; both in autocommit mode.
    """

    def __init__(self, working: AsyncConnection, listening: AsyncConnection) -> None:
        super().__init__(cast("Any", listening))  # it makes cursors of its own row kind
        self._working = working

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """All rows of one statement with `$1` placeholders."""
        cursor = await raw_cursor(self._working, query, args)
        return await cursor.fetchall()

    async def execute(self, query: str, *args: object) -> str:
        """One statement; answers its status."""
        cursor = await raw_cursor(self._working, query, args)
        return cursor.statusmessage or ""
