"""
The fixtures of the plug-in, each used as a user would.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from masterops import errors
from masterops.testing.captured import Captured
from masterops.testing.clock import MovedClock
from masterops.testing.commands import Commands
from masterops.testing.databases import Databases
from masterops.testing.platform import Platform
from masterops.testing.twins import Faults, Sandbox, Twins

TEA = "hubspot/teelixir"


def test_a_database_is_migrated_and_nobody_else_s(
    masterops_databases: Databases, masterops_database: str
) -> None:
    """
    What is written into one is not in the next.
    """
    other = masterops_databases.take()
    with psycopg.connect(masterops_database) as mine, psycopg.connect(other) as theirs:
        mine.execute("SELECT ops.upsert_business('mine', 'Mine', 'ecommerce')")
        mine.commit()

        assert [("mine",)] == mine.execute("SELECT slug FROM businesses").fetchall()
        assert [] == theirs.execute("SELECT slug FROM businesses").fetchall()
    masterops_databases.drop(other)


def test_a_twin_is_asked_without_an_event_loop(masterops_twin: Twins) -> None:
    """
    What is made is read again, and every call is measured.
    """
    twin = masterops_twin("hubspot", "teelixir")
    hub = twin.connect()
    made = hub.contacts.create({"email": "ines@example.com"})

    assert "ines@example.com" == hub.contacts.get(made.id).properties.email
    assert ["POST", "GET"] == [each.method for each in twin.metrics]


async def test_a_twin_is_asked_in_the_test_s_own_loop(masterops_twin: Twins) -> None:
    """
    Of every service that has one.
    """
    for service in ("hubspot", "unleashed", "n8n"):
        async with masterops_twin(service).connected() as connector:
            await connector.ping()


async def test_supabase_has_tables_beside_a_database(masterops_database: str, masterops_twin: Twins) -> None:
    """
    A fixture alone decides it.
    """
    async with masterops_twin("supabase", "teelixir").connected() as project:
        facts = await project.ping()

    assert facts is not None


def test_a_fault_meets_the_next_calls_and_is_told(masterops_twin: Twins, masterops_faults: Faults) -> None:
    """
    Three refusals are survived; a mixture stays until it is cleared.
    """
    twin = masterops_twin("hubspot", "teelixir")
    masterops_faults.set(TEA, status=503, times=3)
    hub = twin.connect()

    assert hub.account().portal_id
    assert [503, 503, 503, 200] == [each.status_code for each in twin.metrics]

    masterops_faults.profile(TEA, "flaky", seed=7)
    assert {TEA: {"profile": "flaky", "seed": 7}} == masterops_faults.now()
    masterops_faults.clear(TEA)
    assert {} == masterops_faults.now()


def test_a_misspelt_fault_is_refused_in_words(masterops_faults: Faults) -> None:
    """
    With what is known.
    """
    with pytest.raises(errors.UsageError, match="statsu"):
        masterops_faults.set(TEA, statsu=503)


def test_the_clock_is_the_twins_and_moves_on_demand(
    masterops_clock: MovedClock, masterops_twin: Twins
) -> None:
    """
    A record is made at the moment that the test sets.
    """
    masterops_clock.stop()
    masterops_clock.set(datetime(2031, 5, 4, 12, tzinfo=UTC))
    hub = masterops_twin("hubspot").connect()
    masterops_clock.move(60)

    assert datetime(2031, 5, 4, 12, 1, tzinfo=UTC) == hub.contacts.create(
        {"email": "a@example.com"}
    ).created_at.replace(microsecond=0)
    masterops_clock.set(datetime(2001, 5, 4, 12, tzinfo=UTC))
    assert (
        2001 == hub.contacts.create({"email": "b@example.com"}).created_at.year == masterops_clock.now().year
    )
    with pytest.raises(ValueError, match="time zone"):
        masterops_clock.set(datetime(2031, 5, 4, 12))


def test_a_platform_watches_the_test_s_twins(masterops_platform: Platform, masterops_faults: Faults) -> None:
    """
    One connection is broken, and that one is found.
    """
    masterops_faults.set(TEA, expired=True)
    checked = masterops_platform.check_health()

    assert {TEA} == {each.connection for each in checked if not each.verdict.healthy}
    assert masterops_platform.query("recent_errors").rows


async def test_a_platform_opens_in_the_test_s_own_loop(masterops_platform: Platform) -> None:
    """
    With the same database.
    """
    async with masterops_platform.opened() as app:
        found = await app.pool.fetch(b"SELECT slug FROM businesses ORDER BY slug")

    assert "teelixir" in [row["slug"] for row in found]


def test_alerts_are_captured_as_they_are_told(
    masterops_platform: Platform,
    masterops_alerts: Captured,
    masterops_faults: Faults,
    masterops_clock: MovedClock,
) -> None:
    """
    An outage, once the rule's patience is over; nothing before.
    """
    masterops_faults.set(TEA, expired=True)
    for _ in range(3):
        masterops_platform.job("cycle")
    masterops_platform.look()
    masterops_clock.move(600)
    masterops_platform.look()

    assert any("Teelixir" in title for title in masterops_alerts.titles)
    masterops_alerts.clear()
    assert [] == masterops_alerts.notices


def test_a_platform_is_configured_anew(masterops_platform: Platform) -> None:
    """
    A slip in the file is the usual error, and the next file is read.
    """
    with pytest.raises(errors.ConfigKey):
        masterops_platform.configure("[htpp]\ntimeout_seconds = 3\n")
    masterops_platform.configure("[http]\ntimeout_seconds = 3\n")

    assert 3 == masterops_platform.settings.http.timeout_seconds
    with pytest.raises(errors.UnknownName, match="cylce"):
        masterops_platform.job("cylce")


async def test_a_command_runs_with_and_without_a_loop(masterops_cli: Commands) -> None:
    """
    Also beside one that runs.
    """
    inside = masterops_cli("health", "check", "-o", "json")
    outside = await asyncio.to_thread(masterops_cli, "health", "check", "-o", "json")

    assert 0 == inside.code == outside.code, inside.err
    assert {TEA} <= {row["connection"] for row in inside.json}


def test_ops_down_stops_nothing_of_the_test_s(masterops_cli: Commands, masterops_twin: Twins) -> None:
    """
    The twins are in its own process.
    """
    result = masterops_cli("down")

    assert (0, "Nothing was running.\n") == (result.code, result.err)
    assert masterops_twin("hubspot").state()


def test_every_account_is_known_by_its_state(masterops_sandbox: Sandbox, masterops_twin: Twins) -> None:
    """
    And is put back to its seeds.
    """
    before = masterops_sandbox.state(TEA)
    twin = masterops_twin("hubspot", "teelixir")
    twin.connect().contacts.create({"email": "b@example.com"})

    assert before != twin.state()
    masterops_sandbox.reset("teelixir")
    assert before["records"] == twin.state()["records"]
