"""
For code that is handed a bare connection: psycopg's errors leave a block as ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import psycopg

from masterops.db.connect import AsyncConnection, explain

Connect = Callable[[], Awaitable[AsyncConnection]]


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Raise a DatabaseError that names `where` instead of what psycopg raises inside."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(error, where) from error
