"""
The database's side of the log pipeline: rows and the segment's offset, in one transaction.

A batch goes in by COPY. When the server refuses it, its rows are tried one by one: those that are
refused again are kept as dead letters with the reason, and the rest of the batch is not held up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from masterops.db.connect import AsyncConnection, Pool
from masterops.errors import DatabaseError
from masterops.logs.record import ApiMetric, LogRecord, Row, clean_text, encode
from masterops.logs.shipper import Batch

TABLES: dict[type[msgspec.Struct], str] = {LogRecord: "integration_logs", ApiMetric: "api_metrics"}

# SQLSTATE classes of a refusal that is about the row and would come again: data that do not fit their
# column, a constraint, and a limit of the server's (54000: too long for an index).
REFUSALS = frozenset({"22", "23", "54"})
LONGEST_LINE = 10_000_000  # of a dead letter; a column takes 1 GB, but nobody reads that

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


class LogStore:
    """
    A `RecordStore` on a pool of connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def offset(self, segment: str) -> int:
        """Bytes of `segment` that are stored."""
        rows = await self._pool.fetch(OFFSET, [segment])
        return int(rows[0]["shipped_bytes"]) if rows else 0

    async def store(self, batch: Batch) -> int:
        """Store the batch whole, or as far as the server takes it; answers how many rows it refused."""
        async with self._pool.connection() as connection:
            try:
                async with connection.transaction():
                    await _copy(connection, batch.rows)
                    await _move(connection, batch, len(batch.rows))
                return 0
            except (psycopg.Error, RecursionError) as error:
                if not _about_the_row(error):
                    raise
                return await _one_by_one(connection, batch)

    async def forget(self, segment: str) -> None:
        """Drop the offset of a segment whose file is gone."""
        await self._pool.fetch("DELETE FROM ops.spool_segments WHERE name = %s", [segment])


def _about_the_row(error: Exception) -> bool:
    """Whether the others may be stored all the same; psycopg's own refusals have no SQLSTATE."""
    if isinstance(error, (psycopg.DataError, psycopg.IntegrityError, RecursionError)):
        return True
    return isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in REFUSALS


async def _copy(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    for kind, table in TABLES.items():
        mine = [row for row in rows if type(row) is kind]
        if not mine:
            continue
        columns = SQL(", ").join(map(Identifier, kind.__struct_fields__))
        statement = SQL("COPY public.{} ({}) FROM STDIN").format(Identifier(table), columns)
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in mine:
                await copy.write_row(_values(row))


async def _one_by_one(connection: AsyncConnection, batch: Batch) -> int:
    """The slow way, after a refusal: each row in a savepoint of its own."""
    refused = 0
    async with connection.transaction():
        for row in batch.rows:
            try:
                async with connection.transaction():
                    await _insert(connection, row)
            except (psycopg.Error, RecursionError) as error:
                if not _about_the_row(error):
                    raise
                refused += 1
                line = encode(row).decode().rstrip("\n")
                await _bury(connection, batch, [(batch.start, line, _reason(error))])
        await _move(connection, batch, len(batch.rows) - refused)
    return refused


def _reason(error: Exception) -> str:
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return said or str(error) or type(error).__name__


async def _insert(connection: AsyncConnection, row: Row) -> None:
    names = type(row).__struct_fields__
    statement = SQL("INSERT INTO public.{} ({}) VALUES ({})").format(
        Identifier(TABLES[type(row)]),
        SQL(", ").join(map(Identifier, names)),
        SQL(", ").join(Placeholder() for _ in names),
    )
    await connection.execute(statement, _values(row))


async def _move(connection: AsyncConnection, batch: Batch, records: int) -> None:
    await _bury(connection, batch, batch.rejects)
    where = {"name": batch.segment, "start": batch.start, "end": batch.end, "records": records}
    cursor = await connection.execute(MOVE, where)
    if cursor.rowcount != 1:
        raise DatabaseError(reason=f"segment {batch.segment} was shipped by somebody else at the same time")


async def _bury(connection: AsyncConnection, batch: Batch, letters: Iterable[tuple[int, str, str]]) -> None:
    for offset, line, reason in letters:
        texts = [clean_text(line, LONGEST_LINE), clean_text(reason)]
        await connection.execute(DEAD_LETTER, [batch.segment, offset, *texts])


def _values(row: Row) -> list[Any]:
    values = msgspec.structs.astuple(row)
    return [Jsonb(value, dumps=msgspec.json.encode) if isinstance(value, dict) else value for value in values]
