"""
Rows into their tables by COPY, and which of them the server refuses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import psycopg
from psycopg.sql import SQL, Composed, Identifier

from masterops.db.connect import AsyncConnection
from masterops.logs.record import ApiMetric, LogRecord, Row

TABLES: dict[type[msgspec.Struct], str] = {LogRecord: "integration_logs", ApiMetric: "api_metrics"}

R = TypeVar("R")

# SQLSTATE classes of a refusal that is about the row and would come again: data that do not fit their
# column, a constraint, and a limit of the server's (54000: too long for an index).
REFUSALS = frozenset({"22", "23", "54"})

PIECE = 256  # rows
NOTHING = r"\N"
SHOW: dict[type, Callable[[Any], str]] = {
    UUID: lambda value: value.hex,
    datetime: datetime.isoformat,
    float: repr,
    int: repr,
    bool: str,
    msgspec.Raw: lambda value: _escaped(str(value, "utf-8")),
    dict: lambda value: _escaped(msgspec.json.encode(value).decode()),
}
STATEMENTS: dict[type[msgspec.Struct], Composed] = {
    kind: SQL("COPY public.{} ({}) FROM STDIN").format(
        Identifier(table), SQL(", ").join(map(Identifier, kind.__struct_fields__))
    )
    for kind, table in TABLES.items()
}


async def copy_rows(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Store the rows, each in the table of its kind. Raises psycopg.Error when the server refuses one."""
    for kind, statement in STATEMENTS.items():
        mine = [row for row in rows if isinstance(row, kind)]
        if not mine:
            continue
        async with connection.cursor() as cursor, cursor.copy(statement) as copy:
            # In pieces, so that the server works on one while we write the next.
            for first in range(0, len(mine), PIECE):
                await copy.write(
                    "".join([line_of(msgspec.structs.astuple(row)) for row in mine[first : first + PIECE]])
                )


async def refusals(
    connection: AsyncConnection,
    rows: Sequence[R],
    copy: Callable[[AsyncConnection, Sequence[R]], Awaitable[None]],
) -> dict[int, str]:
    """
    Which rows the server refuses when `copy` stores them, by their index, and why; nothing stays stored.

    Halving finds a few among thousands in a few dozen attempts. What was taken stays until the end, so that
    those that are left fit together as well: two with one id do not.
    """
    refused: dict[int, str] = {}

    async def attempt(indices: range) -> None:
        try:
            async with connection.transaction():
                await copy(connection, [rows[index] for index in indices])
        except psycopg.Error as error:
            if not about_the_row(error):
                raise
            if len(indices) == 1:
                refused[indices[0]] = error.diag.message_primary or str(error) or type(error).__name__
                return
            half = len(indices) // 2
            await attempt(indices[:half])
            await attempt(indices[half:])

    if rows:
        async with connection.transaction(force_rollback=True):
            await attempt(range(len(rows)))
    return refused


def about_the_row(error: psycopg.Error) -> bool:
    """Whether the others may be stored all the same; psycopg's own refusals have no SQLSTATE."""
    if isinstance(error, (psycopg.DataError, psycopg.IntegrityError)):
        return True
    return (error.sqlstate or "")[:2] in REFUSALS


def line_of(values: Iterable[Any]) -> str:
    """One line of COPY's text format. Written out by hand: psycopg takes twice as long for each row."""
    shown = [
        NOTHING if value is None else _escaped(value) if type(value) is str else SHOW[type(value)](value)
        for value in values
    ]
    return "\t".join(shown) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
