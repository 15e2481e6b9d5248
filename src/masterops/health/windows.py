"""
Windows of maintenance that are made by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from masterops.db import Pool

LIST = """
SELECT name, applies, starts_at, ends_at FROM ops.maintenance WHERE ends_at > now() ORDER BY starts_at, name
"""
ADD = "INSERT INTO ops.maintenance (name, applies, starts_at, ends_at) VALUES (%s, %s, %s, %s)"
# One that has not begun is gone; of one that has, what was sheltered by it stays explained.
END = """
WITH gone AS (DELETE FROM ops.maintenance WHERE name = %(name)s AND starts_at > now() RETURNING 1),
    ended AS (UPDATE ops.maintenance SET ends_at = now()
        WHERE name = %(name)s AND starts_at <= now() AND ends_at > now() RETURNING 1)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM ended) AS number
"""


async def planned(pool: Pool) -> list[dict[str, Any]]:
    """Those that have not ended. Raises DatabaseError."""
    return await pool.fetch(LIST)


async def add_window(pool: Pool, name: str, applies: Sequence[str], starts: datetime, ends: datetime) -> None:
    """Make one. Raises DatabaseError."""
    await pool.fetch(ADD, [name, list(applies), starts, ends])


async def end_window(pool: Pool, name: str) -> int:
    """End those of a name now; how many there were. Raises DatabaseError."""
    return int((await pool.fetch(END, {"name": name}))[0]["number"])
