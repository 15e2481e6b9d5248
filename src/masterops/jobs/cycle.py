"""
One cycle: every connection is checked, then what changed at the healthy ones is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from masterops import errors
from masterops.changes import Read, read_changes
from masterops.db import Jsonb, Pool
from masterops.health import Checked, Patient, check_connections
from masterops.logs import Logger, bind


class Outcome(msgspec.Struct, frozen=True):
    """
    What a cycle found, in numbers; kept in `ops.cycles.outcome`.
    """

    connections: int
    healthy: int
    unhealthy: int
    changed: int
    unread: int


async def run_cycle(patients: Sequence[Patient], pool: Pool, log: Logger, *, cycle: UUID) -> Outcome:
    """
    Check and read. Raises DatabaseError when the results cannot be kept; a service never stops the cycle.
    """
    await _open(pool, cycle)
    with bind(trace_id=str(cycle)), log.perf("cycle", service="masterops") as span:
        checked = await check_connections(patients, pool, log, cycle=cycle)
        reads = await _read_all(patients, checked, pool, log)
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


async def _read_all(
    patients: Sequence[Patient], checked: Sequence[Checked], pool: Pool, log: Logger
) -> list[Read]:
    """A connection that has just failed is not asked again in the same cycle; its cursor waits."""
    asked = [
        _read_one(patient, pool, log)
        for patient, result in zip(patients, checked, strict=True)
        if result.probe.error_category is None and not isinstance(patient.connector, errors.MasterOpsError)
    ]
    return [read for reads in await asyncio.gather(*asked) for read in reads]


async def _read_one(patient: Patient, pool: Pool, log: Logger) -> list[Read]:
    assert not isinstance(patient.connector, errors.MasterOpsError)
    business = None if patient.connection.business == "group" else patient.connection.business
    try:
        return await read_changes(patient.connector, business, pool, log)
    except errors.DatabaseError:
        raise
    except Exception as error:  # a fault of our own in one connector must not stop the others
        log.exception("changes.read.crashed", connection=patient.connection.id)
        wrapped = errors.UnexpectedAnswer(
            service=patient.connection.id, reason=f"{type(error).__name__}: {error}"
        )
        return [Read(patient.connection.id, "*", error=wrapped)]


async def _open(pool: Pool, cycle: UUID) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO ops.cycles (id, kind, started_at) VALUES (%s, 'full', now())"
            " ON CONFLICT (id) DO UPDATE SET started_at = now()",  # taken over from a dead worker
            [cycle],
        )


async def _finish(pool: Pool, cycle: UUID, outcome: Outcome) -> None:
    facts: dict[str, Any] = msgspec.to_builtins(outcome)
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE ops.cycles SET finished_at = now(), outcome = %s WHERE id = %s", [Jsonb(facts), cycle]
        )
