"""
Rows go, and what they told stays.
"""

from __future__ import annotations

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import (
    DAY,
    HOUR,
    MOMENT,
    ago,
    business,
    code,
    connection,
    error,
    every,
    log,
    look,
    one,
    value,
)

WEEKS = "SELECT * FROM weekly_business_report ORDER BY week_start"
DAYS = "SELECT * FROM daily_operations_summary ORDER BY operation_date"


@pytest.fixture
def aged(db: Connection) -> Connection:
    """A business with a log record every day for ten weeks, and a connection that fell silent forty days ago."""
    db.execute("SELECT ops.ensure_partitions(1, 72)")
    business(db)
    connection(db, configured_at=ago(90 * DAY))
    for back in range(70):
        error(db, business_id="teelixir", duration_ms=100, created_at=ago(back * DAY + MOMENT))
    log(db, business_id="teelixir", integration_id="hubspot/teelixir", created_at=ago(40 * DAY))
    look(db, "down", checked_at=ago(20 * DAY), integration_id="xero/teelixir", service="xero")
    db.execute("SELECT ops.roll_up()")
    return db


def test_reports_stay_whole_after_their_rows_are_gone(aged: Connection) -> None:
    """
    Weeks and days are what they were, to the last digit.
    """
    weeks, days = every(aged, WEEKS), every(aged, DAYS)
    aged.execute("SELECT cleanup_old_logs(5, 5, 5, 5)")

    assert 5 == value(aged, "SELECT count(*) FROM integration_logs")
    assert weeks == every(aged, WEEKS)
    # One more comes in at the far end, with the hour in which the month begins: it counts as a whole now.
    assert days == every(aged, DAYS)[-len(days) :]


def test_a_silent_connection_stays_silent_after_its_last_row_is_gone(aged: Connection) -> None:
    """
    It does not become one that never spoke, and does not vanish.
    """
    before = every(aged, "SELECT * FROM stale_integrations")
    aged.execute("SELECT cleanup_old_logs(5, 5, 5, 5)")

    assert before == every(aged, "SELECT * FROM stale_integrations")
    assert ["hubspot/teelixir"] == [row["integration"] for row in before]
    assert before[0]["last_activity"] is not None


def test_uptime_of_a_month_survives_the_looks(aged: Connection) -> None:
    """
    With the moment at which it was last down.
    """
    connection(aged, "xero/teelixir")
    question = "SELECT uptime_pct_30d, last_down, incidents FROM uptime_summary WHERE service = 'xero'"
    before = one(aged, question)
    aged.execute("SELECT cleanup_old_logs(5, 5, 5, 5)")

    assert before == one(aged, question)
    assert 0 == before["uptime_pct_30d"]


def test_an_hour_whose_rows_are_gone_counts_as_a_whole(db: Connection) -> None:
    """
    A window that begins in the middle of it cannot be cut there any more.
    """
    now = value(db, "SELECT now()")
    hour = (now - 10 * DAY).replace(minute=0, second=0, microsecond=0)
    for minute in (1, 59):
        log(db, created_at=hour.replace(minute=minute))
    since = hour.replace(minute=30)
    question = "SELECT coalesce(sum(records), 0) FROM ops.log_counts(%s)"
    exact = value(db, question, since)
    db.execute("SELECT cleanup_old_logs(5)")

    assert (1, 2) == (exact, value(db, question, since))


def test_hours_go_after_ninety_days_and_days_after_two_years(db: Connection) -> None:
    """
    A window that begins where only days are left begins with a whole day.
    """
    for back in (10, 100, 700, 800):
        log(db, created_at=ago(back * DAY), duration_ms=5)
    db.execute("SELECT ops.roll_up()")
    db.execute("SELECT cleanup_old_logs()")
    spans = "SELECT span, count(*) AS n FROM ops.rollups GROUP BY span ORDER BY span"

    assert {"day": 3, "hour": 1} == {row["span"]: row["n"] for row in every(db, spans)}
    assert 2 == value(db, "SELECT sum(records) FROM ops.log_counts(%s)", ago(100 * DAY - HOUR / 60))
    assert 3 == one(db, "SELECT * FROM get_error_rate('hubspot', 87600)")["total_logs"]


def test_a_second_clean_up_finds_nothing(db: Connection) -> None:
    """
    And horizons never move back.
    """
    log(db, created_at=ago(800 * DAY), duration_ms=5)
    db.execute("SELECT ops.roll_up()")
    first = value(db, "SELECT ops.clean_rollups()")
    before = every(db, "SELECT name, since::text FROM ops.horizons ORDER BY name")
    db.execute("SELECT ops.clean_rollups(365)")

    assert 6 == first  # hour and day, of counts and durations, six hours and a week
    assert 0 == value(db, "SELECT ops.clean_rollups()")
    assert before == every(db, "SELECT name, since::text FROM ops.horizons ORDER BY name")


@pytest.mark.parametrize("arguments", ["0", "-1", "NULL", "90, 89", "90, NULL", "1, 36501"])
def test_impossible_days_are_refused_by_name(db: Connection, arguments: str) -> None:
    """
    Nothing is deleted.
    """
    log(db, created_at=ago(800 * DAY))
    db.execute("SELECT ops.roll_up()")

    assert "OP001" == code(db, f"SELECT ops.clean_rollups({arguments})")
    assert 2 == value(db, "SELECT count(*) FROM ops.rollups")
