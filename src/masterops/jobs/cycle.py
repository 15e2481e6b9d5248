"""
One cycle: every connection is checked, then what changed at the healthy ones is read, and what workflows ran.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from masterops import errors
from masterops.changes import Read, read_changes
from masterops.config import Business, Health, pairs
from masterops.connectors.n8n import N8n
from masterops.core.budgets import BULK
from masterops.core.dependencies import Needs
from masterops.core.together import together
from masterops.db import Jsonb, Pool
from masterops.health import Care, Checked, Patient, check_connections, record_incidents, survey
from masterops.logs import Logger, bind
from masterops.transport import in_lane
from masterops.workflows import collect, count_outputs, listed, owners, watch, watching

# A cycle ends within its minute: whoever reads longer goes on from the same cursor in the next one.
READ_SECONDS = 30.0


class Outcome(msgspec.Struct, frozen=True):
    """
    What a cycle found, in numbers; kept in `ops.cycles.outcome`. `unread` counts resources whose changes
    could not be read, or whole connections.
    """

    connections: int
    healthy: int
    unhealthy: int
    changed: int
    unread: int


@dataclass(frozen=True, slots=True)
class Manner:
    """
    How a cycle looks: how carefully states are decided, the limits of the aspects and the home folder (None:
    no aspect is looked at), and what checks depend on. With `sparing` a connection is asked as often as its
    `check_every` says.
    """

    care: Care = field(default_factory=Care)
    limits: Health = field(default_factory=Health)
    home: Path | None = None
    needs: Needs = field(default_factory=dict)
    sparing: bool = False


async def run_cycle(
    patients: Sequence[Patient],
    pool: Pool,
    log: Logger,
    *,
    cycle: UUID,
    businesses: Sequence[Business] = (),
    read_seconds: float = READ_SECONDS,
    manner: Manner | None = None,
) -> Outcome:
    """
    Check and read; `businesses` are those whose workflows are told apart. Raises DatabaseError when the
    results cannot be kept; a service never stops the cycle.
    """
    await _open(pool, cycle)
    with bind(trace_id=str(cycle)), log.perf("cycle", service="masterops") as span:
        checked = await _looked(patients, pool, log, cycle, manner or Manner())
        reads = await _read_all(patients, checked, pool, log, businesses, read_seconds)
        outcome = summarise(checked, reads)
        span.add(**msgspec.to_builtins(outcome))
    await _finish(pool, cycle, outcome)
    return outcome


def summarise(checked: Sequence[Checked], reads: Sequence[Read]) -> Outcome:
    """A cycle in numbers."""
    healthy = sum(1 for each in checked if each.verdict.healthy)
    return Outcome(
        connections=len(checked),
        healthy=healthy,
        unhealthy=len(checked) - healthy,
        changed=sum(read.changed for read in reads),
        unread=sum(1 for read in reads if read.error is not None),
    )


async def _looked(
    patients: Sequence[Patient], pool: Pool, log: Logger, cycle: UUID, manner: Manner
) -> list[Checked]:
    checked = await check_connections(
        patients, pool, log, cycle=cycle, care=manner.care, sparing=manner.sparing
    )
    if manner.home is not None:
        await survey(patients, checked, pool, manner.home, manner.care, manner.limits)
    await record_incidents(pool, manner.needs)
    return checked


async def _read_all(
    patients: Sequence[Patient],
    checked: Sequence[Checked],
    pool: Pool,
    log: Logger,
    businesses: Sequence[Business],
    seconds: float,
) -> list[Read]:
    """A connection that has just failed is not asked again in the same cycle; its cursor waits."""
    asked = [
        _read_one(patient, pool, log, businesses, seconds)
        for patient, result in zip(patients, checked, strict=True)
        if _readable(result) and not isinstance(patient.connector, errors.MasterOpsError)
    ]
    return [read for reads in await together(asked) for read in reads]


def _readable(result: Checked) -> bool:
    return result.probe.error_category is None and (not result.rested or result.verdict.healthy)


async def _read_one(
    patient: Patient, pool: Pool, log: Logger, businesses: Sequence[Business], seconds: float
) -> list[Read]:
    assert not isinstance(patient.connector, errors.MasterOpsError)
    connection = patient.connection
    try:
        with in_lane(BULK):  # nobody waits for it, whoever began the cycle
            async with asyncio.timeout(seconds):
                reads = await read_changes(patient.connector, connection.slug, pool, log)
                return reads + await _executions(patient, pool, log, businesses)
    except errors.DatabaseError:
        raise
    except TimeoutError:
        log.warn(
            "changes.read.late", connection=connection.id, business=connection.slug, seconds=READ_SECONDS
        )
        return [Read(connection.id, "*", error=errors.Timeout(service=connection.id, seconds=seconds))]
    except Exception as error:  # a fault of our own in one connector must not stop the others
        log.exception("changes.read.crashed", connection=connection.id, business=connection.slug)
        reason = f"{type(error).__name__}: {error}"
        wrapped = errors.ConnectorCrashed(connection=connection.id, reason=reason)
        return [Read(connection.id, "*", error=wrapped)]


async def _executions(
    patient: Patient, pool: Pool, log: Logger, businesses: Sequence[Business]
) -> list[Read]:
    """What workflows ran, where the connection is an n8n."""
    connection, n8n = patient.connection, patient.connector
    if not isinstance(n8n, N8n):
        return []
    rules = pairs(str(connection.values.get("workflow_businesses") or ""))
    known = owners([(each.slug, each.name) for each in businesses], rules, connection.slug)
    with bind(connection=connection.id, business=connection.slug):
        try:
            workflows = await listed(n8n)
            changed = await collect(n8n, known, pool, log, workflows=workflows or {})
            settings = watching(connection.values)
            await count_outputs(n8n, settings.expecting((workflows or {}).values()), pool, log)
            await watch(connection.id, workflows, known, pool, log, settings)
            return [Read(connection.id, "executions", changed)]
        except errors.RemoteError as error:  # the transport has already logged the failed call
            return [Read(connection.id, "executions", error=error)]


async def _open(pool: Pool, cycle: UUID) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO ops.cycles (id, kind, started_at) VALUES (%s, 'full', now())"
            # Taken over from a dead worker, which may have got as far as finishing it.
            " ON CONFLICT (id) DO UPDATE SET started_at = now(), finished_at = NULL, outcome = NULL",
            [cycle],
        )


async def _finish(pool: Pool, cycle: UUID, outcome: Outcome) -> None:
    facts: dict[str, Any] = msgspec.to_builtins(outcome)
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE ops.cycles SET finished_at = now(), outcome = %s WHERE id = %s", [Jsonb(facts), cycle]
        )
