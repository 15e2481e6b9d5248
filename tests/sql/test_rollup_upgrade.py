"""
A database of the version before, with rows in it, gets its rollups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sql.comparing import differences
from tests.sql.conftest import MIGRATIONS, OWNER, Connection, Server
from tests.sql.naive import statements
from tests.sql.rows import (
    HOUR,
    MOMENT,
    ago,
    attempt,
    business,
    connection,
    error,
    every,
    execution,
    log,
    look,
    one,
    value,
)

pytestmark = pytest.mark.slow

FIRST_OF = {"rollups": "20261125000100", "windows": "20261126000050"}


@pytest.fixture(params=FIRST_OF)
def version(request: pytest.FixtureRequest) -> str:
    """The first migration that the database has not seen."""
    return FIRST_OF[request.param]


@pytest.fixture
def old(server: Server, version: str) -> Iterator[Connection]:
    """The owner's session in a database as it was before that, with two months of rows."""
    server.create("before_rollups")
    with server.connect("before_rollups", OWNER) as db:
        apply(db, lambda name: name < version)
        db.execute("SELECT ops.ensure_partitions(1, 40)")
        id = business(db)
        business(db, "red-hill-fresh")
        for slug in ("teelixir", "red-hill-fresh"):
            connection(db, f"hubspot/{slug}")
        connection(db, "xero/teelixir")
        for number in range(120):
            key = ("teelixir", id, "red-hill-fresh", None)[number % 4]
            moment = ago(number * 13 * HOUR + MOMENT)
            whose = {
                "business_id": key,
                "integration_id": "hubspot/red-hill-fresh" if number % 4 == 2 else "hubspot/teelixir",
            }
            make = error if number % 5 == 0 else log
            make(db, created_at=moment, duration_ms=1.5 ** (number % 20), operation="contacts.sync", **whose)
            attempt(db, created_at=moment, duration_ms=number, success=number % 7 > 0, **whose)
            look(db, "down" if number % 9 == 0 else "up", checked_at=moment, response_time_ms=number, **whose)
            execution(db, execution_id=str(number), started_at=moment, finished_at=moment + HOUR / 60,
                      status="error" if number % 3 == 0 else "success", business_id=key,
                      workflow_id=f"w{number % 3}", workflow_name=f"W{number}")  # fmt: skip
            if number == 60 and version > FIRST_OF["rollups"]:
                db.execute("SELECT ops.roll_up()")
        yield db
    server.drop("before_rollups")


def apply(db: Connection, wanted: Callable[[str], bool]) -> None:
    """The migrations whose names are wanted."""
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if wanted(file.name):
            with db.transaction():
                db.execute(file.read_bytes())


def test_the_answers_are_the_same_before_and_after(old: Connection, version: str) -> None:
    """
    Of every view; and what comes afterwards is added to what was there.
    """
    old.execute(statements().encode())
    apply(old, lambda name: name >= version)

    assert {} == differences(old)
    assert 120 == value(old, "SELECT sum(records) FROM ops.log_counts('-infinity')")

    error(old, business_id="teelixir", duration_ms=3)
    old.execute("UPDATE workflow_execution_logs SET status = 'success' WHERE workflow_id = 'w0'")

    assert {} == differences(old)

    while value(old, "SELECT ops.roll_up()"):
        pass

    assert {} == differences(old)


def test_rows_that_retention_had_deleted_are_not_dropped_again(old: Connection, version: str) -> None:
    """
    They are told from those that are there, also where a part of a day went.
    """
    old.execute("SELECT cleanup_old_logs(20)")
    apply(old, lambda name: name >= version)
    present = value(
        old, "SELECT count(*) FROM integration_logs WHERE created_at < now() - interval '10 days'"
    )

    assert present == one(old, "SELECT * FROM cleanup_old_logs(10)")["integration_logs_deleted"] > 0


def test_percentiles_of_rows_that_are_gone_stay(old: Connection, version: str) -> None:
    """
    Executions were forgotten after three days, and their summary tells of seven.
    """
    question = (
        "SELECT workflow_id, total_executions, p95_duration_ms FROM workflow_performance_summary ORDER BY 1"
    )
    while version > FIRST_OF["rollups"] and value(old, "SELECT ops.roll_up()"):
        pass
    if version > FIRST_OF["rollups"]:
        before = every(old, question)
        old.execute("SELECT cleanup_old_logs(30, 3)")
        apply(old, lambda name: name >= version)
        for was, now in zip(before, every(old, question), strict=True):
            assert was["total_executions"] == now["total_executions"]
            assert abs(was["p95_duration_ms"] - now["p95_duration_ms"]) <= was["p95_duration_ms"] / 25
