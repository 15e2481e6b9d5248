"""
HTTP served in this process, on a database of its own, and asked over a socket.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from masterops.app import App, open_app
from masterops.config import Heartbeat, load
from masterops.heartbeats import add
from masterops.logs import set_default_pipeline
from masterops.web import bind, serving

Served = Callable[..., Awaitable["Site"]]


class Site:
    """
    What is served, and a client of it. `token` is that of the heartbeat `nightly` of teelixir.
    """

    def __init__(self, app: App, base: str, token: str, session: aiohttp.ClientSession) -> None:
        self.app = app
        self.base = base
        self.token = token
        self.session = session

    async def ask(self, path: str, method: str = "GET", **more: Any) -> aiohttp.ClientResponse:
        answer = await self.session.request(method, self.base + path, **more)
        await answer.read()
        return answer

    async def ping(self, word: str = "", method: str = "GET", **more: Any) -> int:
        return (await self.ask(f"/ping/{self.token}{word}", method, **more)).status

    async def stored(self) -> list[dict[str, Any]]:
        await self.app.listening.shipping.flush()
        return await self.app.pool.fetch("SELECT * FROM ops.heartbeat_pings ORDER BY accepted_at")

    async def logged(self) -> list[dict[str, Any]]:
        await self.app.shipping.flush()
        return await self.app.pool.fetch(
            "SELECT level, details_json FROM integration_logs WHERE message = 'web.request' ORDER BY created_at"
        )


@pytest.fixture
async def served(migrated: str, tmp_path: Path) -> AsyncIterator[Served]:
    """`await served("web.pings_per_minute = 3")`: served with these settings more."""
    async with AsyncExitStack() as stack:
        stack.callback(set_default_pipeline, None)

        async def serve(*settings: str) -> Site:
            set_default_pipeline(None)
            file = tmp_path / "masterops.toml"
            file.write_text("\n".join(["demo = true", "web.port = 0", *settings]))
            loaded = load(
                config=file, environ={"DATABASE_URL": migrated}, cwd=tmp_path, home=tmp_path / "home"
            )
            app = await stack.enter_async_context(open_app(loaded))
            token = await add(app.pool, Heartbeat(name="nightly", business="teelixir", every="1h"))
            bound = bind(loaded.web)
            port = bound.getsockname()[1]
            await stack.enter_async_context(serving(app, bound))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Site(app, f"http://127.0.0.1:{port}", token, session)

        yield serve


@contextlib.asynccontextmanager
async def database_away(site: Site) -> AsyncIterator[None]:
    """Nobody can connect to the database, and whoever was connected is not any more."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    url = site.app.database.url
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    other = url.replace(f"/{name}?", "/postgres?")
    admin = await psycopg.AsyncConnection.connect(other, autocommit=True)
    async with admin:
        await admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(str(name))))
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            await admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(str(name))))
