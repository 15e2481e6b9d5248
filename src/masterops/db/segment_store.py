"""
The database's side of a spool: rows and the segment's offset, in one transaction.

A batch goes in by COPY. When the server refuses it, the rows that it refuses are looked for and kept as dead
letters with the reason, and the rest of the batch is not held up.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import msgspec
import psycopg

from masterops.db._copying import about_the_row, refusals
from masterops.db.connect import AsyncConnection, Pool
from masterops.errors import DatabaseError
from masterops.logs import Batch
from masterops.logs.record import clean_text

R = TypeVar("R", bound=msgspec.Struct)

LONGEST_LINE = 10_000_000  # of a dead letter; a column takes 1 GB, but nobody reads that

# A shipper that was stopped, or whose machine vanished, must not hold up for long whoever took its segment
# over: the server ends a transaction in which we say nothing (a COPY that is slow is not silent), and whoever
# meets a lock leaves that segment for later. For the transaction alone: a pooler may hand the session on.
PATIENCE = """
SELECT set_config('idle_in_transaction_session_timeout', %s, true), set_config('lock_timeout', %s, true)
"""
SILENT_SECONDS, LOCK_SECONDS = 60.0, 10.0

OFFSET = "SELECT shipped_bytes FROM ops.spool_segments WHERE name = %s"
# The condition makes a second shipper, which should not exist, fail instead of doubling rows.
MOVE = """
INSERT INTO ops.spool_segments AS s (name, shipped_bytes, records, updated_at)
VALUES (%(name)s, %(end)s, %(records)s, now())
ON CONFLICT (name) DO UPDATE
SET shipped_bytes = %(end)s, records = s.records + %(records)s, updated_at = now()
WHERE s.shipped_bytes = %(start)s
"""
DEAD_LETTER = """
INSERT INTO ops.log_dead_letters (segment, line_offset, line, reason) VALUES (%s, %s, %s, %s)
"""


class SegmentStore(Generic[R]):
    """
    A `RecordStore` on a pool of connections, for rows of one kind of spool.
    """

    def __init__(
        self, pool: Pool, *, silent_seconds: float = SILENT_SECONDS, lock_seconds: float = LOCK_SECONDS
    ) -> None:
        self._pool = pool
        self._patience = [f"{seconds * 1000:.0f}ms" for seconds in (silent_seconds, lock_seconds)]

    @abstractmethod
    async def copy(self, connection: AsyncConnection, rows: Sequence[R]) -> None:
        """Put rows into their tables. Raises psycopg.Error when the server refuses one."""

    @abstractmethod
    async def write(self, connection: AsyncConnection, rows: Sequence[R]) -> None:
        """The same with what belongs to it, once in each transaction that stays."""

    async def offset(self, segment: str) -> int:
        """Bytes of `segment` that are stored."""
        rows = await self._pool.fetch(OFFSET, [segment])
        return int(rows[0]["shipped_bytes"]) if rows else 0

    async def store(self, batch: Batch[R]) -> int:
        """Store the batch whole, or as far as the server takes it; answers how many rows it refused."""
        async with self._pool.connection() as connection:
            try:
                async with self._transaction(connection):
                    await self._keep(connection, batch, {})
                return 0
            except psycopg.Error as error:
                if not about_the_row(error):
                    raise
            async with self._transaction(connection):
                refused = await refusals(connection, batch.rows, self.copy)
                await self._keep(connection, batch, refused)
            return len(refused)

    @asynccontextmanager
    async def _transaction(self, connection: AsyncConnection) -> AsyncIterator[None]:
        async with connection.transaction():
            await connection.execute(PATIENCE, self._patience)
            yield

    async def forget(self, segment: str) -> None:
        """Drop the offset of a segment whose file is gone."""
        await self._pool.fetch("DELETE FROM ops.spool_segments WHERE name = %s", [segment])

    async def _keep(self, connection: AsyncConnection, batch: Batch[R], refused: dict[int, str]) -> None:
        rows: Sequence[R] = (
            [row for index, row in enumerate(batch.rows) if index not in refused] if refused else batch.rows
        )
        await self.write(connection, rows)
        await _bury(connection, batch.segment, [*batch.rejects, *_letters(batch, refused)])
        where = {"name": batch.segment, "start": batch.start, "end": batch.end, "records": len(rows)}
        cursor = await connection.execute(MOVE, where)
        if cursor.rowcount != 1:
            raise DatabaseError(
                reason=f"segment {batch.segment} was shipped by somebody else at the same time"
            )


def _letters(batch: Batch[R], refused: dict[int, str]) -> list[tuple[int, str, str]]:
    return [
        (
            batch.places[index] if batch.places else batch.start,
            msgspec.json.encode(batch.rows[index]).decode(),
            reason,
        )
        for index, reason in sorted(refused.items())
    ]


async def _bury(connection: AsyncConnection, segment: str, letters: Iterable[tuple[int, str, str]]) -> None:
    for offset, line, reason in letters:
        texts = [clean_text(line, LONGEST_LINE), clean_text(reason)]
        await connection.execute(DEAD_LETTER, [segment, offset, *texts])
