"""
One question to one table or view, safe from whoever asks it: `ops db query TABLE --filter ...`.

Names come from the database's catalogue, values travel as parameters, and the transaction is read-only
with a time limit. See `_filters` for what a filter may say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from masterops.db import _catalogue
from masterops.db._catalogue import Table
from masterops.db._explain import explain
from masterops.db._filters import Filter, Operator, legible, parse
from masterops.db.connect import AsyncConnection, Row
from masterops.errors import BadValue, MasterOpsError, QueryFailed

__all__ = ["Filter", "Operator", "Rows", "TableQuery", "run"]

MOST = 100_000
LONGEST_SECONDS = 30
COMPARISONS = {
    Operator.EQUAL: SQL("{} = {}"),
    # Not <>, which also drops the rows that have no value.
    Operator.NOT_EQUAL: SQL("{} IS DISTINCT FROM {}"),
    Operator.GREATER: SQL("{} > {}"),
    Operator.GREATER_OR_EQUAL: SQL("{} >= {}"),
    Operator.LESS: SQL("{} < {}"),
    Operator.LESS_OR_EQUAL: SQL("{} <= {}"),
}


@dataclass(frozen=True, slots=True)
class TableQuery:
    """
    What is asked. Without columns all of them are; without an order it is the database's.
    """

    table: str
    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] = ()
    order: str | None = None
    descending: bool = False
    limit: int = 50

    @classmethod
    def parse(
        cls,
        table: str,
        *,
        filters: Sequence[str] = (),
        columns: Sequence[str] = (),
        order: str | None = None,
        descending: bool = False,
        limit: int = 50,
    ) -> TableQuery:
        """The query that the words of a command mean; a column may itself be a list, `a,b`."""
        if not 1 <= limit <= MOST:
            raise BadValue(kind="limit", value=limit, reason=f"it must be between 1 and {MOST:,}")
        names = tuple(name.strip() for part in columns for name in part.split(",") if name.strip())
        for name in (table, *names, order or ""):
            legible("name", name)
        return cls(table, tuple(parse(text) for text in filters), names, order, descending, limit)


@dataclass(frozen=True, slots=True)
class Rows:
    """
    The answer; the columns are named even when there is no row.
    """

    columns: tuple[str, ...]
    rows: list[Row]


async def run(connection: AsyncConnection, query: TableQuery, *, seconds: int = LONGEST_SECONDS) -> Rows:
    """Ask the database; nothing can be changed by it, whatever a view calls, and it ends after `seconds`."""
    table = await _catalogue.look_up(connection, query.table)
    columns = tuple(dict.fromkeys(query.columns)) or tuple(table.columns)
    statement, values = build(query, table, columns)
    try:
        return Rows(columns, await _read_only(connection, statement, values, seconds))
    except psycopg.errors.QueryCanceled:
        reason = f"it took longer than {seconds} s"
        raise QueryFailed(reason=reason, hint="Narrow it with --filter, or ask a summary view.") from None
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise await _blame(connection, query, table, error) from error
    except psycopg.OperationalError as error:
        raise explain(error, "the server") from error
    except psycopg.Error as error:
        raise _refused(query, error) from error


def build(query: TableQuery, table: Table, columns: Sequence[str]) -> tuple[Composed, list[str]]:
    """The statement and its parameters; raises UnknownName for a column that is not there."""
    for name in columns:
        table.type_of(name)
    conditions = [_condition(one, table) for one in query.filters]
    parts: list[Composable] = [
        SQL("SELECT {} FROM {}").format(SQL(", ").join(map(_name, columns)), _name(table.schema, table.name))
    ]
    if conditions:
        parts.append(SQL("WHERE {}").format(SQL(" AND ").join(conditions)))
    if query.order:
        table.type_of(query.order)
        # Rows without a value last, either way: nobody looks for them first.
        direction = SQL("DESC NULLS LAST") if query.descending else SQL("ASC NULLS LAST")
        parts.append(SQL("ORDER BY {} {}").format(_name(query.order), direction))
    parts.append(SQL("LIMIT {}").format(query.limit))
    return SQL(" ").join(parts), [_parameter(one) for one in query.filters if one.value is not None]


def _condition(one: Filter, table: Table) -> Composed:
    """The value is sent as text and made the column's type by the server, by the column's own rules."""
    column, kind = _name(one.column), table.type_of(one.column)
    if one.value is None:
        test = SQL("IS NULL") if one.operator is Operator.EQUAL else SQL("IS NOT NULL")
        return SQL("{} {}").format(column, test)
    if one.operator is Operator.CONTAINS:
        return SQL("{}::text ILIKE {}").format(column, SQL("%s"))
    return COMPARISONS[one.operator].format(column, _cast(kind))


def _name(*parts: str) -> Identifier:
    """Quoted by psycopg, which leaves one thing to us: a % in a name would be read as a placeholder."""
    return Identifier(*(part.replace("%", "%%") for part in parts))


def _cast(kind: str) -> Composed:
    # `kind` is the server's own rendering of a type, quoted where it needs to be.
    return SQL("CAST(%s::text AS {})").format(SQL(kind.replace("%", "%%")))


def _parameter(one: Filter) -> str:
    if one.operator is not Operator.CONTAINS:
        return str(one.value)
    escaped = str(one.value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _read_only(
    connection: AsyncConnection, statement: Composed, values: Sequence[str], seconds: int = LONGEST_SECONDS
) -> list[Row]:
    async with connection.transaction():
        await connection.execute("SET TRANSACTION READ ONLY")
        await connection.execute(f"SET LOCAL statement_timeout = '{seconds}s'".encode())
        cursor = await connection.execute(statement, values)
        return await cursor.fetchall()


async def _blame(
    connection: AsyncConnection, query: TableQuery, table: Table, error: psycopg.Error
) -> MasterOpsError:
    """The server does not say which value it disliked: try them one by one."""
    for one in query.filters:
        if one.value is None or one.operator is Operator.CONTAINS:
            continue
        kind = table.type_of(one.column)
        try:
            await _read_only(connection, SQL("SELECT {}").format(_cast(kind)), [one.value])
        except (psycopg.DataError, psycopg.IntegrityError) as found:
            reason = found.diag.message_primary or str(found)
            return BadValue(
                kind=f"{kind} (column {one.column} of {table.name})", value=one.value, reason=reason
            )
    return _refused(query, error)


def _refused(query: TableQuery, error: psycopg.Error) -> QueryFailed:
    return QueryFailed(reason=error.diag.message_primary or str(error), table=query.table)
