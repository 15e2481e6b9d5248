"""
What the checks have found over time: flips, incidents, the newest looks, uptime and its budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from masterops.db import Pool
from masterops.reports.sql import statements

DAY_MINUTES = 1440.0
WINDOWS = {"24h": 1, "7d": 7, "30d": 30}


class Flip(msgspec.Struct, frozen=True):
    """
    One change of state, and how long the new state lasted (to now, if `ended_at` is None).
    """

    integration_id: str
    check_name: str
    service: str
    to_state: str
    flipped_at: datetime
    lasted_seconds: float
    business: str | None = None
    from_state: str | None = None
    reason: str | None = None
    ended_at: datetime | None = None


class Uptime(msgspec.Struct, frozen=True):
    """
    One connection or check in one window: the share of looks that found it up, and the minutes that it may be
    down and has been. Looks that could not say, those in maintenance among them, do not count.
    """

    check: str
    window: str
    target_pct: float
    uptime_pct: float
    allowed_minutes: float
    down_minutes: float
    left_pct: float
    looks: int
    business: str | None = None

    @property
    def kept(self) -> bool:
        """Whether the target is kept."""
        return self.uptime_pct >= self.target_pct


class Look(msgspec.Struct, frozen=True):
    """
    One look of the past.
    """

    state: str
    response_time_ms: float | None = None


async def flips(pool: Pool, *, since: datetime, check: str | None, limit: int) -> list[Flip]:
    """Changes of state, the newest first. Raises DatabaseError."""
    rows = await _ask(pool, "flips", {"since": since, "check": check, "limit": limit})
    return [msgspec.convert(row, Flip) for row in rows]


async def incidents(pool: Pool, *, since: datetime, limit: int) -> list[dict[str, Any]]:
    """Incidents that stand, and those that ended after `since`. Raises DatabaseError."""
    return await _ask(pool, "incidents", {"since": since, "limit": limit})


async def uptimes(pool: Pool, target_pct: float) -> list[Uptime]:
    """Every connection and check in each window in which somebody looked. Raises DatabaseError."""
    rows = await _ask(pool, "uptime", {})
    return [
        uptime(
            row["integration_id"],
            window,
            up=row[f"up_{window}"] or 0,
            looks=row[f"looks_{window}"],
            target_pct=target_pct,
            business=row["business"],
            known_minutes=row["known_minutes"],
        )
        for row in rows
        for window in WINDOWS
        if row[f"looks_{window}"]
    ]


def uptime(
    check: str,
    window: str,
    *,
    up: int,
    looks: int,
    target_pct: float,
    business: str | None = None,
    known_minutes: float | None = None,
) -> Uptime:
    """The share, and the budget of minutes that the target leaves; `known_minutes` ago it was new. Pure."""
    minutes = WINDOWS[window] * DAY_MINUTES
    down = min(minutes, minutes if known_minutes is None else known_minutes) * (1 - up / looks)
    allowed = minutes * (1 - target_pct / 100)
    left = 100.0 if not down else -100.0 if not allowed else max(-100.0, 100 * (1 - down / allowed))
    return Uptime(
        check,
        window,
        target_pct,
        _floored(100 * up / looks),
        round(allowed, 1),
        round(down, 1),
        round(left, 1),
        looks,
        business,
    )


async def recent_looks(
    pool: Pool, checks: Sequence[tuple[str, str]], *, limit: int
) -> dict[tuple[str, str], list[Look]]:
    """The newest looks of each, the oldest of them first. Raises DatabaseError."""
    asked = {"integrations": [a for a, _ in checks], "checks": [b for _, b in checks], "limit": limit}
    found: dict[tuple[str, str], list[Look]] = {}
    for row in await _ask(pool, "recent_looks", asked):
        key = row["integration_id"], row["check_name"]
        found.setdefault(key, []).append(Look(row["state"], row["response_time_ms"]))
    return found


def _floored(percentage: float) -> float:
    """99.996 is not 100: a look that failed shows."""
    return int(percentage * 1000) / 1000


async def _ask(pool: Pool, name: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return await pool.fetch(statements()[name].encode(), asked)  # type: ignore[arg-type]  # a file of ours
