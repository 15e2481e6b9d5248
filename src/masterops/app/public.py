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
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from masterops.app.app import App, open_app
from masterops.app.blocking import Blocking, Portal
from masterops.config import Connection, Settings, find_business, find_service, load
from masterops.connectors import Connector
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.supabase import Supabase
from masterops.connectors.unleashed import Unleashed
from masterops.db import Replayed, Rows, TableQuery, replay, run
from masterops.health import Checked, check_connections
from masterops.logs import Logger

T = TypeVar("T")


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

    def connections(self, service: str | None = None, business: str | None = None) -> list[Connection]:
        """
        The connections that are switched on, the twins' in demo mode: all, or those of a service or business.

        Raises UnknownName with the nearest right spelling.
        """
        settings = self._app.settings
        of_service = find_service(settings, service) if service else None
        slug = find_business(settings, business).slug if business else None
        return [
            each
            for each in self._connections
            if of_service in (None, each.service) and slug in (None, each.business)
        ]

    def connector(self, connection: Connection) -> Connector:
        """The connector of a connection. Raises ConfigReference when it has no credentials."""
        return self._app.connector(connection)

    @property
    def settings(self) -> Settings:
        """The settings in effect; secrets print as `***`."""
        return self._app.settings

    async def replay_dead_letters(self, *, dry_run: bool = True) -> Replayed:
        """Try the log records again that the database refused; a dry run takes it back."""
        return await replay(self._app.pool, dry_run=dry_run)

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
        yield await _opened(app)


async def _opened(app: App) -> Ops:
    connections = await app.connections()
    await app.register()
    return Ops(app, connections)


_lent: ContextVar[tuple[App, Portal] | None] = ContextVar("masterops_lent", default=None)


@contextlib.contextmanager
def lend(app: App, portal: Portal) -> Iterator[None]:
    """As long as the block `open_sync` uses this application, and does not open another."""
    token = _lent.set((app, portal))
    try:
        yield
    finally:
        _lent.reset(token)


def lent() -> bool:
    """Whether `ops run` runs what asks."""
    return _lent.get() is not None


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

    def connections(self, service: str | None = None, business: str | None = None) -> list[Connection]:
        """Like `Ops.connections`."""
        return self._ops.connections(service, business)

    def connector(self, connection: Connection) -> Any:
        """Like `Ops.connector`; what is awaited there returns here."""
        return Blocking(self._ops.connector(connection), self._portal)

    def wait(self, doing: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine of the async API."""
        return self._portal.run(doing)

    @property
    def settings(self) -> Settings:
        """Like `Ops.settings`."""
        return self._ops.settings

    def replay_dead_letters(self, *, dry_run: bool = True) -> Replayed:
        """Like `Ops.replay_dead_letters`."""
        return self._portal.run(self._ops.replay_dead_letters(dry_run=dry_run))

    def check_health(self) -> list[Checked]:
        """Like `Ops.check_health`."""
        return self._portal.run(self._ops.check_health())

    def query(self, table: str, *filters: str, **options: Any) -> Rows:
        """Like `Ops.query`."""
        return self._portal.run(self._ops.query(table, *filters, **options))


@contextlib.contextmanager
def open_sync(config: Path | str | None = None) -> Iterator[SyncOps]:
    """
    The same as `open`, for scripts: an event loop runs in a thread of its own until the end.

    A script of `ops run` that names no configuration of its own uses what is open already.
    """
    given = _lent.get()
    if given is not None and config is None:
        app, portal = given
        yield SyncOps(portal.run(_opened(app)), portal)
        return
    with Portal() as portal, portal.wrap(open(config)) as ops:
        yield SyncOps(ops, portal)


__all__ = ["Ops", "SyncOps", "lend", "lent", "open", "open_sync"]
