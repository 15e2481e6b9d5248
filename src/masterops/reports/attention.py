"""
What needs attention: one business a row, with every reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool
from masterops.reports.hourly import by_hour, none
from masterops.reports.sql import statements


class Reason(msgspec.Struct, frozen=True):
    """
    One thing that is wrong: its kind, what it is about, the details, since when.
    """

    kind: str
    what: str | None = None
    detail: str | None = None
    since: datetime | None = None


class Attention(msgspec.Struct, frozen=True):
    """
    One business with something wrong now. `severity` is critical or warning.

    `hourly` counts the errors of the last 24 hours of the clock, the oldest first.
    """

    business_name: str
    business_slug: str
    severity: str
    reasons: list[Reason] = []
    errors_last_hour: int = 0
    errors_last_24h: int = 0
    last_error_time: datetime | None = None
    hourly: list[int] = []


async def attention(pool: Pool, *, business: str | None = None) -> list[Attention]:
    """The businesses that need attention, the worst first. Raises DatabaseError."""
    async with pool.connection() as connection:
        cursor = await connection.execute(statements()["attention"], {"business": business})
        rows: list[dict[str, Any]] = await cursor.fetchall()
        hourly = await by_hour(connection, "errors_by_hour", business=business) if rows else {}
    return [
        msgspec.convert(row | {"hourly": hourly.get(row["business_slug"], none())}, Attention) for row in rows
    ]
