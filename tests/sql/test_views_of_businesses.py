"""
How each business does, by numbers worked out by hand.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.sql.conftest import Connection
from tests.sql.rows import DAY, HOUR, MOMENT, ago, business, error, every, execution, log, one, value


def two(db: Connection) -> str:
    """Teelixir and Red Hill Fresh; answers Teelixir's id."""
    business(db, "red-hill-fresh", "Red Hill Fresh")
    return business(db, "teelixir", "Teelixir", hubspot_company_id="123")


def test_activity_shows_the_records_of_a_week_by_slug_or_id(db: Connection) -> None:
    """
    Newest first; records of the group or of nobody we know are left out.
    """
    id = two(db)
    log(db, business_id="teelixir", message="slug", created_at=ago(7 * DAY - MOMENT))
    log(db, business_id=id, message="id", operation="contacts.get", duration_ms=5)
    log(db, business_id="teelixir", message="old", created_at=ago(7 * DAY + MOMENT))
    log(db, business_id="nobody", message="nobody")
    log(db, message="group")

    assert [("Teelixir", "teelixir", "id"), ("Teelixir", "teelixir", "slug")] == [
        (row["business_name"], row["business_slug"], row["message"])
        for row in every(db, "SELECT * FROM business_activity")
    ]


def test_errors_of_a_business_are_counted_by_source(db: Connection) -> None:
    """
    Of a day. A connection counts once, and so does a source whose records name none.
    """
    id = two(db)
    error(db, business_id="teelixir", integration_id="hubspot/teelixir", created_at=ago(DAY - MOMENT))
    error(db, business_id=id, integration_id="hubspot/teelixir")
    error(db, business_id="teelixir", source="system", integration_id="hubspot/teelixir")
    newest = error(db, business_id="teelixir", source="n8n", created_at=ago(timedelta()))
    error(db, business_id="teelixir", created_at=ago(DAY + MOMENT))
    log(db, business_id="red-hill-fresh")

    assert {
        "business_name": "Teelixir",
        "business_slug": "teelixir",
        "error_count": 4,
        "affected_integrations": 2,
        "last_error": newest["created_at"],
        "error_sources": {"hubspot": 2, "system": 1, "n8n": 1},
    } == one(db, "SELECT * FROM business_error_summary")


def test_the_integrations_of_a_business_are_counted_by_source(db: Connection) -> None:
    """
    Of a day, one row per business and source.
    """
    id = two(db)
    log(db, business_id=id, duration_ms=10, created_at=ago(DAY - MOMENT))
    log(db, business_id="teelixir", duration_ms=20, level="warn")
    newest = error(db, business_id="teelixir", created_at=ago(timedelta()))
    log(db, business_id="teelixir", created_at=ago(DAY + MOMENT))
    log(db, business_id="red-hill-fresh", source="n8n")

    assert {
        "business_name": "Teelixir",
        "business_slug": "teelixir",
        "source": "hubspot",
        "total_operations": 3,
        "errors": 1,
        "warnings": 1,
        "error_rate_pct": Decimal("33.33"),
        "avg_duration_ms": Decimal("15.00"),
        "last_activity": newest["created_at"],
    } == one(db, "SELECT * FROM business_integration_health WHERE business_slug = 'teelixir'")
    assert 1 == value(db, "SELECT count(*) FROM business_integration_health WHERE source = 'n8n'")


def test_the_comparison_shows_every_active_business(db: Connection) -> None:
    """
    One without records with zeros; a note counts as a record and spoils no rate.
    """
    id = two(db)
    business(db, "gone", status="inactive")
    for operation, status, duration in [
        ("contacts.get", "success", 10),
        ("contacts.get", "success", 20),
        ("deals.get", "error", 60),
        (None, "info", None),
    ]:
        log(db, business_id=id, operation=operation, status=status, duration_ms=duration)
    log(db, business_id="teelixir", source="n8n", operation="contacts.get", status="warning")
    log(db, business_id="teelixir", created_at=ago(7 * DAY + MOMENT))

    assert [
        {
            "business_name": "Red Hill Fresh",
            "business_slug": "red-hill-fresh",
            "total_operations": 0,
            "unique_operations": 0,
            "successful_operations": 0,
            "failed_operations": 0,
            "success_rate_pct": 0,
            "avg_duration_ms": 0,
            "operations_by_source": {},
        },
        {
            "business_name": "Teelixir",
            "business_slug": "teelixir",
            "total_operations": 5,
            "unique_operations": 2,
            "successful_operations": 2,
            "failed_operations": 1,
            "success_rate_pct": Decimal("66.67"),
            "avg_duration_ms": Decimal("30.00"),
            "operations_by_source": {"hubspot": 4, "n8n": 1},
        },
    ] == every(db, "SELECT * FROM business_performance_comparison ORDER BY business_slug")


