"""
Partitions are there before their rows, and no row is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import DAY, ago, attempt, code, every, execution, log, look, value

FAR = {"past": datetime(1999, 12, 31, tzinfo=UTC), "future": datetime(2199, 1, 1, tzinfo=UTC)}


def home_of(db: Connection, table: str) -> list[str]:
    """The partitions that hold the table's rows, a row each."""
    return [
        row["home"] for row in every(db, f"SELECT tableoid::regclass::text AS home FROM {table} ORDER BY 1")
    ]


def day(moment: datetime) -> str:
    """How a day stands in a partition's name."""
    return f"{moment.astimezone(UTC):%Y%m%d}"


def monday(moment: datetime) -> datetime:
    """The day on which a moment's week begins."""
    return moment.astimezone(UTC) - timedelta(days=moment.astimezone(UTC).weekday())


def test_a_row_of_today_lands_in_the_partition_of_today(db: Connection) -> None:
    """
    The migration itself has made it, in every table.
    """
    now = ago(timedelta())
    log(db, created_at=now)
    attempt(db, created_at=now)
    look(db, checked_at=now)
    execution(db, started_at=now)

    assert [f"ops.integration_logs_{day(now)}"] == home_of(db, "integration_logs")
    assert [f"ops.api_metrics_{day(now)}"] == home_of(db, "api_metrics")
    assert [f"ops.health_checks_{day(now)}"] == home_of(db, "health_checks")
    assert [f"ops.workflow_execution_logs_{day(monday(now))}"] == home_of(db, "workflow_execution_logs")


@pytest.mark.parametrize("far", FAR)
def test_a_row_dated_far_off_lands_in_the_default_partition(db: Connection, far: str) -> None:
    """
    A clock that is wrong costs nobody a row.
    """
    log(db, created_at=FAR[far])
    attempt(db, created_at=FAR[far])
    execution(db, started_at=FAR[far])
    look(db, checked_at=FAR[far])

    assert ["ops.integration_logs_default"] == home_of(db, "integration_logs")
    assert ["ops.api_metrics_default"] == home_of(db, "api_metrics")
    assert ["ops.workflow_execution_logs_default"] == home_of(db, "workflow_execution_logs")
    assert ["ops.health_checks_default"] == home_of(db, "health_checks")


def test_making_partitions_again_makes_none(db: Connection) -> None:
    """
    It may run as often as anybody likes.
    """
    before = value(db, "SELECT count(*) FROM ops.partitions")

    assert 0 == value(db, "SELECT ops.ensure_partitions()")
    assert before == value(db, "SELECT count(*) FROM ops.partitions")


def test_partitions_join_up_and_each_holds_its_step(db: Connection) -> None:
    """
    Days in UTC for what is plenty, weeks from Monday for what is not; no gap between them.
    """
    db.execute("SELECT ops.ensure_partitions(8, 8)")
    rows = every(
        db, "SELECT * FROM ops.partitions WHERE upper_bound IS NOT NULL ORDER BY table_name, lower_bound"
    )

    for table, step in [("integration_logs", DAY), ("workflow_execution_logs", 7 * DAY)]:
        mine = [row for row in rows if row["table_name"] == table]
        assert {step} == {row["upper_bound"] - row["lower_bound"] for row in mine}
        assert [row["upper_bound"] for row in mine[:-1]] == [row["lower_bound"] for row in mine[1:]]
        assert mine[0]["lower_bound"] <= ago(8 * DAY) and ago(-8 * DAY) < mine[-1]["upper_bound"]
    assert {0} == {row["lower_bound"].astimezone(UTC).hour for row in rows}
    assert {0} == {
        row["lower_bound"].astimezone(UTC).weekday()
        for row in rows
        if row["table_name"] == "workflow_execution_logs"
    }


def test_rows_that_waited_in_the_default_partition_move_to_their_own(db: Connection) -> None:
    """
    Unchanged, generated columns and all, and nothing else moves with them.
    """
    moment = ago(10 * DAY)
    logged = log(db, created_at=moment, details_json={"a": 1}, duration_ms=2.5)
    ran = execution(db, started_at=moment, finished_at=moment + timedelta(seconds=3), status="error")
    log(db, created_at=FAR["past"])
    db.execute("SELECT ops.ensure_partitions(0, 10)")

    assert [f"ops.integration_logs_{day(moment)}", "ops.integration_logs_default"] == home_of(
        db, "integration_logs"
    )
    assert [f"ops.workflow_execution_logs_{day(monday(moment))}"] == home_of(db, "workflow_execution_logs")
    assert [logged] == every(db, "SELECT * FROM integration_logs WHERE id = %s", logged["id"])
    assert [ran] == every(db, "SELECT * FROM workflow_execution_logs")


def test_an_execution_that_moves_to_another_week_is_still_one_row(db: Connection) -> None:
    """
    Changing the time of a row carries it over to the right partition.
    """
    execution(db, started_at=ago())
    db.execute("UPDATE workflow_execution_logs SET started_at = '1999-12-31'")

    assert ["ops.workflow_execution_logs_default"] == home_of(db, "workflow_execution_logs")


def test_two_who_make_partitions_at_once_do_not_disturb_each_other(
    session: Callable[..., Connection],
) -> None:
    """
    The second waits, then finds nothing to do.
    """
    first, second = session(), session()
    answers: list[int] = []
    waiting = threading.Thread(
        target=lambda: answers.append(value(second, "SELECT ops.ensure_partitions(6)"))
    )
    with first.transaction():
        answers.append(value(first, "SELECT ops.ensure_partitions(6)"))
        waiting.start()
        waiting.join(0.3)
        still_waiting = waiting.is_alive()
    waiting.join(10)

    assert still_waiting
    assert 9 <= answers[0]  # three more days of three tables, and a week more on some weekdays
    assert 0 == answers[1]


def test_writers_go_on_while_partitions_are_made(session: Callable[..., Connection]) -> None:
    """
    No row of a writer is refused, and none is lost, whatever partition it ends in.
    """
    db, writer, done, written = session(), session(), threading.Event(), 0

    def make() -> None:
        for back in range(2, 14):
            db.execute("SELECT ops.ensure_partitions(0, %s)", [back])
        done.set()

    maker = threading.Thread(target=make)
    maker.start()
    while not done.is_set():
        log(writer, created_at=ago((written % 14) * DAY))
        written += 1
    maker.join()

    assert written == value(db, "SELECT count(*) FROM integration_logs")
    assert 0 == value(
        db, "SELECT count(*) FROM ops.integration_logs_default WHERE created_at > now() - interval '12 days'"
    )


@pytest.mark.parametrize("arguments", ["-1", "367", "1, -1", "1, 3661", "NULL", "1, NULL"])
def test_impossible_days_are_refused_by_name(db: Connection, arguments: str) -> None:
    """
    Before anything is made.
    """
    before = value(db, "SELECT count(*) FROM ops.partitions")

    assert "OP001" == code(db, f"SELECT ops.ensure_partitions({arguments})")
    assert before == value(db, "SELECT count(*) FROM ops.partitions")


def test_a_question_about_today_reads_no_partition_of_last_week(db: Connection) -> None:
    """
    The views' conditions let the server leave out whole partitions.
    """
    db.execute("SELECT ops.ensure_partitions(3, 10)")
    plan = str(
        every(db, "EXPLAIN SELECT * FROM integration_logs WHERE created_at > now() - interval '24 hours'")
    )
    seen = str(every(db, "EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM integration_health_summary"))

    assert "Subplans Removed" in plan or day(ago(8 * DAY)) not in plan
    assert f"integration_logs_{day(ago(8 * DAY))}" not in seen
