"""
What retention takes away each night: old partitions, pings, alerts that are over, and the history of jobs.
"""

from __future__ import annotations

from masterops.alerts import forget
from masterops.config import Settings
from masterops.db import Pool, clean_up
from masterops.engine import trim_history
from masterops.logs import Logger


async def clean(pool: Pool, settings: Settings, log: Logger) -> None:
    """All of it, one after the other. Raises DatabaseError; what is done by then stays done."""
    days = settings.retention.health_checks_days
    done = await clean_up(pool, retention=settings.retention, businesses=settings.log_days)
    pings = 0
    while gone := await _clean_pings(pool, days):
        pings += gone
    async with pool.connection() as connection:
        await forget(connection, days)
    await trim_history(pool)
    log.success("retention.done", pings=pings, rows=done.rows, freed_bytes=done.freed_bytes)


async def _clean_pings(pool: Pool, days: int) -> int:
    """Some of the pings that are too old; 0 when none is left."""
    rows = await pool.fetch("SELECT ops.clean_heartbeat_pings(%s) AS gone", [days])
    return int(rows[0]["gone"])
