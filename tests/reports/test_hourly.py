"""
The last 24 hours one by one, as the rows have them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from masterops.core import clock
from masterops.db import AsyncConnection, Pool, roll_up
from masterops.reports import attention, stats
from masterops.reports.hourly import HOURS, by_hour, lined_up
from masterops.reports.sql import statements

HOUR = timedelta(hours=1)


def this_hour() -> datetime:
    """When the present hour began."""
    return clock.now().replace(minute=0, second=0, microsecond=0)


async def log(connection: AsyncConnection, moment: datetime, **values: Any) -> None:
    """One log record."""
    given = {"source": "n8n", "level": "info", "business_id": "teelixir", **values}
    await connection.execute(
        "INSERT INTO integration_logs (source, level, status, message, business_id, created_at)"
        " VALUES (%s, %s, %s, 'm', %s, %s)",
        [given["source"], given["level"], given["level"], given["business_id"], moment],
    )


def at(**numbers: int) -> list[int]:
    """A day with these numbers: `at(h0=2)` is two in the present hour, `h23` is the oldest."""
    return [numbers.get(f"h{HOURS - 1 - place}", 0) for place in range(HOURS)]


async def test_hours_are_those_of_the_clock_and_the_present_one_is_the_last(pool: Pool) -> None:
    """
    The first moment of an hour belongs to it, and the last before does not; what is older or yet to come is left out.
    """
    instant = timedelta(microseconds=1)
    start = this_hour()
    async with pool.connection() as connection:
        for moment in (
            start - 23 * HOUR - instant,
            start - 23 * HOUR,
            start - 22 * HOUR - instant,
            start - instant,
            start,
            start + 2 * HOUR,
        ):
            await log(connection, moment)
        found = await by_hour(connection, "records_by_hour", business=None)

    assert {"n8n": at(h23=2, h1=1, h0=1)} == found


async def test_what_is_rolled_up_and_what_waits_are_both_counted(pool: Pool) -> None:
    """
    Once each, also when an hour has some of both.
    """
    async with pool.connection() as connection:
        await log(connection, this_hour())
        await log(connection, this_hour() - 3 * HOUR)
        await roll_up(connection)
        rolled = await by_hour(connection, "records_by_hour", business=None)
        await log(connection, this_hour())
        both = await by_hour(connection, "records_by_hour", business=None)

    assert {"n8n": at(h3=1, h0=1)} == rolled
    assert {"n8n": at(h3=1, h0=2)} == both


async def test_a_business_is_counted_by_slug_and_by_id(pool: Pool) -> None:
    """
    Both ways of writing its name are one business; another's records are not its own.
    """
    async with pool.connection() as connection:
        (row,) = await pool.fetch(
            "SELECT ops.upsert_business('teelixir', 'Teelixir', 'ecommerce')::text AS id"
        )
        await pool.fetch("SELECT ops.upsert_business('other', 'Other', 'ecommerce')")
        for name in ("teelixir", row["id"], "other", "stranger"):
            await log(connection, this_hour(), level="error", business_id=name)
        records = {
            name: await by_hour(connection, "records_by_hour", business=name)
            for name in ("teelixir", row["id"], "stranger")
        }
        errors = await by_hour(connection, "errors_by_hour", business=None)
        of_one = await by_hour(connection, "errors_by_hour", business="other")

    assert {
        "teelixir": {"n8n": at(h0=2)},
        row["id"]: {"n8n": at(h0=2)},
        "stranger": {"n8n": at(h0=1)},
    } == records
    assert {"teelixir": at(h0=2), "other": at(h0=1)} == errors
    assert {"other": at(h0=1)} == of_one


async def test_a_report_without_a_record_today_has_a_day_of_zeros(pool: Pool) -> None:
    """
    Every row has 24 numbers.
    """
    async with pool.connection() as connection:
        await log(connection, this_hour() - 30 * HOUR)
    await pool.fetch("SELECT ops.upsert_business('teelixir', 'Teelixir', 'ecommerce')")
    await pool.fetch(
        "INSERT INTO ops.connections (id, service, business_slug, configured_at)"
        " VALUES ('n8n/teelixir', 'n8n', 'teelixir', now() - interval '2 days')"
    )

    assert [at()] == [row.hourly for row in await stats(pool, hours=48)]
    assert [at()] == [row.hourly for row in await attention(pool)]


@pytest.mark.parametrize("question", ["records_by_hour", "errors_by_hour"])
async def test_no_row_is_read(pool: Pool, question: str) -> None:
    """
    The plan names rollups and deltas, and no table of records.
    """
    async with pool.connection() as connection:
        await log(connection, this_hour())
        cursor = await connection.execute(
            f"EXPLAIN {statements()[question]}".encode(), {"hours": HOURS, "business": "teelixir"}
        )
        plan = str(await cursor.fetchall())

    assert "rollups" in plan and "deltas" in plan
    assert "integration_logs" not in plan


def test_numbers_of_one_hour_are_added_up() -> None:
    """
    Whatever the order in which they come.
    """
    rows = [
        {"name": "a", "hours_ago": 0, "number": 2},
        {"name": "b", "hours_ago": 23, "number": 1},
        {"name": "a", "hours_ago": 0, "number": 3},
    ]

    assert {"a": at(h0=5), "b": at(h23=1)} == lined_up(rows)
