"""
An execution has one row, however it comes.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from masterops.core import clock
from masterops.db import Pool
from masterops.workflows.keeping import Row, keep

START = clock.now().replace(microsecond=0) - timedelta(hours=1)


def row(id: str, status: str = "success", minutes: int = 0, **more: Any) -> Row:
    """An execution that began so many minutes later."""
    moment = (START + timedelta(minutes=minutes)).isoformat()
    return {"integration_id": "n8n/teelixir", "workflow_id": "w", "execution_id": id, "status": status,
            "started_at": moment, **more}  # fmt: skip


async def kept(pool: Pool) -> list[tuple[str, str, str | None]]:
    """Ids, states and reasons."""
    sql = "SELECT execution_id, status, error_message FROM workflow_execution_logs ORDER BY execution_id"
    return [(each["execution_id"], each["status"], each["error_message"]) for each in await pool.fetch(sql)]


async def test_what_is_new_goes_in_and_what_has_changed_is_changed(pool: Pool) -> None:
    """
    What is as it was is not touched, and counts for nothing.
    """
    counts = [
        await keep(pool, rows)
        for rows in (
            [row("1"), row("2", "running")],
            [row("1"), row("2", "error", finished_at=START.isoformat()), row("3")],
            [row("1"), row("2", "error", finished_at=START.isoformat(), error_message="no tea"), row("3")],
            [row("1"), row("2", "error", finished_at=START.isoformat(), error_message="no tea"), row("3")],
            [],
        )
    ]

    assert [2, 2, 1, 0, 0] == counts
    assert [("1", "success", None), ("2", "error", "no tea"), ("3", "success", None)] == await kept(pool)


async def test_one_that_comes_twice_has_one_row(pool: Pool) -> None:
    """
    In one page, with two starting times, and in two looks at once.
    """
    await keep(pool, [row("1"), row("1"), row("1", minutes=5)])
    many = [row(str(number)) for number in range(2, 40)]
    counts = await asyncio.gather(*(keep(pool, some) for some in (many, many[::-1], many[5:])))

    assert 38 == sum(counts)
    assert 39 == len(await kept(pool))
