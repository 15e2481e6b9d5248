"""
What needs a person now, and why; and what does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import (
    DAY,
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


def reasons(db: Connection, slug: str = "teelixir") -> list[tuple[Any, ...]]:
    """Kind, what and detail of what is wrong with a business."""
    rows = every(db, "SELECT reasons FROM businesses_needing_attention WHERE business_slug = %s", slug)
    return [(each["kind"], each["what"], each["detail"]) for row in rows for each in row["reasons"]]


def stale(db: Connection) -> list[str]:
    """The silent connections."""
    return [row["integration"] for row in every(db, "SELECT integration FROM stale_integrations ORDER BY 1")]


def test_a_business_with_nothing_wrong_needs_no_attention(db: Connection) -> None:
    """
    Healthy, heard of lately, its errors older than an hour, its workflow mended.
    """
    business(db)
    connection(db)
    look(db, "up")
    error(db, business_id="teelixir", created_at=ago(HOUR + MOMENT))
    execution(db, execution_id="1", business_id="teelixir", status="error", started_at=ago(2 * HOUR))
    execution(db, execution_id="2", business_id="teelixir", status="success", started_at=ago(HOUR))

    assert [] == every(db, "SELECT * FROM businesses_needing_attention")


def test_a_check_that_is_down_is_critical_and_says_since_when(db: Connection) -> None:
    """
    The other business is not named.
    """
    business(db)
    business(db, "red-hill-fresh")
    connection(db)
    moment = ago()
    look(db, "down", checked_at=moment, error_message="the token has expired")

    row = one(db, "SELECT * FROM businesses_needing_attention")

    assert ("teelixir", "critical", 0, 0, None, []) == tuple(
        row[name]
        for name in (
            "business_slug", "severity", "errors_last_hour", "errors_last_24h", "last_error_time",
            "recent_errors",
        )
    )  # fmt: skip
    assert [("check_down", "hubspot/teelixir", "the token has expired")] == reasons(db)
    assert moment == datetime.fromisoformat(row["reasons"][0]["since"])


@pytest.mark.parametrize(
    ("state", "expected"),
    [("degraded", ["check_degraded"]), ("late", []), ("unknown", []), ("up", [])],
)
def test_a_check_that_is_not_down_is_at_most_a_warning(
    db: Connection, state: str, expected: list[str]
) -> None:
    """
    Only a degraded one is a reason.
    """
    business(db)
    look(db, state)

    assert expected == [kind for kind, _, _ in reasons(db)]
    assert {"warning"} >= {row["severity"] for row in every(db, "SELECT * FROM businesses_needing_attention")}


def test_a_service_shared_by_all_is_everybodys_trouble(db: Connection) -> None:
    """
    n8n of the group is down: each active business is told.
    """
    business(db)
    business(db, "red-hill-fresh")
    business(db, "gone", status="inactive")
    connection(db, "n8n/group")
    look(db, "down", integration_id="n8n/group", service="n8n", business_id=None)

    assert ["red-hill-fresh", "teelixir"] == [
        row["business_slug"] for row in every(db, "SELECT * FROM businesses_needing_attention ORDER BY 1")
    ]


def test_a_check_of_a_business_that_nobody_knows_is_not_everybodys(db: Connection) -> None:
    """
    A wrong name is not the same as no name.
    """
    business(db)
    look(db, "down", integration_id="hubspot/nobody", business_id="nobody")

    assert [] == reasons(db)


@pytest.mark.parametrize("change", ["removed_at = now()", "enabled = false"])
def test_a_connection_that_is_off_is_no_reason(db: Connection, change: str) -> None:
    """
    Neither down nor silent: nobody looks at it any more.
    """
    business(db)
    connection(db)
    look(db, "down", checked_at=ago(30 * HOUR))
    before = [kind for kind, _, _ in reasons(db)]
    db.execute(f"UPDATE ops.connections SET {change}".encode())

    assert ["check_down", "stale"] == before
    assert [] == reasons(db)
    assert [] == every(db, "SELECT * FROM uptime_summary")


def test_errors_of_the_last_hour_are_a_reason_and_those_of_a_day_are_counted(db: Connection) -> None:
    """
    The newest five of the day are shown, newest first.
    """
    id = business(db)
    first = error(db, business_id="teelixir", message="6", created_at=ago(HOUR - MOMENT))
    for back in range(1, 6):
        newest = error(db, business_id=id, message=str(6 - back), created_at=ago((6 - back) * MOMENT))
    error(db, business_id="teelixir", message="7", created_at=ago(DAY - MOMENT))
    error(db, business_id="teelixir", message="8", created_at=ago(DAY + MOMENT))

    row = one(db, "SELECT * FROM businesses_needing_attention")

    assert ("warning", 6, 7, newest["created_at"]) == tuple(
        row[name] for name in ("severity", "errors_last_hour", "errors_last_24h", "last_error_time")
    )
    assert ["1", "2", "3", "4", "5"] == [each["message"] for each in row["recent_errors"]]
    assert [("errors", "hubspot", "6 errors in the last hour, the newest: 1")] == reasons(db)
    assert first["created_at"] == datetime.fromisoformat(row["reasons"][0]["since"])


@pytest.mark.parametrize(("errors", "severity"), [(9, "warning"), (10, "critical")])
def test_ten_errors_in_an_hour_are_critical(db: Connection, errors: int, severity: str) -> None:
    """
    Nine are not.
    """
    business(db)
    for _ in range(errors):
        error(db, business_id="teelixir")

    assert severity == value(db, "SELECT severity FROM businesses_needing_attention")


def test_one_error_is_written_as_one(db: Connection) -> None:
    """
    With the connection that it came from.
    """
    business(db)
    error(db, business_id="teelixir", integration_id="hubspot/teelixir", message="no")

    assert [("errors", "hubspot/teelixir", "1 error in the last hour, the newest: no")] == reasons(db)


def test_a_workflow_whose_newest_outcome_is_a_failure_is_a_reason(db: Connection) -> None:
    """
    One that runs at the moment has no outcome yet, and does not hide the failure.
    """
    business(db)
    given = {"business_id": "teelixir", "workflow_name": "Orders"}
    execution(db, execution_id="1", status="success", started_at=ago(3 * HOUR), **given)
    execution(db, execution_id="2", status="error", started_at=ago(2 * HOUR), error_message="boom", **given)
    execution(db, execution_id="3", status="running", started_at=ago(HOUR), **given)
    execution(db, execution_id="4", status="error", workflow_id="w2", started_at=ago(8 * DAY), **given)

    assert [("workflow_failed", "Orders", "boom")] == reasons(db)
    assert "warning" == value(db, "SELECT severity FROM businesses_needing_attention")


def test_the_worst_reason_comes_first(db: Connection) -> None:
    """
    Every one of them is there.
    """
    business(db)
    connection(db, "xero/teelixir")
    look(db, "down", error_message="no")
    look(db, "degraded", check_name="webhook", error_message="slow")
    error(db, business_id="teelixir")
    execution(db, business_id="teelixir", status="error")

    assert ["check_down", "check_degraded", "errors", "stale", "workflow_failed"] == [
        kind for kind, _, _ in reasons(db)
    ]
    assert ("check_degraded", "hubspot/teelixir: webhook", "slow") == reasons(db)[1]


def test_an_inactive_business_never_needs_attention(db: Connection) -> None:
    """
    Whatever goes wrong.
    """
    business(db, status="inactive")
    connection(db)
    look(db, "down", checked_at=ago(30 * HOUR))
    error(db, business_id="teelixir")
    execution(db, business_id="teelixir", status="error")

    assert [] == every(db, "SELECT * FROM businesses_needing_attention")
    assert [] == stale(db)


def test_a_connection_that_never_spoke_is_silent_from_its_second_day(db: Connection) -> None:
    """
    A fresh installation does not claim that everything is stale.
    """
    business(db)
    connection(db, "hubspot/teelixir", configured_at=ago(DAY + MOMENT))
    connection(db, "xero/teelixir", configured_at=ago(DAY - MOMENT))

    assert {
        "business_name": "Teelixir",
        "integration": "hubspot/teelixir",
        "last_activity": None,
        "hours_since_activity": 24,
    } == one(
        db, "SELECT business_name, integration, last_activity, hours_since_activity FROM stale_integrations"
    )
    assert [("stale", "hubspot/teelixir", "it has never been heard of")] == reasons(db)


@pytest.mark.parametrize("sign", ["log", "attempt", "look"])
def test_any_sign_of_life_of_the_last_day_counts(db: Connection, sign: str) -> None:
    """
    A log record, an HTTP attempt or a health check; a minute too old is silence.
    """
    business(db)

    def speak(id: str, moment: datetime) -> None:
        connection(db, id)
        if sign == "log":
            log(db, integration_id=id, created_at=moment)
        elif sign == "attempt":
            attempt(db, integration_id=id, created_at=moment)
        else:
            look(db, integration_id=id, checked_at=moment)

    speak("hubspot/teelixir", ago(DAY - MOMENT))
    speak("xero/teelixir", ago(DAY + MOMENT))

    assert ["xero/teelixir"] == stale(db)
    assert [("stale", "xero/teelixir", "silent for 24 hours")] == reasons(db)


def test_a_silent_connection_of_the_group_has_no_business(db: Connection) -> None:
    """
    And is a reason for each of them.
    """
    business(db)
    connection(db, "n8n/group")

    assert {"business_name": None, "integration": "n8n/group"} == one(
        db, "SELECT business_name, integration FROM stale_integrations"
    )
    assert [("stale", "n8n/group", "it has never been heard of")] == reasons(db)


def test_uptime_is_the_share_of_looks_that_did_not_find_it_down(db: Connection) -> None:
    """
    Over a day, a week and a month; a look that could not ask does not count.
    """
    business(db)
    connection(db)
    for state, back, response in [
        ("down", 31 * DAY, None),
        ("down", 30 * DAY - MOMENT, None),
        ("up", 7 * DAY - MOMENT, 999.0),
        ("down", 2 * DAY, None),
        ("up", DAY - MOMENT, 100.0),
        ("degraded", 3 * HOUR, 200.0),
        ("unknown", 2 * HOUR, None),
        ("down", HOUR, None),
    ]:
        last = ago(back)
        look(db, state, checked_at=last, response_time_ms=response)

    row = one(db, "SELECT * FROM uptime_summary")

    # day: up degraded | down; week: + up | down; month: + down
    assert ["66.67", "60.00", "50.00"] == [
        str(row[f"uptime_pct_{window}"]) for window in ("24h", "7d", "30d")
    ]
    assert ("150.00", "195.00") == (str(row["avg_response_time_ms"]), str(row["p95_response_time_ms"]))
    assert 2 == row["incidents"]  # the first outage began more than 30 days ago
    assert last == row["last_down"]
    assert ("teelixir", "hubspot") == (row["business"], row["service"])


def test_uptime_of_a_connection_that_nobody_looked_at_is_unknown(db: Connection) -> None:
    """
    Not 0 and not 100.
    """
    connection(db, "n8n/group")

    assert {
        "business": None,
        "uptime_pct_24h": None,
        "uptime_pct_30d": None,
        "incidents": 0,
        "last_down": None,
    } == one(db, "SELECT business, uptime_pct_24h, uptime_pct_30d, incidents, last_down FROM uptime_summary")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "unknown"),
        (["up"], "up"),
        (["up", "unknown"], "up"),
        (["unknown"], "unknown"),
        (["up", "late"], "late"),
        (["late", "degraded"], "degraded"),
        (["degraded", "down", "up"], "down"),
    ],
)
def test_the_public_status_is_the_worst_of_a_business(
    db: Connection, states: list[str], expected: str
) -> None:
    """
    What is not known is shown only when nothing is.
    """
    business(db, name="Teelixir")
    for number, state in enumerate(states):
        look(db, state, integration_id=f"service-{number}/teelixir")

    assert {"name": "Teelixir", "state": expected} == one(db, "SELECT name, state FROM public_status")


def test_the_public_status_says_since_when(db: Connection) -> None:
    """
    Up since the last came up, down since the first went down.
    """
    business(db, "teelixir")
    business(db, "red-hill-fresh")
    early, late = ago(2 * HOUR), ago(HOUR)
    for slug, state in [("teelixir", "up"), ("red-hill-fresh", "down")]:
        look(db, state, integration_id=f"a/{slug}", business_id=slug, checked_at=early)
        look(db, state, integration_id=f"b/{slug}", business_id=slug, checked_at=late)

    assert {"Teelixir": late, "Red-Hill-Fresh": early} == {
        row["name"]: row["since"] for row in every(db, "SELECT * FROM public_status")
    }
