"""
The budgets that all processes share, kept in PostgreSQL.

One connection of its own, one short statement at a time. Spans of seconds go in and out; only the server's
clock is looked at.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress

from masterops.core.budgets import Ask, Part, Spending
from masterops.db.connect import AsyncConnection, Params, Query, Row, fetch
from masterops.db.explained import Connect
from masterops.errors import DatabaseError, DatabaseLost

ANSWER = 3.0  # seconds; a database that takes longer is away
GRACE = 0.25  # for the end of a connection to be seen
SHARE = "SELECT * FROM ops.share_budget(%s, %s, %s, %s, %s, %s, %s, %s::jsonb)"


class BudgetLedger:
    """
    A `Ledger` on one connection, which is made when it is first needed, and again when lost.
    """

    def __init__(self, connect: Connect, *, process: str | None = None) -> None:
        self.process = process or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self._connect = connect
        self._connection: AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def share(
        self, connection: str, asks: Sequence[Ask], *, elapsed: float | None, hold: float, spending: Spending
    ) -> list[Part]:
        """Give back, want and get, for all limits of a connection at once. Raises DatabaseError."""
        said = json.dumps(asks)
        spent = [spending.calls, spending.waits, spending.waited]
        rows = await self._fetch(SHARE, [connection, self.process, elapsed, hold, *spent, said])
        return [Part(**row) for row in rows]

    async def close(self) -> None:
        """Leave the database."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _fetch(self, statement: Query, params: Params) -> list[Row]:
        deadline = asyncio.get_running_loop().time() + ANSWER
        try:
            async with asyncio.timeout_at(deadline + GRACE), self._one_at_a_time:
                return await self._fetch_until(deadline, statement, params)
        except TimeoutError:
            raise _late() from None

    async def _fetch_until(self, deadline: float, statement: Query, params: Params) -> list[Row]:
        loop = asyncio.get_running_loop()
        timer = loop.call_at(deadline, self._hang_up)
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await self._connect()
            return await fetch(self._connection, statement, params)
        except DatabaseError:
            if loop.time() >= deadline:
                raise _late() from None
            raise
        finally:
            timer.cancel()
            connection = self._connection
            if connection is not None and (connection.broken or connection.info.transaction_status != 0):
                await self.close()

    def _hang_up(self) -> None:
        """
        Whoever waits for an answer sees the connection end. To cancel him would not do: psycopg then asks the
        server to stop, and waits for that, for longer than what is held is valid.
        """
        connection = self._connection
        if connection is not None and not connection.closed:
            with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


def _late() -> DatabaseLost:
    return DatabaseLost(reason=f"no answer within {ANSWER:g} s")
