"""
Old rows go, young ones stay, and the disk is given back.
"""

from __future__ import annotations

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import (
    DAY,
    HOUR,
    MOMENT,
    add,
    ago,
    attempt,
    business,
    code,
    every,
    execution,
    log,
    look,
    one,
    value,
)

COUNTS = (
    "SELECT (SELECT count(*) FROM integration_logs) AS logs,"
    " (SELECT count(*) FROM workflow_execution_logs) AS runs,"
    " (SELECT count(*) FROM api_metrics) AS attempts, (SELECT count(*) FROM health_checks) AS looks"
)


def test_whole_partitions_are_dropped_and_their_rows_counted(db: Connection) -> None:
    """
    Of each table by its own age; nothing younger is touched.
    """
    db.execute("SELECT ops.ensure_partitions(1, 12)")
    for back in (0, 1, 8, 9, 10):
        log(db, created_at=ago(back * DAY + HOUR))
    attempt(db, created_at=ago(9 * DAY))
    attempt(db)
    eighth = f"ops.integration_logs_{ago(8 * DAY + HOUR):%Y%m%d}"
    assert value(db, "SELECT pg_relation_filepath(to_regclass(%s)) IS NOT NULL", eighth)
    answer = one(db, "SELECT * FROM cleanup_old_logs(5, 90, 5)")

    assert {"integration_logs_deleted": 3, "workflow_logs_deleted": 0, "api_metrics_deleted": 1} == answer
    assert {"logs": 2, "runs": 0, "attempts": 1, "looks": 0} == one(db, COUNTS)
    assert 0 == value(
        db,
        "SELECT count(*) FROM ops.partitions WHERE upper_bound <= now() - interval '5 days'"
        " AND table_name IN ('integration_logs', 'api_metrics')",
    )
    assert eighth in {f"ops.{row['partition_name']}" for row in every(db, "SELECT * FROM ops.detached()")}
    assert [] == every(db, "SELECT * FROM ops.schema_lint()")
    left = value(db, "SELECT count(*) FROM ops.detached()")
    assert (1, left - 1, 0) == tuple(
        value(db, f"SELECT ops.drop_detached({most})") for most in ("", "1000", "1000")
    )
    assert value(db, "SELECT to_regclass(%s) IS NULL", eighth)
    assert 6 < value(
        db, "SELECT count(*) FROM ops.partitions WHERE table_name = 'health_checks' AND upper_bound < now()"
    )


def test_the_border_partition_loses_only_what_is_older(db: Connection) -> None:
    """
    To the minute.
    """
    db.execute("SELECT ops.ensure_partitions(1, 12)")
    log(db, created_at=ago(5 * DAY + MOMENT))
    young = log(db, created_at=ago(5 * DAY - MOMENT))

    assert 1 == one(db, "SELECT * FROM cleanup_old_logs(5)")["integration_logs_deleted"]
    assert young["id"] == value(db, "SELECT id FROM integration_logs")


def test_the_default_partition_is_cleaned_too(db: Connection) -> None:
    """
    What came late from far back does not stay for ever, and what is dated ahead is not old.
    """
    for moment in (ago(400 * DAY), ago(-400 * DAY)):
        log(db, created_at=moment)
        attempt(db, created_at=moment)
        execution(db, started_at=moment, execution_id=str(moment))
        look(db, checked_at=moment)

    assert {"integration_logs_deleted": 1, "workflow_logs_deleted": 1, "api_metrics_deleted": 1} == one(
        db, "SELECT * FROM cleanup_old_logs()"
    )
    assert {"logs": 1, "runs": 1, "attempts": 1, "looks": 1} == one(db, COUNTS)


def test_bookkeeping_goes_with_the_rows_that_it_belongs_to(db: Connection) -> None:
    """
    Rounds with the health checks, refused lines with the log records; changes of state stay.
    """
    for back in (1, 40, 100):
        add(db, "ops.cycles", kind="full", started_at=ago(back * DAY))
        add(
            db,
            "ops.log_dead_letters",
            segment="s",
            line_offset=0,
            line="x",
            reason="y",
            created_at=ago(back * DAY),
        )
    look(db, "down", checked_at=ago(100 * DAY))
    db.execute("SELECT cleanup_old_logs()")

    assert 2 == value(db, "SELECT count(*) FROM ops.cycles")
    assert 1 == value(db, "SELECT count(*) FROM ops.log_dead_letters")
    assert 1 == value(db, "SELECT count(*) FROM health_flips")


def test_a_second_run_finds_nothing(db: Connection) -> None:
    """
    And rows written afterwards find their partitions.
    """
    log(db, created_at=ago(31 * DAY))
    db.execute("SELECT cleanup_old_logs()")

    assert {"integration_logs_deleted": 0, "workflow_logs_deleted": 0, "api_metrics_deleted": 0} == one(
        db, "SELECT * FROM cleanup_old_logs()"
    )
    assert "ops.integration_logs_default" != value(
        db, "SELECT tableoid::regclass::text FROM integration_logs WHERE id = %s", log(db)["id"]
    )


