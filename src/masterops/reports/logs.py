"""
Log records by filter, newest last; those around one of them; and what the filters hide.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from masterops import errors
from masterops.db import AsyncConnection, Pool
from masterops.reports.log_filter import COLUMNS, LogFilter, LogRow, row_of, where

NEWEST = "ORDER BY created_at DESC, id DESC"
OLDEST = "ORDER BY created_at, id"
MOST_COUNTED = 10_000
COUNT_MILLISECONDS = 500
# An id tells when it was made, and a record is stamped within the same moment.
NEAR = timedelta(seconds=5)


class Hidden(msgspec.Struct, frozen=True):
    """
    How many records pass when one filter is left out: None when counting took too long, `more` when there
    are more than `records`.
    """

    filter: str
    records: int | None
    more: bool = False


async def read_logs(pool: Pool, wanted: LogFilter, *, limit: int) -> list[LogRow]:
    """The newest `limit` records that pass, in the order of time. Raises DatabaseError."""
    async with pool.connection() as connection:
        return await newest(connection, wanted, limit)


async def read_trace(pool: Pool, wanted: LogFilter, *, limit: int) -> list[LogRow]:
    """The oldest `limit` records that pass. Raises DatabaseError."""
    async with pool.connection() as connection:
        return await _select(connection, wanted, "true", [], OLDEST, limit)


async def read_around(pool: Pool, id: UUID, wanted: LogFilter, *, limit: int) -> list[LogRow]:
    """
    The record and at most `limit` that pass, half of them before and half after it, in the order of time.

    Raises UnknownName when there is no such record, and DatabaseError.
    """
    async with pool.connection() as connection:
        row = await _find(connection, id)
        if row is None:
            raise errors.UnknownName(
                kind="log record", name=str(id), where="", hint="`ops logs --ids` shows the ids."
            )
        place = [row.created_at, row.id]
        half = max(1, limit // 2)
        before = await _select(connection, wanted, "(created_at, id) < (%s, %s)", place, NEWEST, half)
        after = await _select(connection, wanted, "(created_at, id) > (%s, %s)", place, OLDEST, half)
    return [*reversed(before), row, *after]


async def hidden(pool: Pool, wanted: LogFilter) -> list[Hidden]:
    """What each of the filters hides, in the order of `LogFilter`. Takes a second at most."""
    return list(await asyncio.gather(*(_count(pool, wanted, name) for name in wanted.given)))


async def newest(connection: AsyncConnection, wanted: LogFilter, limit: int) -> list[LogRow]:
    """The newest records that pass, in the order of time."""
    return (await _select(connection, wanted, "true", [], NEWEST, limit))[::-1]


async def _find(connection: AsyncConnection, id: UUID) -> LogRow | None:
    made = _made_at(id)
    if made is not None:
        near = "id = %s AND created_at BETWEEN %s AND %s"
        rows = await _select(connection, LogFilter(), near, [id, made - NEAR, made + NEAR], NEWEST, 1)
        if rows:
            return rows[0]
    rows = await _select(connection, LogFilter(), "id = %s", [id], NEWEST, 1)
    return rows[0] if rows else None


def _made_at(id: UUID) -> datetime | None:
    """The moment in an id of version 7."""
    if id.version != 7:
        return None
    try:
        return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)
    except (OverflowError, ValueError):  # the 48 bits reach beyond the year 9999
        return None


async def _select(
    connection: AsyncConnection,
    wanted: LogFilter,
    condition: str,
    values: list[object],
    order: str,
    limit: int,
) -> list[LogRow]:
    passes = where(wanted)
    sql = f"SELECT {COLUMNS} FROM public.integration_logs WHERE {condition} AND {passes.sql} {order} LIMIT %s"
    cursor = await connection.execute(sql.encode(), [*values, *passes.values, limit])
    return [row_of(row) for row in await cursor.fetchall()]


async def _count(pool: Pool, wanted: LogFilter, name: str) -> Hidden:
    passes = where(wanted.without(name))
    inner = f"SELECT FROM public.integration_logs WHERE {passes.sql} LIMIT %s"
    try:
        async with pool.connection() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = {COUNT_MILLISECONDS}".encode())
            cursor = await connection.execute(
                f"SELECT count(*) AS records FROM ({inner}) AS l".encode(), [*passes.values, MOST_COUNTED + 1]
            )
            row = await cursor.fetchone() or {}
    except errors.DatabaseLost:
        raise
    except errors.DatabaseError:  # it took too long
        return Hidden(name, None)
    found = int(row.get("records", 0))
    return Hidden(name, min(found, MOST_COUNTED), more=found > MOST_COUNTED)
