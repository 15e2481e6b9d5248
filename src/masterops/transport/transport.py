"""
The one loop that sends: attempt, judge, wait, again; inside a deadline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy, next_wait
from masterops.core.ids import uuid7
from masterops.core.retry_after import seconds_asked
from masterops.logs import ApiMetric, Logger, redact_text
from masterops.transport.foreign import KINDS, BodyTooLarge, Failure, translate
from masterops.transport.outcome import Reply, ambiguous, judge
from masterops.transport.proxy import proxy_for
from masterops.transport.request import Request, Target

T = TypeVar("T")

LARGEST_BODY_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
CONNECTIONS_PER_HOST = 32
CONNECT_SECONDS = 10.0


class Transport:
    """
    Sends requests for every connection of this process over one pool of sockets.

    `measure` takes one `ApiMetric` an attempt; `sleep` and `fraction` are handed in by tests.
    """

    def __init__(
        self,
        *,
        log: Logger,
        measure: Callable[[ApiMetric], None],
        policy: RetryPolicy | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self._log = log
        self._measure = measure
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._sleep = sleep
        self._fraction = fraction
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        target: Target,
        request: Request,
        decode: Callable[[bytes], T],
        *,
        policy: RetryPolicy | None = None,
    ) -> T:
        """
        The decoded answer to `request`. Raises a RemoteError when it failed for good.

        `policy` bounds this call differently from the rest: a health check wants one short attempt.
        """
        start = clock.ticks()
        bounds = policy or self._policy
        attempt = 0
        while True:
            attempt += 1
            left = bounds.deadline - (clock.ticks() - start)
            outcome = await self._attempt(target, request, decode, attempt, left)
            if not isinstance(outcome, errors.RemoteError):
                self._report(target, request, attempt, start, None)
                return outcome
            wait = self._wait(bounds, outcome, attempt, clock.ticks() - start)
            if wait is None:
                self._report(target, request, attempt, start, outcome)
                raise outcome
            await self._sleep(wait)

    def _wait(
        self, bounds: RetryPolicy, error: errors.RemoteError, attempt: int, elapsed: float
    ) -> float | None:
        if not error.retryable:
            return None
        return next_wait(
            bounds, attempt=attempt, elapsed=elapsed, asked=error.retry_after, fraction=self._fraction()
        )

    async def _attempt(
        self, target: Target, request: Request, decode: Callable[[bytes], T], attempt: int, left: float
    ) -> T | errors.RemoteError:
        """One round trip: the value or the error, with its row of metrics written."""
        start = clock.ticks()
        seconds = max(0.001, min(request.timeout or self._timeout, left))
        reply: Reply | None = None
        value: T | None = None
        failure: Failure | None = None
        try:
            reply = await self._send(target, request, seconds)
            problem = self._problem(target, reply)
            failure = Failure(problem, sent=True) if problem else None
            value = decode(reply.body) if problem is None else None
        except KINDS as exception:
            failure = translate(exception, connection=target.connection, seconds=seconds)
        error = _final(failure, request, target) if failure else None
        self._measure(_metric(target, request, attempt, (clock.ticks() - start) * 1000, reply, error))
        return error if error is not None else value  # type: ignore[return-value]  # no error: decoded

    async def _send(self, target: Target, request: Request, seconds: float) -> Reply:
        url = URL(request.url(target.base_url), encoded=True)
        proxy = proxy_for(str(url))
        headers = {"Accept": "application/json", **target.headers()}
        body = None
        if request.body is not None:
            body = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
        async with (
            asyncio.timeout(seconds),
            self._open().request(
                request.method, url, data=body, headers=headers, proxy=proxy, allow_redirects=False
            ) as response,
        ):
            received = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, received, await _read(response))

    def _problem(self, target: Target, reply: Reply) -> errors.RemoteError | None:
        if 200 <= reply.status < 300:
            return None
        asked = seconds_asked(reply.headers.get("retry-after"), now=clock.now())
        return judge(reply, target.explain(reply), connection=target.connection, asked=asked)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # The whole attempt is bounded by `_send`; a time-out of its own for connecting tells a request
            # that never left from one that may have been carried out.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_HOST),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # aiohttp would send a GET a second time by itself when a connection breaks: an attempt that no
            # budget, metric or log would ever know of. There is no public switch for it.
            self._session._retry_connection = False
        return self._session

    def _report(
        self, target: Target, request: Request, attempts: int, start: float, error: errors.RemoteError | None
    ) -> None:
        """One log record a logical call, whatever the number of attempts."""
        facts: dict[str, object] = {
            "source": target.service,
            "service": target.service,
            "connection": target.connection,
            "business": target.business,
            "operation": request.operation,
            "duration_ms": (clock.ticks() - start) * 1000,
            "attempts": attempts,
        }
        event = f"{target.service}.{request.operation}"
        if error is None:
            self._log.success(event, **facts)
            return
        level = self._log.warn if error.recovery == "skip" else self._log.error
        reason = {"error": error.message, "error_code": error.code, "error_category": error.category}
        level(event, status="error", **reason, **facts)


def _final(failure: Failure, request: Request, target: Target) -> errors.RemoteError:
    """A write that may have been carried out is not sent again: nobody can say what a second one does."""
    error = failure.error
    if request.repeatable or not error.retryable or not ambiguous(error, sent=failure.sent):
        return error
    unknown = errors.OutcomeUnknown(service=target.connection, status=error.status, reason=error.message)
    unknown.__cause__ = error
    return unknown


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, or BodyTooLarge before it fills the memory."""
    if (response.content_length or 0) > LARGEST_BODY_BYTES:
        raise BodyTooLarge(f"the answer has {response.content_length} bytes")
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise BodyTooLarge(f"the answer has more than {LARGEST_BODY_BYTES} bytes")
    return bytes(body)


def _metric(
    target: Target,
    request: Request,
    attempt: int,
    duration_ms: float,
    reply: Reply | None,
    error: errors.RemoteError | None,
) -> ApiMetric:
    rate = target.rate(reply.headers) if reply else None
    return ApiMetric(
        id=uuid7(),
        created_at=clock.now(),
        service=target.service,
        endpoint=request.endpoint,
        method=request.method,
        success=error is None,
        duration_ms=duration_ms,
        attempt=attempt,
        operation=request.operation,
        status_code=reply.status if reply else None,
        response_size_bytes=len(reply.body) if reply else None,
        rate_limit_remaining=rate.remaining if rate else None,
        rate_limit_reset_at=rate.resets_at if rate else None,
        error_message=redact_text(error.message) if error else None,
        error_category=error.category if error else None,
        business_id=target.business,
        integration_id=target.connection,
    )
