"""
Circuits at work: calls to a service that keeps failing are not sent, but for one that looks.

`core.breaker` decides; here are those who wait for it. Each group of a connection's calls has a circuit of
its own, so that a search that is broken does not stop the reads. A call whose deadline is later than the
next probe waits for it, and then goes or waits again; any other is refused at once. None of them holds a
permit meanwhile.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from masterops import errors
from masterops.core import clock
from masterops.core.breaker import Breaker, Pass, State
from masterops.core.budgets import MICROSECONDS, NEVER
from masterops.logs import Logger
from masterops.transport.request import Target

# A time-out says something of the service when it had this long, or all that such a call is ever given:
# one that was cut short by its caller's deadline says nothing.
PATIENT_SECONDS = 5.0
SHORTEST_WAIT = 0.0005  # a timer may be early by the grain of the loop's clock


@dataclass(frozen=True, slots=True)
class Shut:
    """
    A circuit that is not closed: since when, when the next probe may leave (None: it is under way), and why.
    """

    group: str
    state: State
    since: datetime
    next_probe: datetime | None
    reason: str

    def __str__(self) -> str:
        then = f"next probe {_time_of(self.next_probe)}" if self.next_probe else "a probe is under way"
        return f"{self.group}: circuit open since {_time_of(self.since)}, {then}: {self.reason}"

    def facts(self) -> dict[str, object]:
        """The same for a row of the database."""
        probe = self.next_probe.isoformat(timespec="seconds") if self.next_probe else None
        since = self.since.isoformat(timespec="seconds")
        known = {"state": self.state, "since": since, "next_probe": probe, "reason": self.reason}
        return {"group": self.group, **known}


class Circuit:
    """
    The circuit of one group of a connection's calls. Belongs to one event loop.
    """

    def __init__(
        self,
        target: Target,
        group: str,
        *,
        log: Logger,
        now: Callable[[], int],
        fraction: Callable[[], float],
    ) -> None:
        self._connection, self._service, self._business = target.connection, target.service, target.business
        self._group = group
        self._breaker = Breaker(target.circuit)
        self._log = log
        self._now = now
        self._fraction = fraction
        self._changed = asyncio.Event()
        self._since = clock.now()
        self._reason = ""
        self._refused = 0

    @property
    def closed(self) -> bool:
        """Whether calls may leave without being `ready`."""
        return self._breaker.state == "closed"

    async def ready(self, patience: float) -> None:
        """
        Wait until a call may leave, for at most `patience` seconds. Raises CircuitOpen, at once where the
        next probe would be too late.
        """
        end = self._now() + round(patience * MICROSECONDS)
        while wait := self._breaker.wait(now := self._now()):
            left = end - now
            if left <= 0 or (wait > left and wait < NEVER):
                self._refused += 1
                raise self._refusal(wait)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(SHORTEST_WAIT, min(wait, left) / MICROSECONDS)):
                    await self._changed.wait()

    def enter(self, *, look: bool = False) -> Pass | None:
        """
        The leave of a call that goes out now, to be handed back once, to `ended` or `gave_up`. None where
        another one was quicker.
        """
        breaker = self._breaker
        before = breaker.state
        if before == "closed":
            return breaker.leave
        leave = breaker.enter(self._now(), look=look)
        if breaker.state != before:
            self._tell()
        return leave

    def ended(self, leave: Pass, error: errors.RemoteError | None, *, patient: bool) -> None:
        """A call ended; `patient` says whether it was given time enough for a time-out to count."""
        if error is not None and failed(error):
            if isinstance(error, errors.Timeout) and not patient:
                self.gave_up(leave)
            else:
                self._failed(leave, str(error))
            return
        breaker = self._breaker
        before = breaker.state
        breaker.answered(leave, self._now())  # whatever it said
        if breaker.state != before:
            self._tell()

    def _failed(self, leave: Pass, reason: str) -> None:
        """The service failed, or the way to it."""
        before, window = self._breaker.state, self._breaker.window
        self._breaker.failed(leave, self._now(), self._fraction())
        if self._breaker.state == before:
            return
        if before == "closed":
            self._since = clock.now()
            self._reason = f"{window.failures} of the last {window.calls} calls failed, last: {reason}"
        else:
            self._reason = f"the probe failed too: {reason}"
        self._tell()

    def gave_up(self, leave: Pass) -> None:
        """Nothing was learnt; the next may try in its place."""
        self._breaker.gave_up(leave)
        if leave.probe:
            self._wake()

    def shut(self) -> Shut | None:
        """What is known of it while it is not closed; nothing when nobody has called for a long time."""
        breaker, now = self._breaker, self._now()
        wait = breaker.wait(now)
        if breaker.state == "closed" or breaker.forgotten(now):
            return None
        probe = None if wait == NEVER else self._after(wait)
        return Shut(self._group, breaker.state, self._since, probe, self._reason)

    def _refusal(self, wait: int) -> errors.CircuitOpen:
        probing = wait == NEVER
        return errors.CircuitOpen(
            service=self._connection,
            reason=f"{self._group}: {self._reason}",
            retry_after=None if probing else wait / MICROSECONDS,
            tried_at="this moment" if probing else _time_of(self._after(wait)),
            group=self._group,
        )

    def _after(self, wait: int) -> datetime:
        return clock.now() + timedelta(microseconds=wait)

    def _tell(self) -> None:
        """Whoever waits looks again, and a record says what has changed."""
        self._wake()
        state = self._breaker.state
        facts: dict[str, object] = {
            "source": self._service,
            "service": self._service,
            "connection": self._connection,
            "business": self._business,
            "group": self._group,
        }
        if state == "open":
            seconds = self._breaker.wait(self._now()) / MICROSECONDS
            again = {"seconds": seconds, "in_a_row": self._breaker.in_a_row}
            self._log.warn("circuit.opened", error=self._reason, **facts, **again)
            return
        facts |= {"after_seconds": (clock.now() - self._since).total_seconds(), "refused": self._refused}
        self._log.info(f"circuit.{state.replace('-', '_')}", **facts)
        if state == "closed":
            self._refused = 0

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Circuits:
    """
    The circuits of all connections of this process, made when they are first used. `now` is handed in by
    tests.
    """

    def __init__(
        self,
        log: Logger,
        *,
        now: Callable[[], int] = clock.microseconds,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self._log = log
        self._now = now
        self._fraction = fraction
        self._circuits: dict[tuple[str, str], Circuit] = {}

    def of(self, target: Target, group: str) -> Circuit:
        """The circuit of a group of a connection's calls."""
        circuit = self._circuits.get((target.connection, group))
        if circuit is None:
            circuit = Circuit(target, group, log=self._log, now=self._now, fraction=self._fraction)
            self._circuits[target.connection, group] = circuit
        return circuit

    def shut(self, connection: str) -> list[Shut]:
        """Those of a connection that are not closed."""
        mine = (circuit for (name, _), circuit in self._circuits.items() if name == connection)
        return [shut for circuit in mine if (shut := circuit.shut()) is not None]


def failed(error: errors.RemoteError) -> bool:
    """
    Whether the service, or the way to it, is at fault: no connection, no answer in time, or a 5xx. A
    refusal, a 429 included, is an answer; so is one that we cannot read, which may be our own mistake.
    """
    return isinstance(error, (errors.NetworkError, errors.Timeout, errors.ServerFailed))


def _time_of(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"
