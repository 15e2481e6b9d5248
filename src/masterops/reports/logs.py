"""
Log records by filter, newest last; and new ones as they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from masterops.core import clock
from masterops.db import Pool

POLL_SECONDS = 0.5
MOST_RECENT = 10_000
# Records reach the database a little after the moment they bear.
LATEST_ARRIVAL = timedelta(minutes=2)

COLUMNS = (
    "created_at, id, level, status, source, service, operation, message, details_json, duration_ms,"
    " business_id, integration_id, workflow_id, trace_id"
)
# A record names its business by slug or by id.
OF_BUSINESS = "business_id IN (SELECT %s UNION ALL SELECT key FROM ops.business_keys WHERE slug = %s)"
NEWEST = "ORDER BY created_at DESC, id DESC"
AT_LEAST = {"debug": ["debug", "info", "warn", "error"], "info": ["info", "warn", "error"]}
AT_LEAST |= {"warn": ["warn", "error"], "error": ["error"]}


class LogFilter(msgspec.Struct, frozen=True):
    """
    Which records: `level` is the lowest one wanted, `since` the oldest moment.
    """

    source: str | None = None
    level: str | None = None
    business: str | None = None
    since: datetime | None = None


class LogRow(msgspec.Struct, frozen=True):
    """
    One row of `integration_logs`.
    """

    created_at: datetime
    id: str
    level: str
    status: str
    source: str
    message: str
    service: str | None = None
    operation: str | None = None
    details_json: dict[str, Any] | None = None
    duration_ms: float | None = None
    business_id: str | None = None
    integration_id: str | None = None
    workflow_id: str | None = None
    trace_id: str | None = None


async def read_logs(pool: Pool, wanted: LogFilter, *, limit: int) -> list[LogRow]:
    """The newest `limit` records that pass, in the order of time. Raises DatabaseError."""
    conditions, values = _where(wanted)
    sql = f"SELECT {COLUMNS} FROM public.integration_logs WHERE {conditions} {NEWEST} LIMIT %s"
    async with pool.connection() as connection:
        cursor = await connection.execute(sql.encode(), [*values, limit])
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return [_row(row) for row in reversed(rows)]


async def follow_logs(pool: Pool, wanted: LogFilter, *, limit: int) -> AsyncIterator[LogRow]:
    """
    The newest `limit` records, then every new one within a second of its arrival; it does not end.

    One that arrives more than two minutes after its own moment, from a spool that had to wait, is not shown:
    `read_logs` has it.
    """
    newest = await read_logs(pool, wanted, limit=limit)
    shown = {row.id: row.created_at for row in await _recent(pool, wanted)}
    for row in newest:
        shown[row.id] = row.created_at
        yield row
    while True:
        await asyncio.sleep(POLL_SECONDS)
        for row in await _recent(pool, wanted):
            if row.id not in shown:
                shown[row.id] = row.created_at
                yield row
        shown = {id: at for id, at in shown.items() if at >= clock.now() - 2 * LATEST_ARRIVAL}


async def _recent(pool: Pool, wanted: LogFilter) -> list[LogRow]:
    oldest = clock.now() - LATEST_ARRIVAL
    since = max(oldest, wanted.since or oldest)
    return await read_logs(pool, msgspec.structs.replace(wanted, since=since), limit=MOST_RECENT)


def _where(wanted: LogFilter) -> tuple[str, list[object]]:
    conditions = ["true"]
    values: list[object] = []
    if wanted.source is not None:
        conditions.append("source = %s")
        values.append(wanted.source)
    if wanted.level is not None:
        conditions.append("level = ANY(%s)")
        values.append(AT_LEAST[wanted.level])
    if wanted.business is not None:
        conditions.append(OF_BUSINESS)
        values += [wanted.business, wanted.business]
    if wanted.since is not None:
        conditions.append("created_at >= %s")
        values.append(wanted.since)
    return " AND ".join(conditions), values


def _row(row: dict[str, Any]) -> LogRow:
    took = row["duration_ms"]
    return LogRow(**{**row, "id": str(row["id"]), "duration_ms": None if took is None else float(took)})
