"""
The typed part of what we serve, by Litestar: health, readiness, and the public status.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from masterops import __version__, errors
from masterops.app import App
from masterops.logs import spool_state
from masterops.web.problems import answer, of_error

DATABASE_SECONDS = 2.0
FULL = 0.97  # of the spool: from there on warnings are dropped
STATUS = "SELECT name, state, since FROM public_status ORDER BY name"


class Readiness(msgspec.Struct, frozen=True):
    """
    One thing that has to be right, and what is wrong with it.
    """

    name: str
    ok: bool
    reason: str | None = None


class Ready(msgspec.Struct, frozen=True):
    """
    Whether requests can be answered.
    """

    ready: bool
    checks: list[Readiness]


class BusinessStatus(msgspec.Struct, frozen=True):
    """
    How one business stands, and since when.
    """

    name: str
    state: str
    since: datetime | None


class PublicStatus(msgspec.Struct, frozen=True):
    """
    All that strangers may know.
    """

    businesses: list[BusinessStatus]


@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process runs and answers."""
    return {"status": "ok", "version": __version__}


def make_pages(app: App) -> Litestar:
    """The application of everything but pings, bound to one `App`."""

    @get("/readyz")
    async def readyz() -> Response[Ready]:
        """Whether all can be kept and answered: the database is there, and the spools have room."""
        checks = [await _database(app), *[_room(app, name) for name in ("pings", "spool")]]
        ready = all(each.ok for each in checks)
        return Response(Ready(ready, checks), status_code=200 if ready else 503)

    @get("/status.json")
    async def status() -> Response[PublicStatus]:
        """How every active business stands: the worst state of its checks, and since when."""
        rows = await app.pool.fetch(STATUS)
        found = PublicStatus([msgspec.convert(row, BusinessStatus) for row in rows])
        return Response(found, headers={"cache-control": "public, max-age=10"})

    return Litestar(
        [healthz, readyz, status],
        exception_handlers={HTTPException: _http_error, errors.MasterOpsError: _our_error},
        openapi_config=OpenAPIConfig(
            title="Master-Ops",
            version=__version__,
            path="/schema",
            render_plugins=[JsonRenderPlugin()],
            use_handler_docstrings=True,
        ),
        logging_config=None,
    )


async def _database(app: App) -> Readiness:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            await app.pool.fetch("SELECT 1")
    except (errors.DatabaseError, TimeoutError):
        return Readiness("database", ok=False, reason="it does not answer")
    return Readiness("database", ok=True)


def _room(app: App, name: str) -> Readiness:
    most = app.settings.log.spool_max_mb * 1024 * 1024
    try:
        used = spool_state(app.settings.home / name).size_bytes
    except errors.SpoolUnusable:
        return Readiness(name, ok=False, reason="it cannot be read")
    if used > FULL * most:
        return Readiness(name, ok=False, reason="it is full")
    return Readiness(name, ok=True)


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Litestar refuses, in our words."""
    if error.status_code == 404:
        return _response(errors.NoSuchPage())
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        return _response(errors.WrongMethod(method=request.method, allowed=allowed))
    if error.status_code < 500:
        return _response(errors.BadRequest(reason=error.detail))
    return _response(errors.RequestFailed())


def _our_error(request: Request[Any, Any, Any], error: errors.MasterOpsError) -> Response[bytes]:
    return _response(of_error(error))


def _response(error: errors.RequestError) -> Response[bytes]:
    status, headers, body = answer(error)
    said = {
        name.decode(): value.decode()
        for name, value in headers
        if name not in (b"content-type", b"content-length")
    }
    return Response(body, status_code=status, media_type="application/problem+json", headers=said)
