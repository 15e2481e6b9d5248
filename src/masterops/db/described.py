"""
What the database says of itself: every table, view and function of ours, with its comment.
"""

from __future__ import annotations

import msgspec
from psycopg.sql import SQL

from masterops.db.connect import AsyncConnection, fetch

RELATIONS = SQL(
    """
    SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
        CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind,
        coalesce(obj_description(c.oid, 'pg_class'), '') AS comment,
        (SELECT jsonb_agg(jsonb_build_object(
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'required', a.attnotnull,
                'comment', coalesce(col_description(c.oid, a.attnum), '')) ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
        coalesce((SELECT jsonb_agg(pg_get_constraintdef(k.oid) ORDER BY k.contype DESC, k.conname)
            FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f')), '[]') AS keys
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid IN (SELECT relation FROM ops.our_tables()) AND NOT c.relispartition
    ORDER BY n.nspname <> 'public', n.nspname, c.relname
    """
)
FUNCTIONS = SQL(
    """
    SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || p.proname AS name,
        pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
        coalesce(o.access, 'owner') AS access, coalesce(obj_description(p.oid, 'pg_proc'), '') AS comment
    FROM ops.our_functions() AS o JOIN pg_proc AS p ON p.oid = o.function
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE pg_get_function_result(p.oid) <> 'trigger'
    ORDER BY n.nspname <> 'public', n.nspname, p.proname, 2
    """
)


class Column(msgspec.Struct, frozen=True):
    """
    One column.
    """

    name: str
    type: str
    required: bool
    comment: str


class Relation(msgspec.Struct, frozen=True):
    """
    A table or view; `keys` are its primary, unique and foreign keys as SQL.
    """

    name: str
    kind: str
    comment: str
    columns: list[Column]
    keys: list[str]


class Function(msgspec.Struct, frozen=True):
    """
    A function; `access` says who may call it: read, act, write, or owner.
    """

    name: str
    arguments: str
    result: str
    access: str
    comment: str


async def describe(connection: AsyncConnection) -> tuple[list[Relation], list[Function]]:
    """All tables and views, then all functions but triggers'."""
    relations = await fetch(connection, RELATIONS)
    functions = await fetch(connection, FUNCTIONS)
    return msgspec.convert(relations, list[Relation]), msgspec.convert(functions, list[Function])
