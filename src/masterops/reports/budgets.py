"""
What is left of each limit of each connection, who spent it, and when it runs out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool
from masterops.reports.sql import statements


class BudgetNow(msgspec.Struct, frozen=True):
    """
    One limit as it is now. `runs_out_at` is None when it lasts; `by_process` is today's (UTC), `by_operation`
    that of the last 24 hours.
    """

    connection: str
    limit_name: str
    window: str
    permits: int
    spent: int
    remaining: int
    waiting: int
    business: str | None = None
    resets_at: datetime | None = None
    runs_out_at: datetime | None = None
    by_process: list[dict[str, Any]] | None = None
    by_operation: list[dict[str, Any]] | None = None


async def budgets(pool: Pool, *, connection: str | None = None) -> list[BudgetNow]:
    """Every limit that was spent from, or those of one connection. Raises DatabaseError."""
    rows = await pool.fetch(statements()["budgets_now"].encode(), {"connection": connection})  # type: ignore[arg-type]  # a file of ours
    return [msgspec.convert(row, BudgetNow) for row in rows]
