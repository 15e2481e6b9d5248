"""
The one loop that sends: budget, attempt, judge, wait, again; inside a deadline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from types import SimpleNamespace, TracebackType
from typing import TypeVar

import aiohttp
from yarl import URL

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy, next_wait
from masterops.core.retry_after import http_date, seconds_asked
from masterops.logs import ApiMetric, Logger
from masterops.transport.budgets import Budget, Budgets, Permit, current_lane
from masterops.transport.budgets.accounting import account_for
from masterops.transport.circuits import PATIENT_SECONDS, Circuits, Entry, Shut
from masterops.transport.foreign import CONNECT_SECONDS, KINDS, BodyTooLarge, Failure, translate
from masterops.transport.oauth import Alone, Grant, Grants, TokenStore
from masterops.transport.outcome import Reply, ambiguous, cleaned, judge, secrets_of
from masterops.transport.proxy import proxy_for
from masterops.transport.recording import Call, cancelled, metric, record, trouble_of
from masterops.transport.request import Request, Target

T = TypeVar("T")

LARGEST_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
CONNECTIONS_PER_HOST = 32


class Transport:
    """
    Sends requests for every connection of this process over one pool of sockets.

    `measure` takes one `ApiMetric` an attempt; `largest_bytes` are read of one answer. `budgets` are what may
    be spent, `tokens` where those of OAuth apps are kept: in this process alone unless others are given.
    `circuits` are what is not asked because it fails; `sleep` and `fraction` are handed in by tests.
    """

    def __init__(
        self,
        *,
        log: Logger,
        measure: Callable[[ApiMetric], None],
        policy: RetryPolicy | None = None,
        timeout: float = 30.0,
        largest_bytes: int = LARGEST_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fraction: Callable[[], float] = random.random,
        budgets: Budgets | None = None,
        circuits: Circuits | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._log = log
        self._measure = measure
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._largest_bytes = largest_bytes
        self._sleep = sleep
        self._fraction = fraction
        self._budgets = budgets or Budgets()
        self._circuits = circuits or Circuits(log, fraction=fraction)
        self._grants = Grants(tokens or Alone(), self.call)
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}
        self._dates: dict[str, tuple[str, datetime]] = {}

    async def __aenter__(self) -> Transport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all sockets."""
        await self._grants.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def budget(self, target: Target) -> Budget:
        """What may still be spent at a connection."""
        return self._budgets.of(target.connection, target.limits)

    def shut(self, connection: str) -> list[Shut]:
        """The circuits of a connection that are not closed: what is not asked, since when, and why."""
        return self._circuits.shut(connection)

    def skew(self, connection: str) -> float | None:
        """By how many seconds a connection's clock is ahead of ours, as its last answer said; to a second."""
        said, at = self._dates.get(connection, ("", clock.now()))
        moment = http_date(said)
        return (moment - at).total_seconds() if moment is not None else None

    async def call(
        self,
        target: Target,
        request: Request,
        decode: Callable[[bytes], T],
        *,
        policy: RetryPolicy | None = None,
    ) -> T:
        """
        The decoded answer to `request`. Raises a RemoteError when it failed for good, BudgetExhausted and
        CircuitOpen among them: the connection's budget, and the probe of an open circuit, are waited for
        inside the deadline. A call that is cancelled is measured and logged like any other. A body that JSON
        cannot hold is a BadValue.

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
        call = Call(target, request, clock.ticks(), request.encoded())
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
        grant = self._grants.of(call.target)
        while True:
            if grant is not None:
                await grant.ready(self._patience(call, bounds))
            permit, entry = await self._admitted(call, budget, bounds)
            call.begin()
            left = bounds.deadline - (clock.ticks() - call.start)
            with permit, entry:
                outcome = await self._attempt(call, read, left, budget, permit, entry, grant)
            call.left = None
            if await self._renewed(call, bounds, grant, outcome):
                continue
            if not isinstance(outcome, errors.RemoteError):
                return outcome
            wait = self._wait(bounds, outcome, call)
            if wait is None:
                raise outcome
            await self._sleep(wait)

    async def _renewed(self, call: Call, bounds: RetryPolicy, grant: Grant | None, outcome: object) -> bool:
        """Whether it was refused for a token that has been replaced: once a call, it is made again."""
        if grant is None or not isinstance(outcome, errors.Unauthenticated) or call.renewed:
            return False
        call.renewed = True
        return await grant.refused(call.shown, self._patience(call, bounds))

    def _patience(self, call: Call, bounds: RetryPolicy) -> float:
        """How long an attempt may be waited for, and still be answered."""
        return max(0.0, call.start + bounds.deadline - bounds.least - clock.ticks())

    async def _admitted(self, call: Call, budget: Budget, bounds: RetryPolicy) -> tuple[Permit, Entry]:
        """The right to one attempt, waited for as long as the attempt could still be answered."""
        request = call.request
        circuit = self._circuits.of(call.target, request.group)
        lane = request.lane or current_lane()
        while True:
            if not request.probe:
                await circuit.ready(self._patience(call, bounds))
            patience = self._patience(call, bounds)
            permit = await budget.acquire(request.bucket, request.weight, lane=lane, deadline=patience)
            entry = circuit.enter(look=request.probe)
            if entry is not None:
                return permit, entry
            permit.settle(sent=False)  # it opened, or another became the probe, while this one waited

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
        self,
        call: Call,
        read: Callable[[Reply], T],
        left: float,
        budget: Budget,
        permit: Permit,
        entry: Entry,
        grant: Grant | None,
    ) -> T | errors.RemoteError:
        """One round trip: the value or the error, with its row of metrics written and its leaves settled."""
        start = clock.ticks()
        most = call.request.timeout or self._timeout
        seconds = max(0.001, min(most, left))
        reply: Reply | None = None
        value: T | None = None
        failure: Failure | None = None
        try:
            call.shown = {**call.target.secrets(call.request), **(grant.headers() if grant else {})}
            reply = await self._send(call, seconds)
            call.rate = call.target.rate(reply.headers)
            if date := reply.headers.get("date"):
                self._dates[call.target.connection] = (date, clock.now())
            problem = self._problem(call, reply)
            failure = Failure(problem, sent=True) if problem else None
            value = read(reply) if problem is None else None
        except KINDS as exception:
            failure = translate(exception, connection=call.target.connection, seconds=seconds)
        except asyncio.CancelledError:
            permit.settle(sent=call.sent)
            self._measure(metric(call, start, reply, cancelled(call)))
            raise
        account_for(budget, permit, call, failure.error if failure else None)
        entry.settle(failure.error if failure else None, patient=seconds >= min(most, PATIENT_SECONDS))
        error = _final(failure, call.request, call.target) if failure else None
        self._measure(metric(call, start, reply, trouble_of(error) if error else None))
        return error if error is not None else value  # type: ignore[return-value]  # no error: decoded

    async def _send(self, call: Call, seconds: float) -> Reply:
        request = call.request
        url = URL(request.url(call.target.base_url), encoded=True)
        proxy = self._proxy(call.target.base_url)
        headers = {"Accept": "application/json", **request.headers, **call.shown}
        if call.body is not None:
            headers["Content-Type"] = request.content_type
        async with (
            asyncio.timeout(seconds),
            self._open().request(
                request.method,
                url,
                data=call.body,
                headers=headers,
                proxy=proxy,
                allow_redirects=False,
                skip_auto_headers=("Content-Type",),  # where there is no body it would name one
                trace_request_ctx=call,
            ) as response,
        ):
            received = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, received, await _read(response, self._largest_bytes))

    def _proxy(self, base_url: str) -> str | None:
        """Asked once for each service: looking through the environment costs a tenth of a call."""
        if base_url not in self._proxies:
            self._proxies[base_url] = proxy_for(base_url)
        return self._proxies[base_url]

    def _problem(self, call: Call, reply: Reply) -> errors.RemoteError | None:
        if 200 <= reply.status < 300:
            return None
        target, secrets = call.target, (*call.request.secrets, *secrets_of(call.shown))
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
    if request.repeatable or not ambiguous(error, sent=failure.sent):
        return error
    unknown = errors.OutcomeUnknown(service=target.connection, status=error.status, reason=error.message)
    unknown.__cause__ = error
    return unknown


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The whole body, or BodyTooLarge before it fills the memory; unpacked, if it was compressed."""
    if (response.content_length or 0) > largest:
        raise BodyTooLarge(f"the answer has {response.content_length:,} bytes")
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > largest:
            raise BodyTooLarge(f"the answer has more than {largest:,} bytes")
    return bytes(body)


def _watching() -> aiohttp.TraceConfig:
    """Notes on the call that its request begins to leave; a request to a proxy is not the call's own."""

    async def leaves(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.left = clock.microseconds()

    watching = aiohttp.TraceConfig()
    watching.on_request_headers_sent.append(leaves)
    return watching
