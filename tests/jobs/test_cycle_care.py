"""
What a cycle believes: a failed look is repeated, our own network is not theirs, and maintenance is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from masterops import errors
from masterops.config import Connection
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import Pool
from masterops.health import Care, Checked, Patient, Rule, Window, check_connections
from masterops.jobs import Manner, run_cycle
from masterops.logs import Pipeline
from tests.jobs.test_cycle import Double

# However busy the machine is that this runs on.
CARE = Care(Rule(seconds=0.05), longest_lag=600)
Ping = Callable[[], Awaitable[None]]


class Failing:
    """
    A ping that fails the first `times` times, or for ever.
    """

    def __init__(self, error: errors.RemoteError, times: int | None = None) -> None:
        self.error, self.times, self.asked = error, times, 0

    async def __call__(self) -> None:
        self.asked += 1
        if self.times is None or self.asked <= self.times:
            raise self.error


async def fine() -> None:
    pass


def at(business: str, ping: Ping, host: str = "", service: str = "hubspot") -> Patient:
    id = f"{service}/{business}"
    values = {"base_url": f"https://{host or business + '.example'}"}
    return Patient(Connection(id, service, business, values), Double(id, ping=ping))


def server() -> errors.RemoteError:
    return errors.ServerFailed(service="x", reason="HTTP 500", status=500)


def network() -> errors.RemoteError:
    return errors.NameNotResolved(service="x", reason="no answer from the name server")


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool")


async def checked(pool: Pool, pipeline: Pipeline, *patients: Patient, care: Care = CARE) -> list[Checked]:
    return await check_connections(patients, pool, pipeline.logger(), care=care)


def states(found: list[Checked]) -> list[str]:
    return [each.verdict.state for each in found]


async def flips(pool: Pool) -> list[tuple[Any, ...]]:
    rows = await pool.fetch("SELECT from_state, to_state FROM health_flips ORDER BY flipped_at, id")
    return [tuple(row.values()) for row in rows]


async def test_one_failed_look_is_no_outage_and_two_are(pool: Pool, pipeline: Pipeline) -> None:
    """
    It is asked again within the same cycle; one that goes on failing is asked once a cycle from then on.
    """
    shaky, broken = Failing(server(), times=1), Failing(server())
    first = await checked(pool, pipeline, at("teelixir", shaky), at("red-hill-fresh", broken))
    asked = broken.asked
    await checked(pool, pipeline, at("red-hill-fresh", broken))

    assert ["up", "down"] == states(first)
    assert "1 of 2 looks failed" == first[0].verdict.reason
    assert (2, 3) == (asked, broken.asked)


async def test_recovery_is_confirmed_too(pool: Pool, pipeline: Pipeline) -> None:
    """
    One good look between bad ones leaves it down.
    """
    await checked(pool, pipeline, at("teelixir", Failing(server())))
    recovering = Failing(server(), times=None)
    answers = [False, True]

    async def once_well() -> None:
        if answers.pop(0):
            raise recovering.error

    still = await checked(pool, pipeline, at("teelixir", once_well))
    again = await checked(pool, pipeline, at("teelixir", fine))

    assert (["down"], ["up"]) == (states(still), states(again))
    assert [(None, "down"), ("down", "up")] == await flips(pool)


async def test_a_machine_without_a_network_blames_nobody(pool: Pool, pipeline: Pipeline) -> None:
    """
    Three hosts at once are not three outages; one of them alone is one.
    """
    dead = [at(each, Failing(network())) for each in ("a", "b", "c")]
    everybody = await checked(pool, pipeline, *dead)
    alone = await checked(pool, pipeline, dead[0], at("b", fine), at("c", fine))

    assert ["unknown"] * 3 == states(everybody)
    assert "this machine seems offline" in str(everybody[0].verdict.reason)
    assert ["down", "up", "up"] == states(alone)


async def test_twins_on_this_machine_say_nothing_about_the_network(pool: Pool, pipeline: Pipeline) -> None:
    """
    All of them gone is down.
    """
    dead = [at(each, Failing(network()), host="127.0.0.1") for each in ("a", "b", "c")]

    assert ["down"] * 3 == states(await checked(pool, pipeline, *dead))


async def test_maintenance_of_a_service_moves_no_state(pool: Pool, pipeline: Pipeline) -> None:
    """
    The look is kept and marked; the state and the flips stay.
    """
    await checked(pool, pipeline, at("teelixir", fine))
    now = clock.now()
    window = Window("upgrade", frozenset({"hubspot"}), now - timedelta(hours=1), now + timedelta(hours=1))
    care = replace(CARE, windows=(window,))
    found = await checked(pool, pipeline, at("teelixir", Failing(server())), care=care)

    assert ["unknown"] == states(found)
    assert [(None, "up")] == await flips(pool)
    (state,) = await pool.fetch("SELECT state, maintenance FROM ops.health_state")
    assert {"state": "up", "maintenance": "upgrade"} == state


async def test_a_connection_that_flaps_is_degraded_until_it_is_quiet(pool: Pool, pipeline: Pipeline) -> None:
    """
    Its changes are remembered from cycle to cycle in the database.
    """
    found = []
    for number in range(9):
        ping = Failing(server()) if number % 2 else fine
        found += states(await checked(pool, pipeline, at("teelixir", ping)))

    assert ["up", "down", "up", "down", "up", "down", "degraded", "degraded", "degraded"] == found


async def test_a_service_that_fails_everybody_is_one_incident(pool: Pool, pipeline: Pipeline) -> None:
    """
    It stands as long as one of them fails alike, and closes with the last.
    """
    brands = ("teelixir", "red-hill-fresh", "elevate-wholesale")
    manner = Manner(CARE)
    for broken in (brands, brands[:1], ()):
        patients = [
            at(each, Failing(server()) if each in broken else fine, host="hubspot.example") for each in brands
        ]
        await run_cycle(patients, pool, pipeline.logger(), cycle=uuid7(), manner=manner)
        rows = await pool.fetch("SELECT title, closed_at IS NULL AS open FROM incidents")
        assert 1 == len(rows)
        expected = "HubSpot is down: 3 businesses" if len(broken) == 3 else "hubspot/teelixir is down"
        assert {"title": expected, "open": bool(broken)} == rows[0]
