"""
Every job of the platform, one entry each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from masterops.alerts import deliver, evaluate, forget
from masterops.channels import Channel
from masterops.config import Settings
from masterops.core.ids import uuid7
from masterops.db import Pool, clean_up, roll_up
from masterops.engine import Job
from masterops.health import Patient
from masterops.heartbeats import look
from masterops.jobs.cycle import run_cycle
from masterops.logs import Logger

CYCLE = "cycle"
# The sixth field of a schedule: at which seconds of each minute.
ALERT_SECONDS = "*/15"
NOTICE_SECONDS = "5,20,35,50"


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

    def channels(self) -> Mapping[str, Channel]:
        """The channels that are switched on, by name."""
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

    async def retention(payload: dict[str, Any]) -> None:
        settings = parts.settings
        done = await clean_up(parts.pool, retention=settings.retention, businesses=settings.log_days)
        pings = 0
        while gone := await _clean_pings(parts.pool, settings.retention.health_checks_days):
            pings += gone
        async with parts.pool.connection() as connection:
            await forget(connection, settings.retention.health_checks_days)
        parts.log.success("retention.done", pings=pings, rows=done.rows, freed_bytes=done.freed_bytes)

    async def heartbeats(payload: dict[str, Any]) -> None:
        await look(parts.pool, parts.log)

    async def alerts(payload: dict[str, Any]) -> None:
        await evaluate(parts.pool, parts.settings, parts.log)

    async def notices(payload: dict[str, Any]) -> None:
        await deliver(parts.pool, parts.channels(), parts.log)

    schedule = parts.settings.schedule
    return [
        # Two may overlap: one that a killed worker still holds must not hold up the next.
        Job(CYCLE, cycle, cron=schedule.cycle),
        Job("partitions", partitions, cron="17 * * * *", at_once=1),
        Job("heartbeats", heartbeats, cron="* * * * *", at_once=1),
        # The views are right without it, and slower with every minute that it is late.
        Job("rollups", rollups, cron="* * * * *", at_once=1),
        Job("alerts", alerts, cron=f"* * * * * {ALERT_SECONDS}", at_once=1),
        # By itself: a channel that hangs must not hold up what finds out that something is wrong.
        Job("notices", notices, cron=f"* * * * * {NOTICE_SECONDS}"),
        Job("retention", retention, cron=schedule.retention, at_once=1),
    ]


async def _clean_pings(pool: Pool, days: int) -> int:
    """Some of the pings that are too old; 0 when none is left."""
    rows = await pool.fetch("SELECT ops.clean_heartbeat_pings(%s) AS gone", [days])
    return int(rows[0]["gone"])