@pytest.mark.parametrize(
    "arguments", ["-1", "0", "NULL", "30, -1", "30, 90, 0", "30, 90, 30, -1", "2147483647", "30, 90, NULL"]
)
def test_impossible_days_delete_nothing(db: Connection, arguments: str) -> None:
    """
    Not even in the tables whose days are possible.
    """
    log(db, created_at=ago(400 * DAY))
    attempt(db, created_at=ago(400 * DAY))
    before = one(db, COUNTS)

    assert "OP001" == code(db, f"SELECT * FROM cleanup_old_logs({arguments})")
    assert before == one(db, COUNTS)


def test_log_records_go_by_level_and_by_business(db: Connection) -> None:
    """
    A level's days, a business's by slug or id, the shorter of both, and for all others those of the table.
    """
    db.execute("SELECT ops.ensure_partitions(1, 100)")
    id = business(db)
    kept: dict[str, set[int]] = {}
    for name, values in {
        "debug": {"level": "debug"},
        "error": {"level": "error"},
        "slug": {"business_id": "teelixir"},
        "id": {"business_id": id},
        "both": {"business_id": "teelixir", "level": "debug"},
        "other": {"business_id": "red-hill-fresh"},
    }.items():
        for back in (1, 4, 20, 40, 80, 95):
            log(db, created_at=ago(back * DAY - HOUR), message=name, **values)
    days = """{"debug": 3, "error": 90}""", """{"teelixir": 30}"""
    answer = one(db, "SELECT * FROM cleanup_old_logs(15, 90, 30, 90, %s, %s)", *days)
    for row in every(db, "SELECT message, created_at FROM integration_logs"):
        kept.setdefault(row["message"], set()).add((ago() - row["created_at"] + 2 * HOUR).days)

    assert {
        "debug": {1},
        "error": {1, 4, 20, 40, 80},
        "slug": {1, 4, 20},
        "id": {1, 4, 20},
        "both": {1},
        "other": {1, 4},
    } == kept
    assert 36 - sum(map(len, kept.values())) == answer["integration_logs_deleted"]


def test_what_is_dropped_is_counted_once(db: Connection) -> None:
    """
    Not the rows that went before their partition did, nor those that came late for a day that is gone.
    """
    db.execute("SELECT ops.ensure_partitions(1, 12)")
    for back in (9, 9, 9, 10):
        log(db, created_at=ago(back * DAY - HOUR), level="debug" if back == 10 else "info")
    log(db, created_at=ago(9 * DAY - HOUR), level="debug")

    def deleted(*arguments: object) -> int:
        marks = ", ".join(["%s"] * len(arguments))
        answer = one(db, f"SELECT * FROM cleanup_old_logs({marks})", *arguments)
        return int(answer["integration_logs_deleted"])

    early = deleted(30, 90, 30, 90, """{"debug": 5}""")
    db.execute("DELETE FROM integration_logs WHERE id = (SELECT id FROM integration_logs LIMIT 1)")
    dropped = deleted(5)
    log(db, created_at=ago(9 * DAY - HOUR))

    assert (2, 2, 1, 0) == (early, dropped, deleted(5), deleted(5))


@pytest.mark.parametrize(
    ("levels", "businesses", "sqlstate"),
    [
        ("""{"debug": 0}""", "{}", "OP001"),
        ("""{"debug": -1}""", "{}", "OP001"),
        ("""{"debug": null}""", "{}", "OP001"),
        ("""{"debug": "soon"}""", "{}", "OP001"),
        ("""{"debug": 99999}""", "{}", "OP001"),
        ("""{"trace": 3}""", "{}", "OP001"),
        ("{}", """{"teelixir": 1.5}""", "OP001"),
        ("""{"debug": 0}""", """{"debug": 5}""", "OP001"),
        ("{}", """{"nobody": 5}""", "OP002"),
        (None, "{}", "OP001"),
    ],
)
def test_impossible_rules_delete_nothing(
    db: Connection, levels: str | None, businesses: str, sqlstate: str
) -> None:
    """
    Each is refused by name, also where only one of several is wrong.
    """
    business(db)
    log(db, created_at=ago(400 * DAY))

    assert sqlstate == code(db, "SELECT cleanup_old_logs(30, 90, 30, 90, %s, %s)", levels, businesses)
    assert 1 == value(db, "SELECT count(*) FROM integration_logs")


def test_only_what_retention_took_off_is_dropped(db: Connection) -> None:
    """
    A table that somebody put beside the partitions, say to look into an old backup, is left alone.
    """
    db.execute("CREATE TABLE ops.integration_logs_20200101 (LIKE integration_logs)")
    db.execute("SELECT ops.drop_detached(1000)")

    assert value(db, "SELECT to_regclass('ops.integration_logs_20200101') IS NOT NULL")
