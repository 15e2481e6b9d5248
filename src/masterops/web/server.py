"""
Serving: an address of our own, an HTTP server on it, and an end in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from typing import cast

import uvicorn

from masterops import errors
from masterops.app import App
from masterops.config import Settings, Web
from masterops.web.asgi import Application
from masterops.web.callers import Callers
from masterops.web.front import Front
from masterops.web.pages import make_pages
from masterops.web.pings import Pings

BACKLOG = 1024
MOST_AT_ONCE = 1000
LAST_SECONDS = 5  # for requests in hand when it ends
START_SECONDS = 10.0


def make(app: App) -> Front:
    """All that we serve, as one ASGI application."""
    web = app.settings.web
    most, callers = web.body_limit_kb * 1024, Callers(web.trusted_proxies)
    pings = Pings(
        app.listening.heartbeats,
        app.listening.intake,
        callers,
        most_bytes=most,
        per_minute=web.pings_per_minute,
    )
    pages = cast("Application", make_pages(app))  # Litestar has types of its own for the same messages
    return Front(pings, pages, callers, app.log, most_bytes=most, log_share=web.log_share)


def bind(web: Web) -> socket.socket:
    """The address to listen on. Raises AddressTaken, AddressUnusable."""
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    # Said to be TCP, because asyncio sends at once only where it reads that; else each answer, which is
    # written in two parts, waits 40 ms for the caller's kernel to acknowledge the first.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((web.host, web.port))
        bound.listen(BACKLOG)
        return bound
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise errors.AddressTaken(host=web.host, port=web.port) from None
        reason = error.strerror or str(error)
        raise errors.AddressUnusable(host=web.host, port=web.port, reason=reason) from None


def address(settings: Settings, bound: socket.socket | None = None) -> str:
    """Where others find it: `web.base_url`, else the address that it listens on."""
    web = settings.web
    if web.base_url:
        return web.base_url
    host = "127.0.0.1" if web.host in ("0.0.0.0", "::") else web.host
    port = bound.getsockname()[1] if bound else web.port
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextlib.asynccontextmanager
async def serving(app: App, bound: socket.socket) -> AsyncIterator[None]:
    """
    Serve while the block runs. At its end no more is taken, and what is in hand is answered first.
    """
    server = _Server(
        uvicorn.Config(
            make(app),
            http="httptools",
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=LAST_SECONDS,
        )
    )
    async with app.listening.open():
        task = asyncio.create_task(server.serve(sockets=[bound]), name="masterops-web")
        try:
            await _started(server, task)
            app.log.info("web.serving", service="web", address=address(app.settings, bound))
            yield
        finally:
            server.should_exit = True
            await task
            bound.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # as it is there
        """Signals are ours: the platform ends as a whole."""
        yield


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not server.started and not task.done():  # noqa: ASYNC110 - it tells nobody when it is
            await asyncio.sleep(0.01)
    if task.done():
        task.result()
