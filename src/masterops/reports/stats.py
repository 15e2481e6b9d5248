"""
What each source did in the last hours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.db import Pool
from masterops.reports.hourly import by_hour, none
from masterops.reports.sql import statements

MOST_HOURS = 24 * 366


class SourceStats(msgspec.Struct, frozen=True):
    """
    One source's log records: how many, how many wrong, how long things took.

    `hourly` counts those of the last 24 hours of the clock, the oldest first, whatever window was asked for.
    """

    source: str
    total_logs: int
    error_count: int
    warning_count: int
    error_rate_pct: float
    avg_duration_ms: float | None = None
    p95_duration_ms: float | None = None
    last_activity: datetime | None = None
    hourly: list[int] = []


async def stats(pool: Pool, *, hours: int = 24, business: str | None = None) -> list[SourceStats]:
    """The busiest source first. Raises BadValue for hours out of range, DatabaseError."""
    if not 1 <= hours <= MOST_HOURS:
        raise errors.BadValue(value=hours, kind="number of hours", reason=f"it must be 1 to {MOST_HOURS}")
    async with pool.connection() as connection:
        cursor = await connection.execute(statements()["stats"], {"hours": hours, "business": business})
        rows: list[dict[str, Any]] = await cursor.fetchall()
        hourly = await by_hour(connection, "records_by_hour", business=business)
    return [
        msgspec.convert(_numbers(row) | {"hourly": hourly.get(row["source"], none())}, SourceStats)
        for row in rows
    ]


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    floats = ("error_rate_pct", "avg_duration_ms", "p95_duration_ms")
    return {
        name: float(value) if name in floats and value is not None else value for name, value in row.items()
    }
