"""
The last 24 hours one by one: hours of the clock in UTC, the present, unfinished one included.

The numbers are those of the rollups by hour and of what is not rolled up yet; no row is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from masterops.db import AsyncConnection
from masterops.reports.sql import statements

HOURS = 24

Question = Literal["records_by_hour", "errors_by_hour"]


async def by_hour(
    connection: AsyncConnection, question: Question, *, business: str | None
) -> dict[str, list[int]]:
    """The 24 numbers of each source or business slug that has any, the oldest hour first."""
    asked = {"hours": HOURS, "business": business}
    cursor = await connection.execute(statements()[question], asked)
    return lined_up(await cursor.fetchall())


def lined_up(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Each `name` with its numbers; a row has `name`, `hours_ago` (0: the present hour) and `number`."""
    found: dict[str, list[int]] = {}
    for row in rows:
        numbers = found.setdefault(row["name"], none())
        numbers[HOURS - 1 - row["hours_ago"]] += row["number"]
    return found


def none() -> list[int]:
    """A day in which nothing was counted."""
    return [0] * HOURS
