"""
The pytest plug-in that `pip install 'masterops[testing]'` brings: fixtures, and nothing that happens unasked.

Everything is imported by the fixture that needs it, so that a run without any of them does not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from masterops.testing.captured import Captured
    from masterops.testing.clock import MovedClock
    from masterops.testing.commands import Commands
    from masterops.testing.databases import Databases
    from masterops.testing.platform import Platform
    from masterops.testing.replay import Replays
    from masterops.testing.twins import Faults, Sandbox, Twins


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option, of ours alone."""
    parser.getgroup("masterops").addoption(
        "--masterops-update-snapshots",
        action="store_true",
        help="write what `masterops_cli.snapshot` prints instead of comparing it",
    )


@pytest.fixture(scope="session")
def masterops_databases() -> Iterator[Databases]:
    """A PostgreSQL with a migrated template, one for the run or worker."""
    from masterops.testing.databases import databases

    with databases() as made:
        yield made


@pytest.fixture
def masterops_database(masterops_databases: Databases) -> Iterator[str]:
    """The URL of a fresh, migrated database; it is gone after the test."""
    url = masterops_databases.take()
    yield url
    masterops_databases.drop(url)


@pytest.fixture
def masterops_clock() -> MovedClock:
    """Time that the test moves: the twins', and the one as of which alerts are judged."""
    from masterops.testing.clock import MovedClock

    return MovedClock()


@pytest.fixture
def masterops_businesses() -> tuple[str, ...]:
    """The slugs of the businesses that the twins know; override it to have others."""
    from masterops.testing.twins import demo_businesses

    return demo_businesses()


@pytest.fixture
def masterops_sandbox(
    request: pytest.FixtureRequest, masterops_businesses: tuple[str, ...], masterops_clock: MovedClock
) -> Iterator[Sandbox]:
    """Running twins of every service; Supabase's has tables where the test has a `masterops_database`."""
    from masterops.testing.twins import sandbox

    wanted = "masterops_database" in request.fixturenames
    database = request.getfixturevalue("masterops_database") if wanted else None
    with sandbox(masterops_businesses, clock=masterops_clock, database=database) as running:
        yield running


@pytest.fixture
def masterops_twin(masterops_sandbox: Sandbox) -> Iterator[Twins]:
    """`masterops_twin("hubspot", "teelixir")` is an account at a twin, with connectors to it."""
    from masterops.testing.twins import twins

    with twins(masterops_sandbox) as made:
        yield made


@pytest.fixture
def masterops_replay() -> Iterator[Replays]:
    """`masterops_replay("cassettes/hubspot/owners.json")` answers what `ops record` has kept there."""
    from masterops.testing.replay import replays

    with replays() as made:
        yield made


@pytest.fixture
def masterops_faults(masterops_sandbox: Sandbox) -> Faults:
    """What goes wrong at the twins: `set("hubspot/teelixir", status=503)`, `profile(..., "flaky")`."""
    from masterops.testing.twins import Faults

    return Faults(masterops_sandbox)


@pytest.fixture
def masterops_platform(
    tmp_path: Path, masterops_database: str, masterops_sandbox: Sandbox, masterops_clock: MovedClock
) -> Iterator[Platform]:
    """A whole platform: demo mode on the test's twins, or as `configure` has it."""
    from masterops.testing.platform import Platform

    made = Platform(tmp_path, masterops_database, masterops_sandbox, masterops_clock)
    yield made
    made.close()


@pytest.fixture
def masterops_alerts(masterops_platform: Platform) -> Iterator[Captured]:
    """The notices that the platform sends; it has a channel for them, `captured`."""
    from masterops.testing.captured import CHANNEL, VARIABLE, Captured, receiver

    with receiver() as hooks:
        masterops_platform.add(CHANNEL, **{VARIABLE: hooks.url, "MASTEROPS_ALERTS_GROUP_WAIT_SECONDS": "0"})
        yield Captured(hooks)


@pytest.fixture
def masterops_cli(request: pytest.FixtureRequest, masterops_platform: Platform) -> Commands:
    """`masterops_cli("attention")` is `ops attention` on the test platform; `.snapshot` keeps its output."""
    from masterops.testing.commands import Commands
    from masterops.testing.snapshots import OPTION, Snapshots

    kept = Snapshots(request.path.parent / "snapshots", update=request.config.getoption(OPTION))
    return Commands(masterops_platform.folder, lambda: masterops_platform.environment, kept)
