"""
One question of somebody's own to the database, which cannot change anything: checks of kind `sql`.
"""

from __future__ import annotations

from typing import Any

import psycopg

from masterops.db.connect import Pool
from masterops.errors import DatabaseError, QueryFailed


async def ask_once(pool: Pool, query: str, seconds: float) -> dict[str, Any]:
    """
    The first value of the first row, and how many rows there are (up to two). Raises QueryFailed for a
    question that PostgreSQL refuses or that takes longer, DatabaseError when there is nobody to ask.
    """
    limit = max(1, int(seconds * 1000))
    async with pool.connection() as connection:
        try:
            async with connection.transaction(force_rollback=True):
                await connection.execute("SET TRANSACTION READ ONLY")
                await connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())
                # In binary, because that way no second statement can stand behind the first.
                cursor = connection.cursor(binary=True)
                await cursor.execute(query.encode(), prepare=False)
                rows = await cursor.fetchmany(2) if cursor.description else []
        except psycopg.errors.QueryCanceled:
            raise QueryFailed(reason=f"it took longer than {seconds:g} s") from None
        except (psycopg.OperationalError, DatabaseError):
            raise
        except psycopg.Error as error:
            raise QueryFailed(reason=error.diag.message_primary or str(error)) from error
    value = next(iter(rows[0].values())) if rows else None
    return {"value": _plain(value), "rows": len(rows)}


def _plain(value: Any) -> Any:
    """Numbers as numbers, whatever their type; what is neither number, text nor boolean as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)
