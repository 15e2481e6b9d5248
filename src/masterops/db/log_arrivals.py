"""
What has arrived in the log since somebody last looked.

A transaction is told apart by its number. `pg_snapshot_xmin` is the oldest that was still open when somebody
looked: what older ones wrote had been seen by then, and what the others wrote is looked at again. The same
batch may so be found twice, and the reader drops what it has had; none can be missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from masterops.db.connect import AsyncConnection, fetch
from masterops.db.log_store import CHANNEL

LISTEN = f"LISTEN {CHANNEL}"
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon"
# Condition on rows that a transaction wrote which had not ended at the horizon.
SINCE = "age(xmin) <= age((%s::text::xid8)::xid)"
BATCHES = f"""
SELECT id, xmin::text AS transaction, first_at, last_at FROM ops.log_arrivals WHERE {SINCE}
ORDER BY arrived_at, id
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    One batch: its rows are those within its range of time that `transaction` wrote.
    """

    id: str
    transaction: str
    first_at: datetime
    last_at: datetime


async def listen(connection: AsyncConnection) -> None:
    """Have this connection woken by what arrives."""
    await connection.execute(LISTEN.encode())


async def woken(connection: AsyncConnection, seconds: float) -> None:
    """Wait until something arrives, at most `seconds`."""
    async for _ in connection.notifies(timeout=seconds, stop_after=1):
        pass


async def horizon(connection: AsyncConnection) -> str:
    """Where to look on from next time; ask for it before looking."""
    return str((await fetch(connection, HORIZON))[0]["horizon"])


async def arrivals(connection: AsyncConnection, since: str) -> list[Arrival]:
    """Batches that have arrived since the horizon `since`, and maybe some before."""
    cursor = await connection.execute(BATCHES.encode(), [since])
    return [
        Arrival(str(row["id"]), row["transaction"], row["first_at"], row["last_at"])
        for row in await cursor.fetchall()
    ]
