"""
The one loop that sends: budget, attempt, judge, wait, again; inside a deadline.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from masterops import errors
from masterops.core import clock
from masterops.core.backoff import RetryPolicy, next_wait
from masterops.core.breaker import Pass
from masterops.core.budgets import Lane
from masterops.core.retry_after import http_date, seconds_asked
from masterops.logs import ApiMetric, Lines, Logger
from masterops.transport.budgets import Budget, Budgets, Permit, current_lane
from masterops.transport.budgets.accounting import account_for
from masterops.transport.circuits import PATIENT_SECONDS, Circuit, Circuits, Shut
from masterops.transport.deadlines import Deadlines, Within
from masterops.transport.foreign import KINDS, Failure, translate
from masterops.transport.oauth import Alone, Grant, Grants, TokenStore
from masterops.transport.outcome import Reply, ambiguous, cleaned, judge, secrets_of
from masterops.transport.overhearing import listening
from masterops.transport.proxy import proxy_for
from masterops.transport.recording import Call, Recorder, Recorders, cancelled, trouble_of
from masterops.transport.request import Request, Target
from masterops.transport.sockets import making, open_session, read_body

T = TypeVar("T")

NO_DATE = ("", None)
LARGEST_BYTES = 64 * 1024 * 1024
MOST_ROUTES = 4_096  # every operation of some hundred connections


class Transport:
    """
    Sends requests for every connection of this process over one pool of sockets.

    `measure` takes one `ApiMetric` an attempt; `lines` is where it and the log record of a call that went
    well go together, as lines. `largest_bytes` are read of one answer. `budgets` are what may be spent,
    `tokens` where those of OAuth apps are kept: in this process alone unless others are given. `circuits`
    are what is not asked because it fails; `sleep` and `fraction` are handed in by tests.
    """

    def __init__(
        self,
        *,
        log: Logger,
        measure: Callable[[ApiMetric], None],
        lines: Lines | None = None,
        policy: RetryPolicy | None = None,
        timeout: float = 30.0,
        largest_bytes: int = LARGEST_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        fraction: Callable[[], float] = random.random,
        budgets: Budgets | None = None,
        circuits: Circuits | None = None,
        tokens: TokenStore | None = None,
    ) -> None:
        self._recorders = Recorders(log, measure, lines)
        self._routes: dict[tuple[str, ...], Route] = {}
        self._policy = policy or RetryPolicy()
        self._timeout = timeout
        self._largest_bytes = largest_bytes
        self._sleep = sleep
        self._fraction = fraction
        self._budgets = budgets or Budgets()
        self._circuits = circuits or Circuits(log, fraction=fraction)
        self._grants = Grants(tokens or Alone(), self.call)
        self._deadlines = Deadlines()
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

    def call(
        self,
        target: Target,
        request: Request,
        decode: Callable[[bytes], T],
        *,
        policy: RetryPolicy | None = None,
    ) -> Coroutine[Any, Any, T]:
        """
        The decoded answer to `request`. Raises a RemoteError when it failed for good, BudgetExhausted and
        CircuitOpen among them: the connection's budget, and the probe of an open circuit, are waited for
        inside the deadline. A call that is cancelled is measured and logged like any other. A body that JSON
        cannot hold is a BadValue.

        `policy` bounds this call differently from the rest: a health check wants one short attempt.
        """
        return self.read(target, request, lambda reply: decode(reply.body), policy=policy)

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
        route = self._route(call)
        try:
            return await self._tried(call, read, policy or self._policy, route)
        except errors.RemoteError as error:
            route.recorder.failed(call, trouble_of(error))
            raise
        except asyncio.CancelledError:
            route.recorder.failed(call, cancelled(call))
            raise

    def _route(self, call: Call) -> Route:
        """What is the same for every call of an operation: finding it each time costs as much as a permit."""
        target, request = call.target, call.request
        key = (target.connection, request.operation, request.method, request.path, request.bucket)
        route = self._routes.get(key)
        if route is None:
            if len(self._routes) >= MOST_ROUTES:  # callers may name operations as they like
                self._routes.clear()
            circuit = self._circuits.of(target, request.group)
            route = self._routes[key] = Route(self.budget(target), circuit, self._recorders.of(call))
        return route

    async def _tried(self, call: Call, read: Callable[[Reply], T], bounds: RetryPolicy, route: Route) -> T:
        budget, circuit, request = route.budget, route.circuit, call.request
        lane = request.lane or current_lane()
        grant = self._grants.of(call.target) if call.target.oauth else None
        while True:
            if grant is not None:
                await grant.ready(self._patience(call, bounds))
            permit = budget.at_once(request.bucket, request.weight, lane) if circuit.closed else None
            leave = circuit.enter() if permit is not None else None
            if permit is None or leave is None:
                permit, leave = await self._admitted(call, lane, budget, circuit, bounds)
            call.begin()
            try:
                outcome = await self._attempt(call, read, bounds, route, permit, leave, grant)
            except BaseException:  # whatever of the two was settled is left as it is
                permit.settle(sent=True)
                circuit.gave_up(leave)
                raise
            call.left = None
            if not isinstance(outcome, errors.RemoteError):
                return outcome
            if grant is not None and await self._renewed(call, bounds, grant, outcome):
                continue
            wait = self._wait(bounds, outcome, call)
            if wait is None:
                raise outcome
            await self._sleep(wait)

    async def _renewed(
        self, call: Call, bounds: RetryPolicy, grant: Grant, error: errors.RemoteError
    ) -> bool:
        """Whether it was refused for a token that has been replaced: once a call, it is made again."""
        if call.renewed or not isinstance(error, errors.Unauthenticated):
            return False
        call.renewed = True
        return await grant.refused(call.shown, self._patience(call, bounds))

    def _patience(self, call: Call, bounds: RetryPolicy) -> float:
        """How long an attempt may be waited for, and still be answered."""
        return max(0.0, call.start + bounds.deadline - bounds.least - clock.ticks())

    async def _admitted(
        self, call: Call, lane: Lane, budget: Budget, circuit: Circuit, bounds: RetryPolicy
    ) -> tuple[Permit, Pass]:
        """The right to one attempt, waited for as long as the attempt could still be answered."""
        request = call.request
        while True:
            if not (circuit.closed or request.probe):
                await circuit.ready(self._patience(call, bounds))
            permit = budget.at_once(request.bucket, request.weight, lane)
            if permit is None:
                patience = self._patience(call, bounds)
                permit = await budget.acquire(request.bucket, request.weight, lane=lane, deadline=patience)
            leave = circuit.enter(look=request.probe)
            if leave is not None:
                return permit, leave
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
        bounds: RetryPolicy,
        route: Route,
        permit: Permit,
        leave: Pass,
        grant: Grant | None,
    ) -> T | errors.RemoteError:
        """One round trip: the value or the error, written down, with its permit and its leave settled."""
        start, target = clock.ticks(), call.target
        most = call.request.timeout or self._timeout
        seconds = max(0.001, min(most, bounds.deadline - (start - call.start)))
        reply: Reply | None = None
        value: T | None = None
        failure: Failure | None = None
        try:
            shown = target.secrets(call.request)
            call.shown = shown if grant is None else {**shown, **grant.headers()}
            reply = await self._send(call, seconds)
            if (listener := listening()) is not None:
                listener(target, call.request, reply)
            call.rate = target.rate(reply.headers)
            date = reply.headers.get("date")
            if date and date != self._dates.get(target.connection, NO_DATE)[0]:  # once a second
                self._dates[target.connection] = (date, clock.now())
            if 200 <= reply.status < 300:
                value = read(reply)
            else:
                failure = Failure(self._problem(call, reply), sent=True)
        except KINDS as exception:
            failure = translate(exception, connection=target.connection, seconds=seconds)
        except asyncio.CancelledError:
            permit.settle(sent=call.sent)
            route.recorder.attempt_failed(call, start, reply, cancelled(call))
            raise
        cause = failure.error if failure else None
        account_for(route.budget, permit, call, cause)
        route.circuit.ended(leave, cause, patient=seconds >= min(most, PATIENT_SECONDS))
        if failure is None:
            assert reply is not None
            route.recorder.went_well(call, start, reply)
            return value  # type: ignore[return-value]  # it was decoded
        error = _final(failure, call.request, target)
        route.recorder.attempt_failed(call, start, reply, trouble_of(error))
        return error

    async def _send(self, call: Call, seconds: float) -> Reply:
        request, base_url = call.request, call.target.base_url
        url = URL(request.url(base_url), encoded=True)
        headers = {"Accept": "application/json", **request.headers, **call.shown}
        if call.body is not None:
            headers["Content-Type"] = request.content_type
        if base_url not in self._proxies:  # looking through the environment costs a tenth of a call
            self._proxies[base_url] = proxy_for(base_url)
        session = self._session
        if session is None:
            session = self._session = open_session()
        making.set(call)
        with Within(self._deadlines, seconds):
            async with session.request(
                request.method,
                url,
                data=call.body,
                headers=headers,
                proxy=self._proxies[base_url],
                allow_redirects=False,
            ) as response:
                body = await read_body(response, self._largest_bytes)
                return Reply(response.status, response.headers, body)

    def _problem(self, call: Call, reply: Reply) -> errors.RemoteError:
        target, secrets = call.target, (*call.request.secrets, *secrets_of(call.shown))
        reply = cleaned(reply, secrets)
        problem = target.explain(reply)
        asked = seconds_asked(reply.headers.get("retry-after"), now=clock.now())
        return judge(reply, problem, connection=target.connection, asked=asked, secrets=secrets)


@dataclass(frozen=True, slots=True)
class Route:
    """
    What all calls of one operation at one connection go through, and what writes them down.
    """

    budget: Budget
    circuit: Circuit
    recorder: Recorder


def _final(failure: Failure, request: Request, target: Target) -> errors.RemoteError:
    """A write that may have been carried out is not sent again: nobody can say what a second one does."""
    error = failure.error
    if request.repeatable or not ambiguous(error, sent=failure.sent):
        return error
    unknown = errors.OutcomeUnknown(service=target.connection, status=error.status, reason=error.message)
    unknown.__cause__ = error
    return unknown
