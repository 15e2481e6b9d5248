"""
One test's surroundings: a server that answers what it is told or passes on, a transport that hardly waits,
and all that was written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import ApiMetric, Logger, LogRecord
from masterops.testing.kit import Kit, Said
from masterops.transport import Budgets, Transport

Play = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

SHORT = RetryPolicy(attempts=3, base=0.01, ceiling=0.05, deadline=60.0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """
    A request as the server saw it; `raw_path` as it stood in its first line.
    """

    method: str
    raw_path: str
    headers: dict[str, str]
    body: bytes
    at: int


@dataclass
class Bench:
    """
    What a promise is tested with.

    `script` is what the next requests are answered with, one after the other; the last one stays. While it is
    empty, they are passed on to the service of `serving`.
    """

    kit: Kit
    url: str = ""
    script: list[Said | Play] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    metrics: list[ApiMetric] = field(default_factory=list)
    raised: list[BaseException] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    slept: int = 0  # microseconds that the budgets believe to have gone by
    here: asyncio.Event = field(default_factory=asyncio.Event)  # a request has arrived
    secret: str = ""
    address: str = ""  # the base URL of the service of `serving`, as a connector sees it
    _upstream: str = ""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @asynccontextmanager
    async def serving(self, records: int) -> AsyncIterator[Any]:
        """A connector to a real service with so many records, through this server."""
        async with self.kit.serve(records) as (url, secret):
            parts = urlsplit(url)
            self._upstream = f"{parts.scheme}://{parts.netloc}"
            self.secret = self.kit.secret = secret
            self.address = self.url + parts.path
            yield await self.connector(at=self.address)

    async def connector(self, *, at: str | None = None, **options: Any) -> Any:
        """The connector, its transport bounded by `options`."""
        return self.kit.connect(at or self.url, await self.transport(**options))

    async def transport(self, **options: Any) -> Transport:
        """A transport that notes its waits instead of waiting, unless `sleep` says otherwise."""
        given: dict[str, Any] = {
            "policy": SHORT,
            "sleep": self.sleep,
            "timeout": 5.0,
            "fraction": lambda: 0.5,
            "budgets": Budgets(now=self.now),
            **options,
        }
        made = Transport(log=Logger(self), measure=self.metrics.append, **given)
        return await self._stack.enter_async_context(made)

    async def sleep(self, seconds: float) -> None:
        """A wait that is noted; the budgets believe that it went by."""
        self.waits.append(seconds)
        self.passes(seconds)
        await asyncio.sleep(0)

    def passes(self, seconds: float) -> None:
        """Let time go by for the budgets."""
        self.slept += round(seconds * 1_000_000)

    def now(self) -> int:
        """The budgets' clock, in microseconds."""
        return clock.microseconds() + self.slept

    async def fails(self, doing: Awaitable[Any]) -> BaseException:
        """The error that `doing` ends in; it is looked through for the secret at the end."""
        try:
            value = await doing
        except Exception as error:  # whatever it is, the test looks at it
            self.raised.append(error)
            return error
        raise AssertionError(f"it should have failed, and answered {value!r:.200}")

    async def ids(self, connector: Any) -> list[str]:
        """The ids of all records."""
        return [self.kit.id_of(row) async for row in self.kit.records(connector)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the others run until it is so; the suite ends a test that waits for ever."""
        while not holds():  # noqa: ASYNC110  # what it waits for has no event
            await asyncio.sleep(0.001)

    def emits(self, level: str, source: str, message: object) -> bool:
        """Every record is kept."""
        return True

    def emit(self, record: LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)

    def written(self) -> str:
        """All that was logged, measured and raised, as text."""
        causes = [each.__cause__ for each in self.raised if each.__cause__ is not None]
        told = [f"{error!r} {error} {getattr(error, 'facts', '')}" for error in [*self.raised, *causes]]
        return f"{self.records!r} {self.metrics!r} {told}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        self.arrived.append(
            Arrived(request.method, request.raw_path, dict(request.headers), body, clock.microseconds())
        )
        self.here.set()
        if not self.script:
            return await self.passed_on(request)
        chosen = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return said(chosen) if isinstance(chosen, Said) else await chosen(request)

    async def passed_on(self, request: web.BaseRequest) -> web.StreamResponse:
        """What the service of `serving` answers to a request."""
        body = await request.read()
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = {name: text for name, text in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, data=body or None, headers=headers) as answer,
        ):
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("transfer-encoding", "date")}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


@asynccontextmanager
async def bench(kit: Kit) -> AsyncIterator[Bench]:
    """A bench with its server, as long as the block."""
    made = Bench(kit, secret=kit.secret)
    server = web.Server(made.handle, handler_cancellation=True, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with made._stack:
            yield made
    finally:
        await runner.cleanup()


def said(answer: Said) -> web.Response:
    """An answer on its way."""
    return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))


async def hang(request: web.BaseRequest) -> web.StreamResponse:
    """Take the request, and never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def slam(request: web.BaseRequest) -> web.StreamResponse:
    """Close without a word."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def cut(answer: Said) -> Play:
    """Promise the whole answer, send half of it, close."""

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
        response.content_length = max(2, len(answer.body))
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2] or b"{")
        if request.transport is not None:
            request.transport.close()
        return response

    return play


async def huge(request: web.BaseRequest) -> web.StreamResponse:
    """Promise more than anybody wants to read, and begin to send it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 1 << 40
    await response.prepare(request)
    await response.write(b"[" + b" " * 65_536)
    await asyncio.Event().wait()
    return response
