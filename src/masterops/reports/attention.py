"""
What needs attention: one business a row, with every reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool
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
    """

    business_name: str
    business_slug: str
    severity: str
    reasons: list[Reason] = []
    errors_last_hour: int = 0
    errors_last_24h: int = 0
    last_error_time: datetime | None = None


async def attention(pool: Pool, *, business: str | None = None) -> list[Attention]:
    """The businesses that need attention, the worst first. Raises DatabaseError."""
    async with pool.connection() as connection:
        cursor = await connection.execute(statements()["attention"], {"business": business})
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return [msgspec.convert(row, Attention) for row in rows]
