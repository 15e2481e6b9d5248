"""
Log records as they arrive.

What the shippers store is found batch by batch, whatever its age. What others write by themselves leaves no
batch behind, so the last minutes are looked through for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from masterops import errors
from masterops.core import clock
from masterops.db import AsyncConnection, Pool
from masterops.db.log_arrivals import SINCE, Arrival, arrivals, horizon, listen, woken
from masterops.reports.log_filter import COLUMNS, LogFilter, LogRow, Where, row_of, where
from masterops.reports.logs import NEWEST, newest

WAIT_SECONDS = 0.5
AWAY_SECONDS = 1.0
PAGE = 1_000
MOST_BY_OTHERS = 10_000
RECENT = timedelta(minutes=2)
REMEMBERED = 100_000
BY_OTHERS = f"created_at >= %s AND {SINCE} AND NOT (xmin IN (SELECT xmin FROM ops.log_arrivals))"
OF_ARRIVAL = "created_at BETWEEN %s AND %s AND xmin = %s::xid AND (created_at, id) > (%s, %s)"
LEAST_ID = "00000000-0000-0000-0000-000000000000"


async def follow_logs(
    pool: Pool,
    wanted: LogFilter,
    *,
    limit: int,
    away: Callable[[errors.DatabaseError], None] = lambda error: None,
) -> AsyncIterator[LogRow]:
    """
    The newest `limit` records, then every new one within a second of its arrival; it does not end.

    When the database goes away, `away` is told once, and it goes on when the database is back, with what has
    arrived meanwhile. Raises DatabaseError when there is none to begin with.
    """
    follower = Follower(wanted, limit)
    told = False
    while True:
        try:
            async with pool.connection() as connection:
                async for row in follower.rows(connection):
                    told = False
                    yield row
        except errors.DatabaseError as error:
            if not follower.begun:
                raise
            if not told:
                away(error)
            told = True
            await asyncio.sleep(AWAY_SECONDS)


class Follower:
    """
    What one reader has had already. It outlives the connections that it reads by.
    """

    def __init__(self, wanted: LogFilter, limit: int) -> None:
        self._wanted = wanted
        self._limit = limit
        self._horizon = ""
        self._arrivals: deque[str] = deque(maxlen=REMEMBERED)
        self._shown: dict[str, None] = {}

    @property
    def begun(self) -> bool:
        """Whether it has had what was there at the beginning."""
        return self._horizon != ""

    async def rows(self, connection: AsyncConnection) -> AsyncIterator[LogRow]:
        """The newest records the first time, then new ones as long as the connection lasts."""
        await listen(connection)
        if not self.begun:
            for row in await self._begin(connection):
                yield row
        while True:
            reached = await horizon(connection)
            async for row in self._new(connection):
                if self._remember(row.id):
                    yield row
            self._horizon = reached
            await woken(connection, WAIT_SECONDS)

    async def _begin(self, connection: AsyncConnection) -> list[LogRow]:
        reached = await horizon(connection)
        self._arrivals.extend(each.id for each in await arrivals(connection, reached))
        for row in await self._by_others(connection, reached):
            self._remember(row.id)
        # Asked last: what has arrived since the questions above is shown here, and remembered.
        rows = await newest(connection, self._wanted, self._limit)
        for row in rows:
            self._remember(row.id)
        self._horizon = reached
        return rows

    async def _new(self, connection: AsyncConnection) -> AsyncIterator[LogRow]:
        for arrival in await arrivals(connection, self._horizon):
            if arrival.id not in self._arrivals:
                async for row in self._of(connection, arrival):
                    yield row
                self._arrivals.append(arrival.id)
        for row in await self._by_others(connection, self._horizon):
            yield row

    async def _of(self, connection: AsyncConnection, arrival: Arrival) -> AsyncIterator[LogRow]:
        """The rows of one batch, a page at a time."""
        after: tuple[object, str] = (arrival.first_at, LEAST_ID)
        condition = where(self._wanted)
        while True:
            range = [arrival.first_at, arrival.last_at, arrival.transaction, *after]
            rows = await _select(connection, OF_ARRIVAL, range, condition, "ORDER BY created_at, id", PAGE)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = (rows[-1].created_at, rows[-1].id)

    async def _by_others(self, connection: AsyncConnection, since: str) -> list[LogRow]:
        values = [clock.now() - RECENT, since]
        rows = await _select(connection, BY_OTHERS, values, where(self._wanted), NEWEST, MOST_BY_OTHERS)
        return rows[::-1]

    def _remember(self, id: str) -> bool:
        """Whether it is new; the oldest of very many are forgotten."""
        if id in self._shown:
            return False
        self._shown[id] = None
        if len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]
        return True


async def _select(
    connection: AsyncConnection, condition: str, values: list[object], wanted: Where, order: str, limit: int
) -> list[LogRow]:
    sql = f"SELECT {COLUMNS} FROM public.integration_logs WHERE {condition} AND {wanted.sql} {order} LIMIT %s"
    cursor = await connection.execute(sql.encode(), [*values, *wanted.values, limit])
    return [row_of(row) for row in await cursor.fetchall()]
