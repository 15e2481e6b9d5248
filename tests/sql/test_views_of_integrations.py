"""
How the integrations, the APIs and the workflows do, by numbers worked out by hand.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.sql.conftest import Connection
from tests.sql.rows import DAY, HOUR, MOMENT, ago, attempt, error, every, execution, log, one

JUST_INSIDE = DAY - MOMENT
JUST_OUTSIDE = DAY + MOMENT


def test_recent_errors_are_the_newest_hundred(db: Connection) -> None:
    """
    Of level error and nothing else, however old, newest first.
    """
    for number in range(102):
        error(db, message=str(number), created_at=ago(number * HOUR))
    log(db, level="warn", message="a warning")

    assert [str(number) for number in range(100)] == [
        row["message"] for row in every(db, "SELECT * FROM recent_errors")
    ]


def test_integration_health_counts_the_records_of_a_day(db: Connection) -> None:
    """
    One row per source; the 95th percentile lies between the two longest of three.
    """
    for level, duration in [("info", 100), ("info", None), ("warn", 200), ("error", 300)]:
        log(db, level=level, duration_ms=duration, created_at=ago(JUST_INSIDE))
    error(db, created_at=ago(JUST_OUTSIDE))
    newest = log(db, level="debug")
    log(db, source="n8n")

    assert [
        {
            "source": "hubspot",
            "total_logs": 5,
            "error_count": 1,
            "warning_count": 1,
            "info_count": 2,
            "error_rate_pct": Decimal("20.00"),
            "avg_duration_ms": Decimal("200.00"),
            "p95_duration_ms": Decimal("290.00"),
            "last_activity": newest["created_at"],
        },
        ("n8n", 1, 0, Decimal(0), None),
    ] == [
        row
        if row["source"] == "hubspot"
        else tuple(
            row[n] for n in ("source", "total_logs", "error_count", "error_rate_pct", "avg_duration_ms")
        )
        for row in every(db, "SELECT * FROM integration_health_summary ORDER BY source")
    ]


def test_api_performance_counts_attempts_by_endpoint(db: Connection) -> None:
    """
    Two thirds are 66.67 percent.
    """
    attempt(db, duration_ms=10, created_at=ago(JUST_INSIDE))
    attempt(db, duration_ms=20)
    last = attempt(db, duration_ms=60, success=False, status_code=500, created_at=ago(timedelta()))
    attempt(db, duration_ms=999, created_at=ago(JUST_OUTSIDE))
    attempt(db, endpoint="/deals", success=False)

    assert {
        "service": "hubspot",
        "endpoint": "/contacts",
        "total_calls": 3,
        "successful_calls": 2,
        "failed_calls": 1,
        "success_rate_pct": Decimal("66.67"),
        "avg_duration_ms": Decimal("30.00"),
        "p95_duration_ms": Decimal("56.00"),
        "min_duration_ms": Decimal("10.00"),
        "max_duration_ms": Decimal("60.00"),
        "last_call": last["created_at"],
    } == one(db, "SELECT * FROM api_performance_summary WHERE endpoint = '/contacts'")
    assert {"total_calls": 1, "success_rate_pct": Decimal(0)} == one(
        db, "SELECT total_calls, success_rate_pct FROM api_performance_summary WHERE endpoint = '/deals'"
    )


def test_workflow_performance_counts_the_executions_of_a_week(db: Connection) -> None:
    """
    What still runs counts as an execution, and as neither success nor failure; the newest name is shown.
    """
    edge = 7 * DAY

    def ran(number: int, status: str, seconds: int | None, back: timedelta, name: str | None = None) -> None:
        start = ago(back)
        end = None if seconds is None else start + timedelta(seconds=seconds)
        execution(
            db, execution_id=str(number), status=status, started_at=start, finished_at=end, workflow_name=name
        )

    ran(1, "success", 2, edge - MOMENT, "Old name")
    ran(2, "success", 4, 3 * HOUR, "New name")
    ran(3, "crashed", 6, 2 * HOUR)
    ran(4, "running", None, HOUR)
    ran(5, "success", 99, edge + MOMENT, "Ancient name")

    assert {
        "workflow_id": "w1",
        "workflow_name": "New name",
        "total_executions": 4,
        "successful_executions": 2,
        "failed_executions": 1,
        "success_rate_pct": Decimal("66.67"),
        "avg_duration_ms": Decimal("4000.00"),
        "p95_duration_ms": Decimal("5800.00"),
    } == one(
        db,
        "SELECT workflow_id, workflow_name, total_executions, successful_executions, failed_executions,"
        " success_rate_pct, avg_duration_ms, p95_duration_ms FROM workflow_performance_summary",
    )


def test_a_workflow_that_only_runs_has_no_success_to_divide_by(db: Connection) -> None:
    """
    Zero, and no division by zero.
    """
    execution(db, status="running")

    assert {"success_rate_pct": 0, "avg_duration_ms": None} == one(
        db, "SELECT success_rate_pct, avg_duration_ms FROM workflow_performance_summary"
    )


def test_workflows_of_two_servers_with_one_number_are_two(db: Connection) -> None:
    """
    Small n8n servers both have a workflow 1.
    """
    execution(db, integration_id="n8n/teelixir")
    execution(db, integration_id="n8n/group")

    assert ["n8n/group", "n8n/teelixir"] == [
        row["integration_id"]
        for row in every(db, "SELECT * FROM workflow_performance_summary ORDER BY integration_id")
    ]


def test_recent_workflow_failures_are_the_newest_fifty(db: Connection) -> None:
    """
    Failed ones only, newest first.
    """
    for number in range(52):
        execution(db, execution_id=str(number), status="error", started_at=ago(number * HOUR))
    execution(db, execution_id="fine")
    execution(db, execution_id="cancelled", status="canceled")

    assert [str(number) for number in range(50)] == [
        row["execution_id"] for row in every(db, "SELECT * FROM recent_workflow_failures")
    ]
