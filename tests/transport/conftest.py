"""
A real HTTP server on a real socket that answers what a test tells it, and a transport that never sleeps.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import ApiMetric, Logger, LogRecord
from masterops.transport import Budgets, Problem, Reply, Request, Target, Transport
from masterops.transport.transport import LARGEST_BYTES

Answer = Callable[[web.Request], Any]
TOKEN = "token-" + "of-the-test-0123456789"


class Notebook:
    """
    An emitter that keeps records, and a list of metrics.
    """

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.metrics: list[ApiMetric] = []

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def emit(self, record: LogRecord) -> None:
        self.records.append(record)


@dataclass
class Rig:
    """
    Server, transport and what they saw.
    """

    url: str
    answers: list[Answer] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    pause: float = 0.0  # how long a wait really takes
    slept: int = 0  # microseconds that the budgets believe to have gone by
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  # a request is here
    waiting: asyncio.Event = field(default_factory=asyncio.Event)  # a wait has begun
    notebook: Notebook = field(default_factory=Notebook)

    @property
    def target(self) -> Target:
        return Target(
            connection="shop/teelixir",
            service="shop",
            business="teelixir",
            base_url=self.url,
            headers=lambda: {"Authorization": f"Bearer {TOKEN}"},
            explain=lambda reply: Problem(reply.body.decode("utf-8", "replace")[:200]),
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.slept += round(seconds * 1_000_000)
        self.waiting.set()
        await asyncio.sleep(self.pause)

    async def call(self, request: Request, **options: Any) -> bytes:
        policy = options.pop("policy", RetryPolicy(attempts=4, deadline=60))
        async with Transport(
            log=Logger(self.notebook),
            measure=self.notebook.metrics.append,
            policy=policy,
            sleep=self.sleep,
            fraction=lambda: 0.5,
            budgets=Budgets(now=lambda: clock.microseconds() + self.slept),
            timeout=options.pop("timeout", 5.0),
            largest_bytes=options.pop("largest_bytes", LARGEST_BYTES),
        ) as transport:
            return await transport.call(self.target, request, options.pop("decode", bytes))


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: web.Response(status=status, body=body, headers=named)


async def hang(request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    """Promise a hundred bytes, send ten, close."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"0123456789")
    assert request.transport is not None
    request.transport.close()
    return response


async def slam(request: web.Request) -> web.StreamResponse:
    """Close without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig("")

    async def handle(request: web.Request) -> web.StreamResponse:
        rig.asked.append(request)
        rig.bodies.append(await request.read())
        rig.arrived.set()
        chosen = rig.answers.pop(0) if len(rig.answers) > 1 else rig.answers[0]
        outcome = chosen(request)
        response: web.StreamResponse = await outcome if asyncio.iscoroutine(outcome) else outcome
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    rig.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    yield rig
    await runner.cleanup()


__all__ = ["Reply", "Rig", "answer", "cut", "hang", "slam"]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
