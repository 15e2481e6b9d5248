"""
The public Python API: `masterops.open()` for async code, `masterops.open_sync()` for scripts.

    async with masterops.open() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        contact = await hub.contacts.get("123")

    with masterops.open_sync() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        contact = hub.contacts.get("123")
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal, overload

from masterops.app.app import App, open_app
from masterops.app.blocking import Blocking, Portal
from masterops.config import Connection, find_business, find_service, load
from masterops.connectors import Connector
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.supabase import Supabase
from masterops.connectors.unleashed import Unleashed
from masterops.db import Rows, TableQuery, run
from masterops.health import Checked, check_connections
from masterops.logs import Logger


class Ops:
    """
    An open Master-Ops: connectors, health, tables, logger.
    """

    def __init__(self, app: App, connections: list[Connection]) -> None:
        self._app = app
        self._connections = connections
        self.log: Logger = app.log

    @overload
    def connect(self, service: Literal["hubspot"], business: str | None = None) -> HubSpot: ...

    @overload
    def connect(self, service: Literal["supabase"], business: str | None = None) -> Supabase: ...

    @overload
    def connect(self, service: Literal["unleashed"], business: str | None = None) -> Unleashed: ...

    @overload
    def connect(self, service: str, business: str | None = None) -> Connector: ...

    def connect(self, service: str, business: str | None = None) -> Connector:
        """
        The connector of one business's account at a service; without `business`, the group's.

        Raises UnknownName with the nearest right spelling, or ConfigReference when it has no credentials.
        """
        settings = self._app.settings
        service = find_service(settings, service)
        slug = find_business(settings, business).slug if business else None
        return self._app.connector(self._app.pick(self._connections, service, slug))

    async def check_health(self) -> list[Checked]:
        """Check every connection now; the results are kept like those of a cycle."""
        return await check_connections(await self._app.patients(), self._app.pool, self._app.log)

    async def query(self, table: str, *filters: str, **options: Any) -> Rows:
        """
        Rows of a table or view, read only: `await ops.query("recent_errors", "source=hubspot", limit=10)`.

        Filters are written as for `ops db query`; options are `columns`, `order`, `descending`, `limit`.
        """
        async with self._app.pool.connection() as connection:
            return await run(connection, TableQuery.parse(table, filters=filters, **options))


@contextlib.asynccontextmanager
async def open(config: Path | str | None = None) -> AsyncIterator[Ops]:
    """
    Open Master-Ops as configured (see `ops config show`), or in demo mode when nothing is.

    Raises ConfigError or DatabaseError with what is wrong and how to mend it.
    """
    settings = load(config=Path(config) if config else None)
    async with open_app(settings, source="integration") as app:
        connections = await app.connections()
        await app.register()
        yield Ops(app, connections)


class SyncOps:
    """
    `Ops` for code without an event loop: the same objects, every call waits for its answer.
    """

    def __init__(self, ops: Ops, portal: Portal) -> None:
        self._ops = ops
        self._portal = portal
        self.log = ops.log

    def connect(self, service: str, business: str | None = None) -> Any:
        """Like `Ops.connect`; what is awaited there returns here, and async iterators are plain ones."""
        return Blocking(self._ops.connect(service, business), self._portal)

    def check_health(self) -> list[Checked]:
        """Like `Ops.check_health`."""
        return self._portal.run(self._ops.check_health())

    def query(self, table: str, *filters: str, **options: Any) -> Rows:
        """Like `Ops.query`."""
        return self._portal.run(self._ops.query(table, *filters, **options))


@contextlib.contextmanager
def open_sync(config: Path | str | None = None) -> Iterator[SyncOps]:
    """The same as `open`, for scripts: an event loop runs in a thread of its own until the end."""
    with Portal() as portal, portal.wrap(open(config)) as ops:
        yield SyncOps(ops, portal)


__all__ = ["Ops", "SyncOps", "open", "open_sync"]
