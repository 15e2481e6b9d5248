"""
The one loop that sends: budget, attempt, judge, wait, again; inside a deadline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace, TracebackType
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy, next_wait
from masterops.core.retry_after import seconds_asked
from masterops.logs import ApiMetric, Logger
from masterops.transport.budgets import Budget, Budgets, Permit, current_lane
from masterops.transport.budgets.accounting import account_for
from masterops.transport.foreign import CONNECT_SECONDS, KINDS, BodyTooLarge, Failure, translate
from masterops.transport.outcome import Reply, ambiguous, cleaned, judge, secrets_of
from masterops.transport.proxy import proxy_for
from masterops.transport.recording import Call, cancelled, metric, record, trouble_of
from masterops.transport.request import Content, Request, Target

T = TypeVar("T")

LARGEST_BODY_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
CONNECTIONS_PER_HOST = 32


class Transport:
    """
    Sends requests for every connection of this process over one pool of sockets.

    `measure` takes one `ApiMetric` an attempt; `budgets` are what may be spent, of this process alone unless
    others are given; `sleep` and `fraction` are handed in by tests.
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
        budgets: Budgets | None = None,
    ) -> None:
        self._log = log
        self._measure = measure
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._sleep = sleep
        self._fraction = fraction
        self._budgets = budgets or Budgets()
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

    def budget(self, target: Target) -> Budget:
        """What may still be spent at a connection."""
        return self._budgets.of(target.connection, target.limits)

    async def call(
        self,
        target: Target,
        request: Request,
        decode: Callable[[bytes], T],
        *,
        policy: RetryPolicy | None = None,
    ) -> T:
        """
        The decoded answer to `request`. Raises a RemoteError when it failed for good, BudgetExhausted among
        them: the connection's budget is waited for inside the deadline. A call that is cancelled is measured
        and logged like any other.

        `policy` bounds this call differently from the rest: a health check wants one short attempt.
        """
        return await self.read(target, request, lambda reply: decode(reply.body), policy=policy)

    async def read(
        self,
        target: Target,
        request: Request,
        read: Callable[[Reply], T],
        *,
        policy: RetryPolicy | None = None,
    ) -> T:
        """As `call`, for an answer of which the headers count too."""
        call = Call(target, request, clock.ticks())
        try:
            value = await self._tried(call, read, policy or self._policy)
        except errors.RemoteError as error:
            record(self._log, call, trouble_of(error))
            raise
        except asyncio.CancelledError:
            record(self._log, call, cancelled(call))
            raise
        record(self._log, call, None)
        return value

    async def _tried(self, call: Call, read: Callable[[Reply], T], bounds: RetryPolicy) -> T:
        budget = self.budget(call.target)
        while True:
            permit = await self._admitted(call, budget, bounds)
            call.begin()
            left = bounds.deadline - (clock.ticks() - call.start)
            with permit:
                outcome = await self._attempt(call, read, left, budget, permit)
            call.left = None
            if not isinstance(outcome, errors.RemoteError):
                return outcome
            wait = self._wait(bounds, outcome, call)
            if wait is None:
                raise outcome
            await self._sleep(wait)

    async def _admitted(self, call: Call, budget: Budget, bounds: RetryPolicy) -> Permit:
        """The right to one attempt, waited for as long as the attempt could still be answered."""
        request = call.request
        patience = bounds.deadline - bounds.least - (clock.ticks() - call.start)
        lane = request.lane or current_lane()
        return await budget.acquire(request.bucket, request.weight, lane=lane, deadline=max(0.0, patience))

    def _wait(self, bounds: RetryPolicy, error: errors.RemoteError, call: Call) -> float | None:
        if not error.retryable:
            return None
        return next_wait(
            bounds,
            attempt=call.attempt,
            elapsed=clock.ticks() - call.start,
            asked=error.retry_after,
            fraction=self._fraction(),
        )

    async def _attempt(
        self, call: Call, read: Callable[[Reply], T], left: float, budget: Budget, permit: Permit
    ) -> T | errors.RemoteError:
        """One round trip: the value or the error, with its row of metrics written and its permit settled."""
        start = clock.ticks()
        seconds = max(0.001, min(call.request.timeout or self._timeout, left))
        reply: Reply | None = None
        value: T | None = None
        failure: Failure | None = None
        try:
            headers = call.target.secrets(call.request)
            reply = await self._send(call, headers, seconds)
            call.rate = call.target.rate(reply.headers)
            problem = self._problem(call.target, reply, headers)
            failure = Failure(problem, sent=True) if problem else None
            value = read(reply) if problem is None else None
        except KINDS as exception:
            failure = translate(exception, connection=call.target.connection, seconds=seconds)
        except asyncio.CancelledError:
            permit.settle(sent=call.sent)
            self._measure(metric(call, start, reply, cancelled(call)))
            raise
        account_for(budget, permit, call, failure.error if failure else None)
        error = _final(failure, call.request, call.target) if failure else None
        self._measure(metric(call, start, reply, trouble_of(error) if error else None))
        return error if error is not None else value  # type: ignore[return-value]  # no error: decoded

    async def _send(self, call: Call, secret: Mapping[str, str], seconds: float) -> Reply:
        request = call.request
        url = URL(request.url(call.target.base_url), encoded=True)
        proxy = proxy_for(str(url))
        headers = {"Accept": "application/json", **request.headers, **secret}
        body = None
        if isinstance(request.body, Content):
            body, headers["Content-Type"] = request.body.data, request.body.media_type
        elif request.body is not None:
            body = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
        async with (
            asyncio.timeout(seconds),
            self._open().request(
                request.method,
                url,
                data=body,
                headers=headers,
                proxy=proxy,
                allow_redirects=False,
                trace_request_ctx=call,
            ) as response,
        ):
            received = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, received, await _read(response))

    def _problem(self, target: Target, reply: Reply, sent: Mapping[str, str]) -> errors.RemoteError | None:
        if 200 <= reply.status < 300:
            return None
        secrets = secrets_of(sent)
        reply = cleaned(reply, secrets)
        problem = target.explain(reply)
        asked = seconds_asked(reply.headers.get("retry-after"), now=clock.now())
        return judge(reply, problem, connection=target.connection, asked=asked, secrets=secrets)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # The whole attempt is bounded by `_send`.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_HOST),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_watching()],
            )
            # aiohttp would send a GET a second time by itself when a connection breaks: an attempt that no
            # budget, metric or log would ever know of. There is no public switch for it.
            self._session._retry_connection = False
        return self._session


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


def _watching() -> aiohttp.TraceConfig:
    """Notes on the call that its request begins to leave; a request to a proxy is not the call's own."""

    async def leaves(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.left = clock.microseconds()

    watching = aiohttp.TraceConfig()
    watching.on_request_headers_sent.append(leaves)
    return watching
