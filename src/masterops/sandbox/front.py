"""
The way of one request through the sandbox: whose is it, what goes wrong with it, what is the answer.

The order is that of the real thing: the token first, then the limits, then the work. A fault that refuses
(`storm`, `expired`) comes before the limits, because such a call is not spent; the others are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from aiohttp import web

from masterops.sandbox.answer import JSON, Answer, json_answer
from masterops.sandbox.control import PREFIX, Control
from masterops.sandbox.faultbook import Faultbook
from masterops.sandbox.faults import Fault
from masterops.sandbox.service import Service

LARGEST_BODY = 10 * 1024 * 1024
REFUSING = ("storm", "expired")


class Ask(msgspec.Struct, frozen=True):
    """
    A request whose account is known.
    """

    service: Service
    business: str
    path: str
    query: str
    body: bytes

    @property
    def connection(self) -> str:
        """The account, as faults name it."""
        return f"{self.service.name}/{self.business}"


class Front:
    """
    The handler of every request.
    """

    def __init__(self, services: Mapping[str, Service], control: Control, book: Faultbook) -> None:
        self._services = services
        self._control = control
        self._book = book
        # Official clients know no base path, so this service also answers at the root.
        self._root = services["hubspot"]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        url = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs
        path, _, query = url.partition("?")
        body = await _body(request) if request.body_exists else b""
        if body is None:
            large = {"status": "error", "message": "HTTP 413 Request Entity Too Large"}
            return _sent(json_answer(413, large))
        if path.startswith(PREFIX):
            return _sent(self._control.answer(request.method, path, query, body))
        service, path = self._addressed(path)
        business = service.business_of(request.headers.get("Authorization"))
        if business is None:
            return _sent(service.unknown_token())
        return await self._met(request, Ask(service, business, path, query, body))

    def _addressed(self, path: str) -> tuple[Service, str]:
        first, _, rest = path[1:].partition("/")
        service = self._services.get(first)
        return (service, f"/{rest}") if service else (self._root, path)

    async def _met(self, request: web.BaseRequest, ask: Ask) -> web.StreamResponse:
        """Through the fault of the connection, if it has one, and the limits to the work."""
        waiting = self._book.peek(ask.connection)
        refuses = waiting is not None and waiting.effect in REFUSING
        if refuses and (fault := self._book.strike(ask.connection)) is not None:
            return _sent(await self._refused(ask, fault))
        headers = ask.service.spend(ask.business, ask.path)
        if isinstance(headers, Answer):
            return _sent(headers)
        if waiting is None or refuses or (fault := self._book.strike(ask.connection)) is None:
            return _sent(_done(request, ask), headers)
        return await self._faulty(request, ask, fault, headers)

    async def _refused(self, ask: Ask, fault: Fault) -> Answer:
        await self._delayed(fault)
        if fault.expired:
            return ask.service.expired_token(ask.business)
        return ask.service.storm(ask.business, ask.path, fault.retry_after)

    async def _faulty(
        self, request: web.BaseRequest, ask: Ask, fault: Fault, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        await self._delayed(fault)
        if fault.hang:
            await asyncio.Event().wait()  # ends when the client goes away or the server stops
        if fault.status is not None:
            return _sent(ask.service.forced(ask.business, fault.status, fault.retry_after), headers)
        answer = _done(request, ask)
        if fault.cut:
            return await _cut(request, answer, headers)
        return _sent(_broken(answer) if fault.malformed else answer, headers)

    async def _delayed(self, fault: Fault) -> None:
        wait = fault.latency_ms + self._book.jitter(fault.jitter_ms)
        if wait:
            await asyncio.sleep(wait / 1000)


def _done(request: web.BaseRequest, ask: Ask) -> Answer:
    """The work itself."""
    kind = request.headers.get("Content-Type", "")
    address = f"http://{request.host}{request.rel_url.raw_path}"
    return ask.service.perform(ask.business, request.method, ask.path, ask.query, ask.body, kind, address)


async def _body(request: web.BaseRequest) -> bytes | None:
    """The whole body, or None when it is larger than anybody needs."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _sent(answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=_headers(answer, headers))


def _headers(answer: Answer, headers: Mapping[str, str] | None) -> dict[str, str]:
    kind = {"Content-Type": JSON} if answer.body else {}
    return {**kind, **(headers or {}), **answer.headers}


def _broken(answer: Answer) -> Answer:
    """The first half of the body: it looks like JSON and is none."""
    half = answer.body[: len(answer.body) // 2] or b'{"results":['
    return Answer(200 if answer.status == 204 else answer.status, half, answer.headers)


async def _cut(request: web.BaseRequest, answer: Answer, headers: Mapping[str, str]) -> web.StreamResponse:
    """Promise the whole body, send half of it and close; an answer without a body is not sent at all."""
    response = web.StreamResponse(status=answer.status, headers=_headers(answer, headers))
    if answer.body:
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
