"""
The way of one request through the sandbox: whose is it, what goes wrong with it, what is the answer.

The order is that of the real thing: the token first, then the limits, then the work. A fault that refuses
(`storm`, `expired`) comes before the limits, because such a call is not spent; the others are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from masterops.sandbox.answer import JSON, Answer, json_answer
from masterops.sandbox.control import PREFIX, Control
from masterops.sandbox.faultbook import Faultbook
from masterops.sandbox.faults import Fault
from masterops.sandbox.service import Ask, Service

LARGEST_BODY = 10 * 1024 * 1024
REFUSING = ("storm", "expired")
# What a proxy in between says on a bad day: the status is good, the body is not the service's.
GARBAGE = Answer(
    200,
    b"<!DOCTYPE html><html><body><h1>Please wait</h1>\xff\xfe</body></html>",
    {"Content-Type": "text/html"},
)


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
        kind = request.headers.get("Content-Type", "")
        address = f"http://{request.host}{request.rel_url.raw_path}"
        open_to_all = service.unguarded(request.method, path, query, body, kind)
        if open_to_all is not None:
            return _sent(open_to_all)
        caller = service.caller_of(request.headers, query)
        if isinstance(caller, Answer):
            return _sent(caller)
        ask = Ask(service, caller, request.method, path, query, body, kind, address, request.headers)
        return await self._met(request, ask)

    def _addressed(self, path: str) -> tuple[Service, str]:
        first, _, rest = path[1:].partition("/")
        service = self._services.get(first)
        return (service, f"/{rest}") if service else (self._root, path)

    async def _met(self, request: web.BaseRequest, ask: Ask) -> web.StreamResponse:
        """Through the fault of the connection, if one meets it, and the limits to the work."""
        fault = self._book.drawn(ask.connection)
        if fault is not None and fault.partial and not ask.service.in_parts(ask.path):
            fault = None
        if fault is not None and fault.effect in REFUSING:
            self._book.met(ask.connection)
            return _sent(await self._refused(ask, fault))
        if fault is not None and fault.crowd:
            ask.service.crowd(ask.caller, ask.path, fault.crowd)
        headers = ask.service.spend(ask.caller, ask.path)
        if isinstance(headers, Answer):
            return _sent(headers)
        if usual := ask.service.latency(ask.caller.business):
            await asyncio.sleep(usual)
        if fault is None:
            return _sent(_done(ask), headers)
        self._book.met(ask.connection)
        return await self._faulty(request, ask, fault, headers)

    async def _refused(self, ask: Ask, fault: Fault) -> Answer:
        await self._delayed(fault)
        if fault.expired:
            return ask.service.expired_token(ask.caller)
        return ask.service.storm(ask.caller, ask.path, fault.retry_after)

    async def _faulty(
        self, request: web.BaseRequest, ask: Ask, fault: Fault, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        await self._delayed(fault)
        if fault.hang:
            await asyncio.Event().wait()  # ends when the client goes away or the server stops
        if fault.status is not None:
            return _sent(ask.service.forced(ask.caller, fault.status, fault.retry_after), headers)
        answer = ask.service.perform_in_parts(ask) if fault.partial else _done(ask)
        if fault.cut:
            return await _cut(request, answer, headers)
        if fault.garbage:
            return _sent(GARBAGE, headers)
        return _sent(_broken(answer) if fault.malformed else answer, headers)

    async def _delayed(self, fault: Fault) -> None:
        wait = fault.latency_ms + self._book.jitter(fault.jitter_ms)
        if wait:
            await asyncio.sleep(wait / 1000)


def _done(ask: Ask) -> Answer:
    """The work itself."""
    return ask.service.perform(ask)


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
