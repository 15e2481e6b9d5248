"""
What the doctor says about partitions: what strayed into a default one, and what is missing for tomorrow.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from masterops.app.doctor import partition_findings
from masterops.db import AsyncConnection, connect
from masterops.db.partitions import COUNTED, Partitioning, Strays, partitioning
from tests.sql.conftest import OWNER, Server

DAY = timedelta(days=1)
TABLES = ["integration_logs", "api_metrics", "health_checks", "workflow_execution_logs"]


@pytest.fixture
async def owner(server: Server, database: str) -> AsyncIterator[AsyncConnection]:
    """The platform's session, no superuser's."""
    async with await connect(f"postgresql://{OWNER}@/{database}?host={server.socket}") as opened:
        yield opened


async def log(owner: AsyncConnection, moment: datetime | str, rows: int = 1) -> None:
    """Log records of one moment."""
    await owner.execute(
        "INSERT INTO integration_logs (source, message, created_at)"
        " SELECT 'n8n', 'm', %s::timestamptz FROM generate_series(1, %s)",
        [moment, rows],
    )


async def test_nothing_is_wrong_with_a_fresh_database(owner: AsyncConnection) -> None:
    """
    Every table is looked at, and ready for tomorrow; so it is with rows of an hour that are about to be moved.
    """
    await owner.execute(f"DROP TABLE ops.integration_logs_{datetime.now(UTC):%Y%m%d}".encode())
    await log(owner, datetime.now(UTC))

    assert Partitioning(TABLES, [], []) == await partitioning(owner)


async def test_what_strays_is_counted_on_both_sides_of_now(owner: AsyncConnection) -> None:
    """
    With its first and last moment, and each table by itself.
    """
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    await log(owner, noon - 20 * DAY, 2)
    await log(owner, noon - 10 * DAY)
    await log(owner, noon + 40 * DAY)
    await owner.execute(
        "INSERT INTO workflow_execution_logs (workflow_id, execution_id, status, started_at)"
        " VALUES ('w', '1', 'success', '1999-12-31 23:59+00')"
    )

    past, future, old = (await partitioning(owner)).strays

    assert ("integration_logs", "past", 3) == (past.table, past.side, past.rows)
    assert (f"{noon - 20 * DAY:%Y-%m-%d %H:%M}", f"{noon - 10 * DAY:%Y-%m-%d %H:%M}") == (
        past.first,
        past.last,
    )
    assert 19.4 < past.age / DAY.total_seconds() < 20.6
    assert ("integration_logs", "future", 1) == (future.table, future.side, future.rows)
    assert ("workflow_execution_logs", "1999-12-31 23:59") == (old.table, old.first)


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC", "12345-06-07"])
async def test_moments_that_python_has_no_value_for_are_found(owner: AsyncConnection, moment: str) -> None:
    """
    And named as PostgreSQL names them.
    """
    await log(owner, moment)

    (strays,) = (await partitioning(owner)).strays

    assert strays.first.startswith(moment.split()[0])
    assert moment.endswith("BC") == strays.first.endswith("BC")


async def test_counting_stops_where_many_are_many(owner: AsyncConnection) -> None:
    """
    A month without upkeep makes the check no slower.
    """
    await log(owner, datetime.now(UTC) - 20 * DAY, COUNTED + 1)
    found = await partitioning(owner)

    assert COUNTED == found.strays[0].rows
    assert "at least 10,000 row(s) of integration_logs" in partition_findings(found, kept_days=90)[0].detail


async def test_the_way_out_of_an_omission_works(owner: AsyncConnection) -> None:
    """
    What the hint says makes the partitions, moves the rows, and the next look finds nothing.
    """
    await log(owner, datetime.now(UTC) - 19.5 * DAY)
    (wrong,) = partition_findings(await partitioning(owner), kept_days=90)
    statement = wrong.hint.partition("-c '")[2].partition("'")[0]
    await owner.execute(statement.encode())
    (after,) = partition_findings(await partitioning(owner), kept_days=90)

    assert ("warning", "SELECT ops.ensure_partitions(3, 20)") == (wrong.state, statement)
    assert ("ok", "4 tables, ready for tomorrow") == (after.state, after.detail)


async def test_a_table_without_a_partition_for_tomorrow_is_named(owner: AsyncConnection) -> None:
    """
    A day's or a week's, whatever the table has.
    """
    tomorrow = datetime.now(UTC) + DAY
    monday = tomorrow - timedelta(days=tomorrow.weekday())
    for name in (f"api_metrics_{tomorrow:%Y%m%d}", f"workflow_execution_logs_{monday:%Y%m%d}"):
        await owner.execute(f"DROP TABLE ops.{name}".encode())
    (wrong,) = partition_findings(await partitioning(owner), kept_days=90)
    await owner.execute("SELECT ops.ensure_partitions()")

    assert "none for tomorrow: api_metrics, workflow_execution_logs" == wrong.detail
    assert "SELECT ops.ensure_partitions()" in wrong.hint
    assert [] == (await partitioning(owner)).unready


@pytest.mark.parametrize(
    ("days", "kept", "expected"),
    [
        pytest.param(0.05, 90, "ensure_partitions(3, 1)", id="two hours"),
        pytest.param(20.5, 90, "ensure_partitions(3, 21)", id="weeks"),
        pytest.param(91, 90, "ops db retention", id="older than anything is kept"),
        pytest.param(4000, 36_500, "ops db retention", id="further back than partitions are made"),
        pytest.param(math.inf, 90, "ops db retention", id="before all time"),
    ],
)
def test_what_mends_it_depends_on_how_old_it_is(days: float, kept: int, expected: str) -> None:
    """
    Nobody is told to make ten thousand partitions for one row of 1999.
    """
    strays = Strays("api_metrics", "past", 1, "then", "then", days * DAY.total_seconds())
    (finding,) = partition_findings(Partitioning(TABLES, [], [strays]), kept_days=kept)

    assert expected in finding.hint
    assert "1 row(s) of api_metrics in the default one, dated then (UTC)" in finding.detail


def test_rows_of_the_future_accuse_a_clock() -> None:
    """
    Partitions do not mend that.
    """
    strays = Strays("api_metrics", "future", 2, "2199-01-01 00:00", "2199-01-02 00:00", -1e9)
    (finding,) = partition_findings(Partitioning(TABLES, [], [strays]), kept_days=90)

    assert "dated 2199-01-01 00:00 to 2199-01-02 00:00 (UTC): their clock is ahead" in finding.detail
    assert "ops.api_metrics_default" in finding.hint and "ensure_partitions" not in finding.hint
