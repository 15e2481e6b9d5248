"""
One look at every connection: probe, decide, remember.

Connections are asked at the same time and each on its own: one that hangs or fails costs the others
nothing, and its result is written as soon as it is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from masterops import errors
from masterops.config import Connection
from masterops.connectors import Connector, Pulse
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.core.together import together
from masterops.db import Jsonb, Pool
from masterops.health.evaluate import Probe, Verdict, evaluate
from masterops.logs import Logger, bind
from masterops.transport import Shut

CHECK = "connection"
# A connector's ping bounds itself; this bounds one that does not.
LONGEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Patient:
    """
    A connection and its connector, or the error that kept it from having one. `shut` tells the circuits of
    this process that are open there.
    """

    connection: Connection
    connector: Connector | errors.MasterOpsError
    shut: Callable[[], Sequence[Shut]] = tuple


@dataclass(frozen=True, slots=True)
class Checked:
    """
    The result for one connection; `since` is when its present state began.
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


async def check_connections(
    patients: Sequence[Patient], pool: Pool, log: Logger, *, cycle: UUID | None = None
) -> list[Checked]:
    """Check all of them at the same time. Raises DatabaseError when the results cannot be kept."""
    return await together(check(patient, pool, log, cycle=cycle) for patient in patients)


async def check(patient: Patient, pool: Pool, log: Logger, *, cycle: UUID | None = None) -> Checked:
    """Probe one connection, write the result, and log the flip if its state changed."""
    connection = patient.connection
    with bind(connection=connection.id, business=connection.slug):
        probe, facts = await _probe(patient.connector, log)
        if shut := patient.shut():  # as the look left them: it may have closed one
            probe = replace(probe, shut="; ".join(map(str, shut)))
            facts = {**facts, "circuits": [each.facts() for each in shut]}
        verdict = evaluate(probe)
        result = Checked(connection.id, connection.service, connection.slug, verdict, probe, clock.now())
        flip = await _record(pool, result, facts, cycle)
        result = replace(result, **flip)
        if result.flipped and result.previous is not None:
            _announce(log, result)
    return result


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


async def _record(
    pool: Pool, result: Checked, facts: Mapping[str, Any], cycle: UUID | None
) -> dict[str, Any]:
    """Keep the result and learn whether it changed anything: one statement, one transaction."""
    row = {
        "id": str(uuid7()),
        "service": result.service,
        "business_id": result.business,
        "integration_id": result.connection,
        "check_name": CHECK,
        "healthy": result.verdict.healthy,
        "state": result.verdict.state,
        "response_time_ms": result.probe.response_ms,
        "error_category": result.probe.error_category,
        "error_code": result.probe.error_code,
        "error_message": result.verdict.reason,
        "details_json": dict(facts),
        "cycle_id": str(cycle) if cycle else None,
        "checked_at": result.checked_at.isoformat(),
    }
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT flipped, previous_state AS previous, since FROM ops.record_health(%s)", [Jsonb(row)]
        )
        answer = await cursor.fetchone()
    return dict(answer) if answer else {}


def _announce(log: Logger, result: Checked) -> None:
    facts = {"check": CHECK, "from_state": result.previous, "to_state": result.verdict.state}
    level = log.info if result.verdict.healthy else log.warn
    level("health.flipped", service=result.service, reason=result.verdict.reason, **facts)
