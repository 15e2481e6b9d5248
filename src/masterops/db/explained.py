"""
For code that works on bare connections: psycopg's errors leave a block as ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from masterops.db.connect import AsyncConnection, explain

Connect = Callable[[], Awaitable[AsyncConnection]]


async def raw_cursor(
    connection: AsyncConnection, query: str, values: Sequence[object]
) -> psycopg.AsyncRawCursor[dict[str, Any]]:
    """Run a statement that is written with PostgreSQL's own `$1` placeholders."""
    cursor = psycopg.AsyncRawCursor(connection, row_factory=dict_row)
    await cursor.execute(query.encode(), values or None)
    return cursor


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Raise a DatabaseError that names `where` instead of what psycopg raises inside."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(error, where) from error
