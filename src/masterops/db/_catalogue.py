"""
What tables, views and columns there are, as the database says.

Only what the user may read is listed, and nothing of PostgreSQL's own: pg_shadow holds passwords.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL

from masterops.core.spelling import unknown
from masterops.db.connect import AsyncConnection, fetch
from masterops.errors import UnknownName

TABLES = SQL(
    """
    SELECT n.nspname AS schema, c.relname AS name, c.oid AS id, c.relispartition AS partition
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND has_schema_privilege(n.oid, 'USAGE')
      AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
    ORDER BY n.nspname <> 'public', n.nspname, c.relname
    """
)
# The type without its length: a cast to varchar(3) would cut a value silently and then find others.
COLUMNS = SQL(
    """
    SELECT attname AS name, format_type(atttypid, -1) AS type
    FROM pg_attribute
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
      AND has_column_privilege(attrelid, attnum, 'SELECT')
    ORDER BY attnum
    """
)


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table or view that exists, with the types of its columns in their order.
    """

    schema: str
    name: str
    columns: dict[str, str]

    def type_of(self, column: str) -> str:
        """The type of a column; raises UnknownName for one that is not there."""
        if column not in self.columns:
            raise unknown("column", column, self.columns, where=f" in {self.name}")
        return self.columns[column]


async def look_up(connection: AsyncConnection, name: str) -> Table:
    """The table called `name` or `schema.name`; a bare name means public's, else the only one there is."""
    rows = await fetch(connection, TABLES)
    full = [(row["schema"], row["name"], row["id"]) for row in rows]
    matches = [found for found in full if name in (found[1], f"{found[0]}.{found[1]}")]
    public = [found for found in matches if found[0] == "public"]
    if len(matches) > 1 and not public:
        choices = [f"{schema}.{table}" for schema, table, _ in matches]
        raise UnknownName(kind="table or view", name=name, known=choices, where=" without its schema")
    if not matches:
        known = [_shown(row["schema"], row["name"]) for row in rows if not row["partition"]]
        raise unknown("table or view", name, known)
    schema, table, number = (public or matches)[0]
    columns = await fetch(connection, COLUMNS, [number])
    return Table(schema, table, {row["name"]: row["type"] for row in columns})


def _shown(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"
