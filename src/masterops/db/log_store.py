"""
The database's side of the log pipeline.

Each batch leaves a line in `ops.log_arrivals`, by which readers that follow the log find its rows, however
old they are: `xmin` is the same for all that one transaction wrote.
"""

from __future__ import annotations

from collections.abc import Sequence

from masterops.db._copying import copy_rows
from masterops.db.connect import AsyncConnection, Pool
from masterops.db.segment_store import LOCK_SECONDS, SILENT_SECONDS, SegmentStore
from masterops.logs.record import LogRecord, Row

CHANNEL = "masterops_logs"
TIDY_EVERY = 64  # batches

ARRIVED = """
WITH arrived AS (
    INSERT INTO ops.log_arrivals (first_at, last_at, records) VALUES (%s, %s, %s)
)
SELECT pg_notify(%s, '')
"""
# Two shippers never wait for each other here.
TIDY = """
DELETE FROM ops.log_arrivals WHERE id IN (
    SELECT id FROM ops.log_arrivals WHERE arrived_at < now() - interval '10 minutes'
    ORDER BY arrived_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""


class LogStore(SegmentStore[Row]):
    """
    A `RecordStore` for log records and metrics.
    """

    def __init__(
        self, pool: Pool, *, silent_seconds: float = SILENT_SECONDS, lock_seconds: float = LOCK_SECONDS
    ) -> None:
        super().__init__(pool, silent_seconds=silent_seconds, lock_seconds=lock_seconds)
        self._batches = 0

    async def copy(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """Put rows into their tables."""
        await copy_rows(connection, rows)

    async def write(self, connection: AsyncConnection, rows: Sequence[Row]) -> None:
        """The same, and tell those who follow the log; old marks go now and then."""
        await store_rows(connection, rows)
        self._batches += 1
        if self._batches % TIDY_EVERY == 0:
            await connection.execute(TIDY)


async def store_rows(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """
    Store rows and tell those who follow the log. Belongs into a transaction, but not into a savepoint of it,
    whose rows would not be found by its `xmin`.
    """
    await copy_rows(connection, rows)
    moments = [row.created_at for row in rows if isinstance(row, LogRecord)]
    if moments:
        await connection.execute(ARRIVED, [min(moments), max(moments), len(moments), CHANNEL])
