"""
One look at every connection: probe, decide, remember.

Connections are asked at the same time and each on its own: one that hangs or fails costs the others
nothing, and its result is written as soon as it is known. What failed is looked at again once all have been
seen, because only then it is known whether it is they or we.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from masterops import errors
from masterops.config import Connection
from masterops.connectors import Connector, Pulse
from masterops.core import clock
from masterops.core.together import together
from masterops.db import Pool
from masterops.health.concluding import Before, Care, Conclusion, conclude, with_windows
from masterops.health.evaluate import Probe, Verdict, evaluate
from masterops.health.lag import Pulsometer
from masterops.health.looking import Round, finish, look
from masterops.health.network import Network
from masterops.health.offline import blame, reach_category
from masterops.health.recording import Result, made_windows, present, record
from masterops.health.resting import check_every, rests
from masterops.logs import Logger, bind
from masterops.transport import Shut

CHECK = "connection"
# A connector's ping bounds itself; this bounds one that does not.
LONGEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Patient:
    """
    A connection and its connector, or the error that kept it from having one. `shut` tells the circuits of
    this process that are open there, `skew` by how many seconds its clock is ahead of ours.
    """

    connection: Connection
    connector: Connector | errors.MasterOpsError
    shut: Callable[[], Sequence[Shut]] = tuple
    skew: Callable[[], float | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Checked:
    """
    The result for one connection; `since` is when its present state began. `rested`: it was not asked, and
    how it stood before still stands.
    """

    connection: str
    service: str
    business: str | None
    verdict: Verdict
    probe: Probe
    checked_at: datetime
    flipped: bool = False
    previous: str | None = None
    since: datetime | None = None
    maintenance: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    rested: bool = False


async def check_connections(
    patients: Sequence[Patient],
    pool: Pool,
    log: Logger,
    *,
    cycle: UUID | None = None,
    care: Care | None = None,
    sparing: bool = False,
) -> list[Checked]:
    """
    Check all of them at the same time; what failed is looked at again before it is believed. With `sparing`,
    one that answered and has a `check_every` is left alone until then. Raises DatabaseError when the results
    cannot be kept.
    """
    care = with_windows(care or Care(), await made_windows(pool))
    before = await present(pool, [each.connection.id for each in patients])
    network = Network(care.anchors)
    async with Pulsometer() as beat:
        ward = _Ward(pool, log, care, beat, network, cycle, sparing)
        visits = [_Visit(each, before.get((each.connection.id, CHECK), Before()), ward) for each in patients]
        await together(each.begin() for each in visits)
        ward.all_seen = True
        return await together(each.end() for each in visits)


@dataclass(slots=True)
class _Ward:
    """
    What the visits of one cycle share.
    """

    pool: Pool
    log: Logger
    care: Care
    beat: Pulsometer
    network: Network
    cycle: UUID | None
    sparing: bool
    all_seen: bool = False


class _Visit:
    """
    One connection in one cycle.
    """

    def __init__(self, patient: Patient, before: Before, ward: _Ward) -> None:
        self._patient = patient
        self._before = before
        self._ward = ward
        self._facts: Mapping[str, Any] = {}
        self._round: Round[Probe] = Round(before.previous, ward.care.rule)
        self._done: Checked | None = None

    async def begin(self) -> None:
        """The first look, if it is time for one; what it settles is written at once."""
        self._done = self._rest() if self._ward.sparing else None
        if self._done is not None:
            return
        with self._bound():
            await look(self._round, self._ask, self._judge, self._ward.beat, longest_lag=self._lag)
            if (verdict := self._round.verdict) is not None:
                self._done = await self._keep(verdict)

    async def end(self) -> Checked:
        """As many looks more as it takes, and the result."""
        with self._bound():
            if self._done is None:
                ward = self._ward
                verdict = await finish(self._round, self._ask, self._judge, ward.beat, longest_lag=self._lag)
                self._done = await self._keep(verdict)
            return self._done

    def _rest(self) -> Checked | None:
        """How it stood before, where that is to do for this cycle."""
        connection, before = self._patient.connection, self._before
        standing = rests(before, check_every(connection.values))
        if standing is None:
            return None
        names = connection.id, connection.service, connection.slug
        return Checked(*names, standing, Probe(None), clock.now(), since=before.since, rested=True)

    @property
    def _lag(self) -> float:
        return self._ward.care.longest_lag

    def _bound(self) -> AbstractContextManager[None]:
        connection = self._patient.connection
        return bind(connection=connection.id, business=connection.slug)

    async def _ask(self) -> Probe:
        probe, self._facts = await _probe(self._patient.connector, self._ward.log)
        category = reach_category(probe.error_category, probe.error_code)
        self._ward.network.note(host_of(self._patient.connection), category)
        if self._ward.all_seen:  # before that nobody can say how many hosts fail
            await self._ward.network.settle(category)
        if shut := self._patient.shut():  # as the look left them: it may have closed one
            probe = replace(probe, shut="; ".join(map(str, shut)))
            self._facts = {**self._facts, "circuits": [each.facts() for each in shut]}
        return probe

    def _judge(self, probe: Probe) -> Verdict:
        verdict = evaluate(probe, slow_ms=self._ward.care.slow_ms)
        away = self._ward.all_seen and self._ward.network.away
        return blame(verdict, reach_category(probe.error_category, probe.error_code), away=away)

    async def _keep(self, verdict: Verdict) -> Checked:
        connection, ward = self._patient.connection, self._ward
        at = clock.now()
        names = (connection.id, connection.service, CHECK, connection.slug or "group")
        conclusion = conclude(self._before, verdict, at, ward.care, names)
        probe = self._round.probe or Probe(None)
        result = Result(
            connection.id,
            CHECK,
            connection.service,
            connection.slug,
            conclusion,
            at,
            probe.response_ms,
            probe.error_category,
            probe.error_code,
            {**self._facts, **self._seen(conclusion)},
            ward.cycle,
        )
        change = (await record(ward.pool, [result]))[0]
        checked = Checked(
            connection.id,
            connection.service,
            connection.slug,
            conclusion.verdict,
            probe,
            at,
            change.flipped,
            change.previous,
            change.since,
            conclusion.window,
            self._facts,
        )
        if checked.flipped and checked.previous is not None:
            _announce(ward.log, checked)
        return checked

    def _seen(self, conclusion: Conclusion) -> dict[str, Any]:
        """How it was decided, where that took more than one look."""
        looks = [each.state for each in self._round.seen]
        facts: dict[str, Any] = {"looks": looks} if len(looks) > 1 else {}
        return facts | ({"maintenance": conclusion.window} if conclusion.window else {})


def host_of(connection: Connection) -> str | None:
    """The host that a connection leads to."""
    address = connection.values.get("base_url") or connection.values.get("url")
    return urlsplit(str(address)).hostname if address else None


async def _probe(
    connector: Connector | errors.MasterOpsError, log: Logger
) -> tuple[Probe, Mapping[str, Any]]:
    """Ask once. Whatever goes wrong is a fact about the connection, never an end of the cycle."""
    if isinstance(connector, errors.MasterOpsError):
        return _failed(connector, None), {}
    start = clock.ticks()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            pulse: Pulse = await connector.ping()
    except errors.MasterOpsError as error:
        return _failed(error, _since(start)), {}
    except TimeoutError:
        late = errors.Timeout(service=connector.connection, seconds=LONGEST_SECONDS)
        return _failed(late, _since(start)), {}
    except Exception as error:  # a fault of our own in one connector must not stop the others
        log.exception("health.check.crashed", connector=type(connector).__name__)
        reason = f"{type(error).__name__}: {error}"
        wrapped = errors.ConnectorCrashed(connection=connector.connection, reason=reason)
        return _failed(wrapped, _since(start)), {}
    return Probe(_since(start)), pulse.facts


def _failed(error: errors.MasterOpsError, response_ms: float | None) -> Probe:
    return Probe(response_ms, error.category, error.message, error.code)


def _since(start: float) -> float:
    return (clock.ticks() - start) * 1000


def _announce(log: Logger, result: Checked) -> None:
    facts = {"check": CHECK, "from_state": result.previous, "to_state": result.verdict.state}
    level = log.info if result.verdict.healthy else log.warn
    level("health.flipped", service=result.service, reason=result.verdict.reason, **facts)
