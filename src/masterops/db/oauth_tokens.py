"""
The tokens of OAuth apps, for all processes: sealed, so that nobody reads them here.

Whose turn it is to refresh is a lock that PostgreSQL holds for the length of a transaction. That
transaction does nothing else, so it keeps nobody waiting and holds no row; it ends with its connection, and
so with the process that made it, and works through a pooler of transactions as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from masterops.db.connect import Pool, fetch
from masterops.db.explained import Connect, explained

READ = "SELECT generation, sealed FROM ops_secrets.oauth_tokens WHERE connection = %s"
WRITE = """
INSERT INTO ops_secrets.oauth_tokens AS t (connection, generation, sealed, expires_at)
VALUES (%(connection)s, %(after)s + 1, %(sealed)s, %(expires_at)s)
ON CONFLICT (connection) DO UPDATE
SET generation = EXCLUDED.generation, sealed = EXCLUDED.sealed, expires_at = EXCLUDED.expires_at,
    refreshed_at = now()
WHERE t.generation = %(after)s
RETURNING generation
"""
TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('masterops.oauth.' || %s, 0)) AS mine"


class OAuthTokens:
    """
    The store in PostgreSQL: `connect` makes a connection for a turn, which may take as long as a call.
    """

    def __init__(self, pool: Pool, connect: Connect) -> None:
        self._pool = pool
        self._connect = connect

    async def read(self, connection: str) -> tuple[int, bytes] | None:
        """The generation that was stored last, and what was stored."""
        rows = await self._pool.fetch(READ, [connection])
        return (rows[0]["generation"], bytes(rows[0]["sealed"])) if rows else None

    async def write(self, connection: str, sealed: bytes, *, after: int, expires_at: datetime) -> bool:
        """Store generation `after` + 1, and have it on the disk; False where another was quicker."""
        values = {"connection": connection, "sealed": sealed, "after": after, "expires_at": expires_at}
        async with self._pool.connection() as held, held.transaction():
            await held.execute("SET LOCAL synchronous_commit TO on")
            return bool(await fetch(held, WRITE, values))

    @asynccontextmanager
    async def turn(self, connection: str) -> AsyncIterator[bool]:
        """Be the only one to refresh, for the length of the block; False where somebody else is."""
        held = await self._connect()
        try:
            with explained(self._pool.where):
                await held.set_autocommit(False)
                mine = bool((await fetch(held, TURN, [connection]))[0]["mine"])
            yield mine
        finally:
            await held.close()
