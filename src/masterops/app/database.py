"""
The database that this process uses: the embedded one, or the one that `database.url` names.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from masterops import errors
from masterops.config import Settings
from masterops.db import Embedded, Pool, bundled, connect, migrate, status


class Database:
    """
    Opened on entry and left on exit; the embedded server stops with its last user.

    The embedded database is always brought up to date. Somebody else's is only with `migrating`, which
    `ops up` sets; without it a database that lacks migrations raises MigrationPending. Commands about the
    migrations themselves take the database `as_it_is`.
    """

    def __init__(self, settings: Settings, *, migrating: bool = False, as_it_is: bool = False) -> None:
        self._url = settings.database.url
        self.embedded = None if self._url else Embedded(settings.home)
        self._migrating = migrating or self._url is None
        self._as_it_is = as_it_is
        self._pool: Pool | None = None
        self.url = ""

    async def __aenter__(self) -> Pool:
        """Raises a DatabaseError that says what is wrong and how to mend it."""
        self.url = await self._acquire()
        try:
            if not self._as_it_is:
                await self._bring_up_to_date()
            self._pool = Pool(self.url)
            return await self._pool.__aenter__()
        except BaseException:
            await self._release()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            await self._pool.__aexit__(kind, error, trace)
        await self._release()

    async def revive(self) -> None:
        """Start the embedded server again if it has died; somebody else's is theirs to start."""
        if self.embedded is not None:
            await asyncio.to_thread(self.embedded.acquire)
            await asyncio.to_thread(self.embedded.release)

    async def _acquire(self) -> str:
        if self.embedded is not None:
            return await asyncio.to_thread(self.embedded.acquire)
        return self._url.reveal() if self._url else ""

    async def _release(self) -> None:
        if self.embedded is not None:
            await asyncio.to_thread(self.embedded.release)

    async def _bring_up_to_date(self) -> None:
        """A database that is up to date costs one query."""
        connection = await connect(self.url)
        async with connection:
            migrations = bundled()
            pending = (await status(connection, migrations)).pending
            if pending and not self._migrating:
                raise errors.MigrationPending(count=len(pending), version=pending[0].version)
            if pending:
                await migrate(connection, migrations)
