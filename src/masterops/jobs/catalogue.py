"""
Every job of the platform, one entry each.
"""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from masterops.config import Settings
from masterops.core.ids import uuid7
from masterops.db import Pool, clean_up, roll_up
from masterops.engine import Job
from masterops.health import Patient
from masterops.jobs.cycle import run_cycle
from masterops.jobs.drift import note_drifts
from masterops.logs import Logger

CYCLE = "cycle"


class Parts(Protocol):
    """
    What the jobs need of the application.
    """

    settings: Settings
    pool: Pool
    log: Logger

    async def patients(self) -> list[Patient]:
        """Every enabled connection with its connector, or with the reason why it has none."""
        ...


def catalogue(parts: Parts) -> list[Job]:
    """The jobs, bound to one application."""

    async def cycle(payload: dict[str, Any]) -> None:
        id = UUID(payload["cycle"]) if "cycle" in payload else uuid7()
        await run_cycle(
            await parts.patients(), parts.pool, parts.log, cycle=id, businesses=parts.settings.businesses
        )

    async def partitions(payload: dict[str, Any]) -> None:
        async with parts.pool.connection() as connection:
            await connection.execute("SELECT ops.ensure_partitions()")
            await connection.execute("SELECT ops.drop_detached(1000)")

    async def rollups(payload: dict[str, Any]) -> None:
        async with parts.pool.connection() as connection:
            await roll_up(connection)

    async def drift(payload: dict[str, Any]) -> None:
        await note_drifts(await parts.patients(), parts.pool, parts.log)

    async def retention(payload: dict[str, Any]) -> None:
        settings = parts.settings
        done = await clean_up(parts.pool, retention=settings.retention, businesses=settings.log_days)
        parts.log.success("retention.done", rows=done.rows, freed_bytes=done.freed_bytes)

    schedule = parts.settings.schedule
    return [
        # Two may overlap: one that a killed worker still holds must not hold up the next.
        Job(CYCLE, cycle, cron=schedule.cycle),
        Job("partitions", partitions, cron="17 * * * *", at_once=1),
        # The views are right without it, and slower with every minute that it is late.
        Job("rollups", rollups, cron="* * * * *", at_once=1),
        # A person who changes a workflow by hand is not in a hurry to be told.
        Job("drift", drift, cron="*/15 * * * *", at_once=1),
        Job("retention", retention, cron=schedule.retention, at_once=1),
    ]
