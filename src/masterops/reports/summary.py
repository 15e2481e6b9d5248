"""
How is it going: every connection now, and the last cycle.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.core.states import UNHEALTHY
from masterops.db import Pool
from masterops.reports.sql import statements


class ConnectionNow(msgspec.Struct, frozen=True):
    """
    One configured connection. `changed` counts the records that the last read found new.
    """

    connection: str
    service: str
    state: str
    business: str | None = None
    business_name: str | None = None
    since: datetime | None = None
    last_checked_at: datetime | None = None
    response_time_ms: float | None = None
    error_message: str | None = None
    changed: int | None = None
    last_read_at: datetime | None = None
    errors_24h: int = 0


class LastCycle(msgspec.Struct, frozen=True):
    """
    The newest cycle that has ended.
    """

    id: str
    started_at: datetime
    finished_at: datetime
    outcome: dict[str, int] = {}


class Summary(msgspec.Struct, frozen=True):
    """
    The one-screen answer.
    """

    connections: list[ConnectionNow]
    last_cycle: LastCycle | None = None

    @property
    def unhealthy(self) -> list[ConnectionNow]:
        """The connections that somebody should look at."""
        return [each for each in self.connections if each.state in UNHEALTHY]

    @property
    def well(self) -> bool:
        """Whether every connection is healthy and the last cycle could read what changed at each."""
        unread = self.last_cycle.outcome.get("unread", 0) if self.last_cycle else 0
        return not self.unhealthy and not unread


async def summary(pool: Pool) -> Summary:
    """Read it from the database. Raises DatabaseError."""
    async with pool.connection() as connection:
        rows = await (await connection.execute(statements()["connections_now"])).fetchall()
        last = await (await connection.execute(statements()["last_cycle"])).fetchone()
    connections = [_convert(row, ConnectionNow) for row in rows]
    return Summary(connections, _convert(last, LastCycle) if last else None)


def _convert(row: dict[str, Any], kind: Any) -> Any:
    plain = {
        name: float(value) if name.endswith("_ms") and value is not None else value
        for name, value in row.items()
    }
    return msgspec.convert({**plain, **({"id": str(row["id"])} if "id" in row else {})}, kind)
