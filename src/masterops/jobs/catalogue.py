"""
Every job of the platform, one entry each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from masterops.alerts import deliver, evaluate
from masterops.channels import Channel
from masterops.config import Settings
from masterops.core.ids import uuid7
from masterops.db import Pool, roll_up
from masterops.engine import Job, Patience
from masterops.health import Patient, care_of
from masterops.heartbeats import look
from masterops.jobs.cleaning import clean
from masterops.jobs.cycle import Manner, run_cycle
from masterops.jobs.drift import note_drifts
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

    settings = parts.settings
    manner = Manner(care_of(settings), settings.health, settings.home, settings.needs)

    async def cycle(payload: dict[str, Any]) -> None:
        asked = "cycle" in payload  # somebody waits for it, who wants to see everything as it is now
        id = UUID(payload["cycle"]) if asked else uuid7()
        await run_cycle(
            await parts.patients(),
            parts.pool,
            parts.log,
            cycle=id,
            businesses=parts.settings.businesses,
            manner=replace(manner, sparing=not asked),
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
        await clean(parts.pool, parts.settings, parts.log)

    async def heartbeats(payload: dict[str, Any]) -> None:
        await look(parts.pool, parts.log)

    async def alerts(payload: dict[str, Any]) -> None:
        await evaluate(parts.pool, parts.settings, parts.log)

    async def notices(payload: dict[str, Any]) -> None:
        await deliver(parts.pool, parts.channels(), parts.log)

    schedule = parts.settings.schedule
    # What comes again within the hour needs no second try: the next run clears what failed.
    once = Patience(tries=1)
    return [
        # Two may overlap: one that a killed worker still holds must not hold up the next.
        Job(CYCLE, cycle, cron=schedule.cycle, patience=once),
        Job("partitions", partitions, cron="17 * * * *", at_once=1, patience=once),
        Job("heartbeats", heartbeats, cron="* * * * *", at_once=1, patience=once),
        # The views are right without it, and slower with every minute that it is late.
        Job("rollups", rollups, cron="* * * * *", at_once=1, patience=once),
        Job("alerts", alerts, cron=f"* * * * * {ALERT_SECONDS}", at_once=1, patience=once),
        # By itself: a channel that hangs must not hold up what finds out that something is wrong.
        Job("notices", notices, cron=f"* * * * * {NOTICE_SECONDS}", patience=once),
        # A person who changes a workflow by hand is not in a hurry to be told.
        Job("drift", drift, cron="*/15 * * * *", at_once=1, patience=once),
        Job("retention", retention, cron=schedule.retention, at_once=1),
    ]
