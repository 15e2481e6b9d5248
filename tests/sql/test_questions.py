"""
Questions with an argument, and what they refuse.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, MOMENT, ago, business, code, error, log, one, refusal


def test_the_error_rate_is_of_one_source_and_so_many_hours(db: Connection) -> None:
    """
    24 hours unless said otherwise.
    """
    error(db)
    log(db)
    log(db, created_at=ago(2 * HOUR - MOMENT))
    error(db, created_at=ago(2 * HOUR + MOMENT))
    error(db, created_at=ago(25 * HOUR))
    error(db, source="n8n")

    assert {"total_logs": 3, "error_count": 1, "error_rate": Decimal("33.33")} == one(
        db, "SELECT * FROM get_error_rate('hubspot', 2)"
    )
    assert {"total_logs": 4, "error_count": 2, "error_rate": Decimal("50.00")} == one(
        db, "SELECT * FROM get_error_rate('hubspot')"
    )


def test_a_source_without_records_has_no_errors(db: Connection) -> None:
    """
    Zeros, and no division by zero.
    """
    assert {"total_logs": 0, "error_count": 0, "error_rate": 0} == one(
        db, "SELECT * FROM get_error_rate('xero')"
    )


def test_the_numbers_of_a_business_are_found_by_slug_and_by_id(db: Connection) -> None:
    """
    Both ways of asking count both ways of writing.
    """
    id = business(db)
    log(db, business_id="teelixir", status="success", duration_ms=10, integration_id="hubspot/teelixir")
    log(db, business_id=id, status="success", duration_ms=20, integration_id="hubspot/teelixir")
    error(db, business_id=id, source="n8n", duration_ms=60)
    log(db, business_id="teelixir", status="info")
    error(db, business_id="teelixir", created_at=ago(25 * HOUR))
    error(db, business_id="nobody")
    expected = {
        "total_operations": 4,
        "successful_operations": 2,
        "failed_operations": 1,
        "success_rate": Decimal("66.67"),
        "avg_duration_ms": Decimal("30.00"),
        "active_integrations": 3,
        "error_sources": {"n8n": 1},
    }

    assert expected == one(db, "SELECT * FROM get_business_stats('teelixir')")
    assert expected == one(db, "SELECT * FROM get_business_stats(%s)", id)


def test_a_business_without_records_has_zeros(db: Connection) -> None:
    """
    In every column.
    """
    business(db)

    assert [0, 0, 0, 0, 0, 0, {}] == list(one(db, "SELECT * FROM get_business_stats('teelixir')").values())


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("get_error_rate(NULL)", "OP001"),
        ("get_error_rate('hubspot', 0)", "OP001"),
        ("get_error_rate('hubspot', -1)", "OP001"),
        ("get_error_rate('hubspot', NULL)", "OP001"),
        ("get_error_rate('hubspot', 2147483647)", "OP001"),
        ("get_business_stats('teelixir', 0)", "OP001"),
        ("get_business_stats('teelixir', -5)", "OP001"),
        ("get_business_stats('teelixir', NULL)", "OP001"),
        ("get_business_stats('telixir')", "OP002"),
        ("get_business_stats(NULL)", "OP002"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(db: Connection, call: str, expected: str) -> None:
    """
    It never gets an answer that looks like one.
    """
    business(db)

    assert expected == code(db, f"SELECT * FROM {call}")


def test_the_refusal_names_the_value_and_says_how_to_mend_it(db: Connection) -> None:
    """
    What, and what instead.
    """
    error = refusal(db, "SELECT * FROM get_business_stats('telixir')")

    assert "There is no business 'telixir'" == error.diag.message_primary
    assert "SELECT slug FROM businesses lists them." == error.diag.message_hint