def test_days_are_summed_in_utc(db: Connection) -> None:
    """
    A second before midnight is the day before, wherever the server stands; 30 days back and no more.
    """
    id = two(db)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    log(db, business_id=id, status="success", duration_ms=10, created_at=midnight)
    log(db, business_id="teelixir", status="error", duration_ms=20, created_at=midnight + 23 * HOUR)
    log(db, business_id="teelixir", source="n8n", created_at=midnight + HOUR)
    log(db, business_id="teelixir", created_at=midnight - timedelta(seconds=1))
    log(db, business_id="teelixir", created_at=ago(30 * DAY + MOMENT))

    rows = every(db, "SELECT * FROM daily_operations_summary ORDER BY operation_date DESC")

    assert [(midnight.date(), 3), ((midnight - DAY).date(), 1)] == [
        (row["operation_date"], row["total_operations"]) for row in rows
    ]
    assert (1, 1, Decimal("15.00"), {"hubspot": 2, "n8n": 1}) == tuple(
        rows[0][name] for name in ("successful", "failed", "avg_duration_ms", "operations_by_source")
    )


def test_hubspot_syncs_are_counted_and_a_business_without_any_is_shown(db: Connection) -> None:
    """
    By the operation's name, from HubSpot or about it; reading a contact is no sync.
    """
    id = two(db)
    good = log(db, business_id=id, operation="sync_contacts", status="success", duration_ms=10)
    bad = log(db, business_id="teelixir", operation="contacts.sync", status="error", duration_ms=30)
    log(
        db,
        business_id="teelixir",
        source="system",
        service="hubspot",
        operation="contacts.changes",
        status="success",
        created_at=ago(HOUR),
    )
    log(db, business_id="teelixir", operation="contacts.get", status="success")
    log(db, business_id="teelixir", operation="contacts.sync", status="info")
    log(db, business_id="teelixir", operation="contacts.sync", status="success", source="unleashed")
    log(
        db,
        business_id="teelixir",
        operation="contacts.sync",
        status="error",
        created_at=ago(7 * DAY + MOMENT),
    )

    assert {
        "business_name": "Teelixir",
        "hubspot_company_id": "123",
        "total_syncs": 3,
        "successful_syncs": 2,
        "failed_syncs": 1,
        "last_successful_sync": good["created_at"],
        "last_failed_sync": bad["created_at"],
        "avg_sync_duration_ms": Decimal("20.00"),
        "business_slug": "teelixir",
    } == one(db, "SELECT * FROM hubspot_sync_status WHERE business_slug = 'teelixir'")
    assert {"total_syncs": 0, "last_successful_sync": None} == one(
        db,
        "SELECT total_syncs, last_successful_sync FROM hubspot_sync_status"
        " WHERE business_slug = 'red-hill-fresh'",
    )


def test_the_workflows_of_a_business_are_counted(db: Connection) -> None:
    """
    Of a week, by slug or id.
    """
    id = two(db)
    execution(db, execution_id="1", business_id=id, workflow_name="Orders", started_at=ago(7 * DAY - MOMENT))
    start = ago(HOUR)
    execution(
        db,
        execution_id="2",
        business_id="teelixir",
        status="error",
        started_at=start,
        finished_at=start + timedelta(seconds=3),
    )
    execution(db, execution_id="3", business_id="teelixir", started_at=ago(7 * DAY + MOMENT))
    execution(db, execution_id="4")

    assert {
        "business_name": "Teelixir",
        "workflow_id": "w1",
        "workflow_name": "Orders",
        "total_executions": 2,
        "successful": 1,
        "failed": 1,
        "avg_duration_ms": Decimal("3000.00"),
        "last_execution": start,
        "business_slug": "teelixir",
        "integration_id": "n8n/group",
    } == one(db, "SELECT * FROM business_workflow_executions")


def test_weeks_begin_on_monday_and_reach_twelve_back(db: Connection) -> None:
    """
    This week and the eleven before it, in UTC.
    """
    id = two(db)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - today.weekday() * DAY
    log(
        db,
        business_id=id,
        status="success",
        duration_ms=100,
        integration_id="hubspot/teelixir",
        created_at=monday,
    )
    log(db, business_id=id, status="error", duration_ms=200, source="n8n", created_at=monday)
    log(db, business_id="teelixir", status="info", created_at=monday - timedelta(seconds=1))
    log(db, business_id="teelixir", created_at=monday - 77 * DAY)
    log(db, business_id="teelixir", created_at=monday - 77 * DAY - timedelta(seconds=1))

    rows = every(db, "SELECT * FROM weekly_business_report ORDER BY week_start DESC")

    assert [monday.date(), (monday - 7 * DAY).date(), (monday - 77 * DAY).date()] == [
        row["week_start"] for row in rows
    ]
    assert {
        "business_name": "Teelixir",
        "week_start": monday.date(),
        "total_operations": 2,
        "active_integrations": 2,
        "successful_operations": 1,
        "failed_operations": 1,
        "success_rate_pct": Decimal("50.00"),
        "avg_duration_ms": Decimal("150.00"),
        "p95_duration_ms": Decimal("195.00"),
        "business_slug": "teelixir",
    } == rows[0]
    assert 0 == rows[1]["success_rate_pct"]
