"""
Whether partitions are made in time: rows that landed in a default one, tables without one for tomorrow.

A default partition may be large after a month without upkeep: its rows are counted up to a bound, and its
first and last moment are read from the end of an index.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from psycopg.sql import SQL, Composed, Identifier
from psycopg.sql import Literal as Value

from masterops.db.connect import AsyncConnection, fetch

COUNTED = 10_000

TABLES = SQL("""
SELECT t.name, t.time_column, EXISTS (
    SELECT FROM ops.partitions AS p
    WHERE p.table_name = t.name AND p.lower_bound <= now() + interval '1 day'
        AND p.upper_bound > now() + interval '1 day') AS ready
FROM ops.partitioned_tables AS t
ORDER BY t.lock_order
""")
# As text: a row may bear a moment that Python has no value for.
STRAYS = SQL("""
SELECT {table} AS table, {side} AS side, rows,
    replace(date_trunc('minute', first)::text, ':00+00', '') AS first,
    replace(date_trunc('minute', last)::text, ':00+00', '') AS last,
    extract(epoch FROM now())::float8 - extract(epoch FROM first)::float8 AS age
FROM (
    SELECT
        (SELECT count(*) FROM (SELECT FROM ops.{partition} WHERE {outside} LIMIT {most}) AS few) AS rows,
        (SELECT min({time}) FROM ops.{partition} WHERE {outside}) AS first,
        (SELECT max({time}) FROM ops.{partition} WHERE {outside}) AS last
) AS found
WHERE rows > 0
""")
OUTSIDE = {
    "past": SQL("{time} < now() - interval '1 hour'"),
    "future": SQL("{time} > now() + interval '1 hour'"),
}


class Strays(msgspec.Struct, frozen=True):
    """
    Rows of one table that are in its default partition and more than an hour away from now, on one side.

    `rows` stops at COUNTED. `first` and `last` are moments in UTC as PostgreSQL writes them, to the minute;
    `age` is that of the first in seconds, negative in the future, and may be infinite.
    """

    table: str
    side: Literal["past", "future"]
    rows: int
    first: str
    last: str
    age: float


class Partitioning(msgspec.Struct, frozen=True):
    """
    How the partitioned tables stand: those with no partition for this time tomorrow, and what strayed.
    """

    tables: list[str]
    unready: list[str]
    strays: list[Strays]


async def partitioning(connection: AsyncConnection) -> Partitioning:
    """Look at every partitioned table. Raises DatabaseError."""
    tables = await fetch(connection, TABLES)
    strays = [
        msgspec.convert(row, Strays)
        for table in tables
        for side in OUTSIDE
        for row in await fetch(connection, _strays(table["name"], table["time_column"], side))
    ]
    unready = [table["name"] for table in tables if not table["ready"]]
    return Partitioning([table["name"] for table in tables], unready, strays)


def _strays(table: str, time_column: str, side: str) -> Composed:
    time = Identifier(time_column)
    return STRAYS.format(
        table=Value(table),
        side=Value(side),
        partition=Identifier(f"{table}_default"),
        outside=OUTSIDE[side].format(time=time),
        time=time,
        most=Value(COUNTED),
    )
