"""
One cycle over connections that fail in every way, on a real database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from masterops import errors
from masterops.config import Connection
from masterops.connectors import Capability, Changed, Connector, Pulse
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.core.together import together
from masterops.db import Pool
from masterops.health import Patient
from masterops.jobs import run_cycle
from masterops.logs import Pipeline
from masterops.transport import Shut

Step = Callable[[], Awaitable[None]]


async def fine() -> None:
    pass


async def hang() -> None:
    await asyncio.sleep(60)


async def crash() -> None:
    raise KeyError("a fault of ours")


async def refuse() -> None:
    raise errors.ServerFailed(service="x", reason="HTTP 500", status=500)


class Double:
    """
    A connector that does what it is told.
    """

    service = "hubspot"
    watched = ("contacts",)

    def __init__(self, connection: str, *, ping: Step = fine, read: Step = fine) -> None:
        self.connection = connection
        self._ping = ping
        self._read = read

    async def ping(self) -> Pulse:
        await self._ping()
        return Pulse({"portal_id": 1})

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        await self._read()
        return [Changed("1", clock.now())]

    def capabilities(self) -> list[Capability]:
        return []


class Thrifty(Double):
    """
    One whose calls are few.
    """

    changes_every = timedelta(minutes=15)


def patient(business: str, **steps: Step) -> Patient:
    id = f"hubspot/{business}"
    connector: Connector = Double(id, **steps)
    return Patient(Connection(id, "hubspot", business), connector)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool")


async def states(pool: Pool) -> dict[str, str]:
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT integration_id, state FROM ops.health_state")
        return {row["integration_id"]: row["state"] for row in await cursor.fetchall()}


async def test_a_read_that_hangs_costs_nobody_else_anything(pool: Pool, pipeline: Pipeline) -> None:
    """
    The cycle ends in time, the others are read, and what was not read is counted.
    """
    patients = [patient("teelixir", read=hang), patient("red-hill-fresh")]
    start = time.monotonic()

    outcome = await run_cycle(patients, pool, pipeline.logger(), cycle=uuid7(), read_seconds=0.3)

    assert time.monotonic() - start < 5
    assert (2, 2, 1, 1) == (outcome.connections, outcome.healthy, outcome.changed, outcome.unread)


@pytest.mark.parametrize(
    ("state", "ping"), [("down", refuse), ("unknown", crash)], ids=["the service fails", "a fault of ours"]
)
async def test_a_ping_that_fails_is_a_state_and_not_an_end(
    pool: Pool, pipeline: Pipeline, state: str, ping: Step
) -> None:
    """
    A fault of ours is not reported as one of the service, and nothing is read from a connection that failed.
    """
    patients = [patient("teelixir", ping=ping), patient("red-hill-fresh")]

    outcome = await run_cycle(patients, pool, pipeline.logger(), cycle=uuid7())

    assert {"hubspot/teelixir": state, "hubspot/red-hill-fresh": "up"} == await states(pool)
    assert (1, 0) == (outcome.changed, outcome.unread)


async def test_an_open_circuit_is_kept_with_the_health_check(pool: Pool, pipeline: Pipeline) -> None:
    """
    The connection is degraded, though its ping was answered: the reason is there in words and in facts.
    """
    since = datetime.fromisoformat("2026-11-26T10:00:00+00:00")
    shut = Shut("search", "open", since, since + timedelta(seconds=40), "10 of the last 10 calls failed")
    sick = replace(patient("teelixir"), shut=lambda: [shut])

    await run_cycle([sick], pool, pipeline.logger(), cycle=uuid7())

    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT state, error_message, details_json FROM health_checks")
        row = await cursor.fetchone()
    assert row is not None
    assert "degraded" == row["state"]
    assert row["error_message"].startswith("search: circuit open since ")
    assert {
        "group": "search",
        "state": "open",
        "since": "2026-11-26T10:00:00+00:00",
        "next_probe": "2026-11-26T10:00:40+00:00",
        "reason": "10 of the last 10 calls failed",
    } == row["details_json"]["circuits"][0]


async def test_a_read_that_crashes_is_counted_and_logged(pool: Pool, pipeline: Pipeline) -> None:
    """
    The cursor stays where it was, and the traceback is in the log.
    """
    await run_cycle([patient("teelixir", read=crash)], pool, pipeline.logger(), cycle=uuid7())

    written = b"".join(path.read_bytes() for path in pipeline.folder.glob("*.jsonl"))
    assert b"changes.read.crashed" in written
    assert b"KeyError" in written


async def test_the_outcome_is_kept_with_the_cycle(pool: Pool, pipeline: Pipeline) -> None:
    """
    Whoever asked for the cycle can read what it found; taken over, it is the same cycle.
    """
    cycle = uuid7()
    await run_cycle([patient("teelixir")], pool, pipeline.logger(), cycle=cycle)
    await run_cycle([patient("teelixir")], pool, pipeline.logger(), cycle=cycle)

    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT id, finished_at, outcome FROM ops.cycles")).fetchall()
    assert [cycle] == [row["id"] for row in rows]
    assert 1 == rows[0]["outcome"]["connections"]
    assert rows[0]["finished_at"] is not None


async def test_a_database_that_is_away_ends_the_cycle_at_once(pipeline: Pipeline) -> None:
    """
    Nothing is half done in the background afterwards.
    """
    async with Pool("postgresql://ops@127.0.0.1:1/ops", timeout=1) as pool:
        with pytest.raises(errors.DatabaseError):
            await run_cycle([patient("teelixir")], pool, pipeline.logger(), cycle=uuid7())


async def test_together_leaves_nobody_running() -> None:
    """
    The first failure is raised as it is, and the others have ended by then.
    """
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("slow")

    with pytest.raises(errors.ServerFailed):
        await together([slow(), refuse()])

    assert ["slow"] == ended


async def test_together_keeps_the_order() -> None:
    """
    Results come in the order given, whoever was first.
    """

    async def after(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert [0.02, 0.0, 0.01] == await together(after(each) for each in (0.02, 0.0, 0.01))


async def test_a_connector_that_spares_its_calls_is_read_when_it_is_due(
    pool: Pool, pipeline: Pipeline
) -> None:
    """
    Whatever process read it last; then what changed meanwhile is found.
    """
    id = "hubspot/teelixir"
    patients = [Patient(Connection(id, "hubspot", "teelixir"), Thrifty(id))]
    changed = []
    for minutes in (0, 10, 5):
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE ops.read_cursors SET last_read_at = last_read_at - %s", [timedelta(minutes=minutes)]
            )
        outcome = await run_cycle(patients, pool, pipeline.logger(), cycle=uuid7())
        changed.append(outcome.changed)

    assert [1, 0, 1] == changed
