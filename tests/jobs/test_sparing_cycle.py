"""
Cycles that look at a connection as often as its calls allow.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops.config import Connection
from masterops.core.ids import uuid7
from masterops.db import Pool
from masterops.health import Patient, check_connections
from masterops.jobs import Manner, Outcome, run_cycle
from masterops.logs import Pipeline
from tests.jobs.test_cycle import Double, refuse, states

ID = "hubspot/teelixir"
EARLIER = "UPDATE ops.health_state SET last_checked_at = last_checked_at - interval '5 minutes'"


class Account:
    """
    A connection with `check_every = "5m"`, which counts how often it is asked.
    """

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pings = self.reads = 0
        self.fails = False
        self._pool = pool
        self._log = Pipeline(folder / "spool").logger()
        connector = Double(ID, ping=self._ping, read=self._read)
        connection = Connection(ID, "hubspot", "teelixir", {"check_every": "5m"})
        self.patients = [Patient(connection, connector)]

    async def _ping(self) -> None:
        self.pings += 1
        if self.fails:
            await refuse()

    async def _read(self) -> None:
        self.reads += 1

    async def cycle(self) -> Outcome:
        manner = Manner(sparing=True)
        return await run_cycle(self.patients, self._pool, self._log, cycle=uuid7(), manner=manner)

    async def by_hand(self) -> None:
        await check_connections(self.patients, self._pool, self._log)


@pytest.fixture
def account(pool: Pool, tmp_path: Path) -> Account:
    return Account(pool, tmp_path)


async def test_between_two_looks_the_state_stands_and_changes_are_read(account: Account, pool: Pool) -> None:
    """
    Three cycles, one ping, three reads; and another ping when five minutes are over.
    """
    outcomes = [await account.cycle() for _ in range(3)]
    within = account.pings
    await pool.fetch(EARLIER)
    await account.cycle()

    assert (1, 2, 4) == (within, account.pings, account.reads)
    assert [(1, 1, 0)] * 3 == [(each.connections, each.healthy, each.unread) for each in outcomes]
    assert {ID: "up"} == await states(pool)
    assert [{"looks": 2}] == await pool.fetch("SELECT count(*) AS looks FROM public.health_checks")


async def test_a_look_by_hand_is_made_at_once_and_begins_the_interval_anew(
    account: Account, pool: Pool
) -> None:
    """
    Also in the cycle after it nothing is asked.
    """
    await account.cycle()
    await pool.fetch(EARLIER)
    await account.by_hand()
    await account.cycle()

    assert 2 == account.pings


async def test_what_is_down_is_asked_in_each_cycle(account: Account, pool: Pool) -> None:
    """
    So that it is up again as soon as it answers.
    """
    account.fails = True
    await account.by_hand()
    down = await states(pool)
    account.fails = False
    await account.cycle()
    outcome = await account.cycle()

    assert {ID: "down"} == down
    assert {ID: "up"} == await states(pool)
    assert 1 == outcome.healthy


async def test_uptime_is_a_share_of_the_looks_there_were(account: Account, pool: Pool) -> None:
    """
    Cycles without a look are no downtime, and the connection is not stale.
    """
    for _ in range(3):
        await account.cycle()
    (row,) = await pool.fetch("SELECT sum(successes)::int AS up, sum(failures)::int AS down"
                              " FROM ops.look_counts(now() - interval '24 hours')")  # fmt: skip

    assert {"up": 1, "down": 0} == row
    assert [] == await pool.fetch("SELECT FROM public.stale_integrations")
