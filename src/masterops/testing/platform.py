"""
A whole platform for one test: its home, its database, its twins, opened when it is first asked for something.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from masterops.alerts import Evaluated, deliver, evaluate
from masterops.app import App, open_app
from masterops.app.blocking import Portal
from masterops.app.demo import Place, announce
from masterops.app.public import Ops, SyncOps
from masterops.config import Settings, load
from masterops.core.spelling import unknown
from masterops.db import Rows
from masterops.health import Checked
from masterops.jobs import catalogue
from masterops.testing.clock import MovedClock
from masterops.testing.twins import Sandbox

T = TypeVar("T")

NOBODY = 0  # the twins live in the test's own process, which `ops down` must not stop


class Platform:
    """
    A platform with a database of its own, in demo mode on the test's twins unless configured otherwise.

    Every method waits for its answer. Code with an event loop opens it there: `async with platform.opened()`.
    """

    def __init__(self, folder: Path, database: str, sandbox: Sandbox, clock: MovedClock) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.database = database
        self.sandbox = sandbox
        self.clock = clock
        self.environment = {"MASTEROPS_HOME": str(self.home), "DATABASE_URL": database}
        self._toml, self._added = "", ""
        self._settings: Settings | None = None
        self._stack = ExitStack()
        self._ops: SyncOps | None = None
        self._portal: Portal | None = None
        self._app: App | None = None
        announce(self.home, Place(sandbox.url, NOBODY))

    def configure(self, toml: str, **environment: str) -> None:
        """Begin anew with this configuration file, and more variables. Raises ConfigError."""
        self.close()
        self.environment |= environment
        self._toml, self._settings = toml, None
        (self.folder / "masterops.toml").write_text(toml + self._added)
        self._settings = self._loaded()

    def add(self, toml: str, **environment: str) -> None:
        """The same with more at the end of the file, which stays there whatever is configured."""
        self._added += toml
        self.configure(self._toml, **environment)

    @property
    def settings(self) -> Settings:
        """The effective settings."""
        if self._settings is None:
            self._settings = self._loaded()
        return self._settings

    @property
    def ops(self) -> SyncOps:
        """The public API, as `masterops.open_sync()` gives it."""
        if self._ops is None:
            self._open()
        assert self._ops is not None
        return self._ops

    @property
    def app(self) -> App:
        """The application; it lives in the event loop that `run` uses."""
        self.ops  # noqa: B018  # opens it
        assert self._app is not None
        return self._app

    def connect(self, service: str, business: str | None = None) -> Any:
        """The connector of a business's account. Raises UnknownName or ConfigReference."""
        return self.ops.connect(service, business)

    def check_health(self) -> list[Checked]:
        """Check every connection now."""
        return self.ops.check_health()

    def query(self, table: str, *filters: str, **options: Any) -> Rows:
        """Rows of a table or view, filtered as for `ops db query`; what was logged before is in them."""
        self.run(self.app.shipping.flush())
        return self.ops.query(table, *filters, **options)

    def job(self, name: str) -> None:
        """Do a job of the platform now: `job("cycle")`. Raises UnknownName."""
        jobs = {each.name: each for each in catalogue(self.app)}
        if name not in jobs:
            raise unknown("job", name, jobs)
        self.run(_done(jobs[name].run({})))

    def look(self) -> Evaluated:
        """Judge alerts as of the moment that the test's clock shows, and send what is due."""
        return self.run(self._looked())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that uses the application."""
        self.ops  # noqa: B018  # opens it
        assert self._portal is not None
        return self._portal.run(coroutine)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[App]:
        """Another process's view of it, in the event loop of whoever asks, as long as the block."""
        async with open_app(self.settings, source="integration") as app:
            await app.register()
            yield app

    def close(self) -> None:
        """End it; it opens again when it is asked for something."""
        self._ops = self._portal = self._app = None
        self._stack.close()

    def _loaded(self) -> Settings:
        return load(environ=self.environment, cwd=self.folder, home=self.home)

    def _open(self) -> None:
        portal = self._stack.enter_context(Portal())
        app = self._stack.enter_context(portal.wrap(self.opened()))
        connections = portal.run(app.connections())
        self._portal, self._app, self._ops = portal, app, SyncOps(Ops(app, connections), portal)

    async def _looked(self) -> Evaluated:
        app = self.app
        while True:
            found = await evaluate(app.pool, app.settings, app.log, now=self.clock.now)
            if found is not None:  # nobody else is at it
                await deliver(app.pool, app.channels(), app.log)
                return found


async def _done(doing: Any) -> None:
    await doing
