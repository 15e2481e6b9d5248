"""
The database follows the configuration.
"""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, ago, business, code, connection, every, look, one, value

UPSERT = "SELECT ops.upsert_business(p_slug => %s, p_name => %s, p_type => %s, p_hubspot_company_id => %s)"
TEELIXIR = ("teelixir", "Teelixir", "ecommerce", "123")


def set_connections(db: Connection, *given: dict[str, Any]) -> int:
    """What set_connections answers."""
    return int(value(db, "SELECT ops.set_connections(%s)", Jsonb(list(given))))


def test_a_business_is_added_and_then_found_again(db: Connection) -> None:
    """
    The second call answers the same id and does not even touch the row.
    """
    first = value(db, UPSERT, *TEELIXIR)
    before = one(db, "SELECT * FROM businesses")
    second = value(db, UPSERT, *TEELIXIR)

    assert first == second
    assert before == one(db, "SELECT * FROM businesses")
    assert ("teelixir", "Teelixir", "ecommerce", "active", "123", {}) == tuple(
        before[name] for name in ("slug", "name", "type", "status", "hubspot_company_id", "metadata")
    )


def test_what_changed_in_the_configuration_changes_and_what_it_does_not_say_stays(db: Connection) -> None:
    """
    Null means "not said".
    """
    id = value(db, UPSERT, *TEELIXIR)
    db.execute("UPDATE businesses SET metadata = '{\"vip\": true}', unleashed_customer_code = 'TLX'")
    db.execute("SELECT ops.upsert_business('teelixir', 'Teelixir Pty', 'wholesale', 'inactive')")

    assert {
        "id": id,
        "name": "Teelixir Pty",
        "type": "wholesale",
        "status": "inactive",
        "hubspot_company_id": "123",
        "unleashed_customer_code": "TLX",
        "metadata": {"vip": True},
    } == one(
        db,
        "SELECT id, name, type, status, hubspot_company_id, unleashed_customer_code, metadata"
        " FROM businesses",
    )


@pytest.mark.parametrize(
    "arguments",
    ["'Bad Slug', 'x', 'x'", "'x', '', 'x'", "'x', 'x', NULL", "NULL, 'x', 'x'", "'x', 'x', 'x', 'gone'",
     "'x', 'Teelixir', 'x'", "'x', 'x', 'x', p_metadata => '[]'"],
    ids=["slug", "name", "type", "no-slug", "status", "name-taken", "metadata"],
)  # fmt: skip
def test_a_business_that_cannot_be_kept_is_refused_by_name(db: Connection, arguments: str) -> None:
    """
    One code, one sentence, one hint; and nothing is written.
    """
    business(db, "teelixir", "Teelixir")

    assert "OP001" == code(db, f"SELECT ops.upsert_business({arguments})")
    assert 1 == value(db, "SELECT count(*) FROM businesses")


def test_connections_are_replaced_as_a_set(db: Connection) -> None:
    """
    What is not in the new set is marked as removed, and the answer is how many are on.
    """
    business(db)
    assert 2 == set_connections(
        db,
        {"id": "hubspot/teelixir", "service": "hubspot", "business": "teelixir"},
        {"id": "n8n/group", "service": "n8n", "business": None},
    )
    assert 1 == set_connections(
        db,
        {"id": "n8n/group", "service": "n8n"},
        {"id": "xero/group", "service": "xero", "enabled": False},
    )

    assert [
        ("hubspot/teelixir", "teelixir", True, True),
        ("n8n/group", None, True, False),
        ("xero/group", None, False, False),
    ] == [
        (row["id"], row["business_slug"], row["enabled"], row["removed"])
        for row in every(db, "SELECT *, removed_at IS NOT NULL AS removed FROM ops.connections ORDER BY id")
    ]


def test_a_connection_that_stays_keeps_its_age_and_one_that_comes_back_begins_anew(db: Connection) -> None:
    """
    Silence is counted from when it was configured without a break.
    """
    business(db)
    connection(db, "hubspot/teelixir", configured_at=ago(100 * HOUR))
    connection(db, "n8n/group", configured_at=ago(100 * HOUR), removed_at=ago(50 * HOUR))
    connection(db, "xero/group", configured_at=ago(100 * HOUR), enabled=False)
    set_connections(
        db,
        {"id": "hubspot/teelixir", "service": "hubspot", "business": "teelixir"},
        {"id": "n8n/group", "service": "n8n"},
        {"id": "xero/group", "service": "xero"},
    )

    assert {"hubspot/teelixir": 100, "n8n/group": 0, "xero/group": 0} == {
        row["id"]: row["hours"]
        for row in every(
            db,
            "SELECT id, round(extract(epoch FROM now() - configured_at) / 3600)::int AS hours"
            " FROM ops.connections WHERE removed_at IS NULL",
        )
    }


def test_the_state_of_a_removed_connection_is_forgotten(db: Connection) -> None:
    """
    When it comes back, its first look is a first look, and not a recovery from last year's fault.
    """
    business(db)
    given = {"id": "hubspot/teelixir", "service": "hubspot", "business": "teelixir"}
    set_connections(db, given)
    look(db, "down")
    set_connections(db)
    set_connections(db, given)

    assert [] == every(db, "SELECT * FROM ops.health_state")
    assert look(db, "up")["previous_state"] is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "OP001"),
        ({}, "OP001"),
        (["hubspot/teelixir"], "OP001"),
        ([{"id": "a"}], "OP001"),
        ([{"id": "", "service": "a"}], "OP001"),
        ([{"id": "a", "service": "a"}, {"id": "a", "service": "b"}], "OP001"),
        ([{"id": "a", "service": "a", "business": "nobody"}], "OP002"),
    ],
    ids=["null", "object", "text", "no-service", "empty-id", "twice", "unknown-business"],
)
def test_a_wrong_set_of_connections_changes_nothing(db: Connection, given: object, expected: str) -> None:
    """
    It is refused whole, by name.
    """
    connection(db, "n8n/group")

    assert expected == code(db, "SELECT ops.set_connections(%s)", None if given is None else Jsonb(given))
    assert "n8n/group" == value(db, "SELECT id FROM ops.connections WHERE removed_at IS NULL")


def test_a_renamed_business_keeps_its_connections(db: Connection) -> None:
    """
    They follow its slug.
    """
    business(db)
    connection(db)
    db.execute("UPDATE businesses SET slug = 'teelixir-au'")

    assert "teelixir-au" == value(db, "SELECT business_slug FROM ops.connections")
