"""
An execution is one row from its start to its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, ago, code, every, one, value

STARTED = ago(HOUR).isoformat()
FINISHED = (ago(HOUR) + timedelta(seconds=90)).isoformat()


def upsert(db: Connection, **given: Any) -> Any:
    """What upsert_workflow_execution answers for an execution of w1."""
    given = {"workflow_id": "w1", "execution_id": "77", "status": "running", "started_at": STARTED} | given
    return value(db, "SELECT ops.upsert_workflow_execution(%s)", Jsonb(given))


def test_a_running_execution_is_finished_later(db: Connection) -> None:
    """
    The same row, and what was known stays.
    """
    first = upsert(db, workflow_name="Orders", mode="trigger", business_id="teelixir")
    running = one(db, "SELECT * FROM workflow_execution_logs")
    second = upsert(db, status="error", finished_at=FINISHED, error_message="boom", nodes_failed=1)
    ended = one(db, "SELECT * FROM workflow_execution_logs")

    assert first == second
    assert (None, False) == (running["duration_ms"], running["failed"])
    assert ("error", True, "boom", 1, "Orders", "trigger", "teelixir") == tuple(
        ended[name]
        for name in (
            "status",
            "failed",
            "error_message",
            "nodes_failed",
            "workflow_name",
            "mode",
            "business_id",
        )
    )
    assert 90_000 == pytest.approx(ended["duration_ms"], abs=1000)
    assert running["updated_at"] < ended["updated_at"]


def test_news_of_a_running_execution_that_come_late_do_not_wake_it_again(db: Connection) -> None:
    """
    A page that was read before it ended arrives after one that was read later.
    """
    upsert(db, status="success", finished_at=FINISHED)
    upsert(db, status="running")

    assert ("success", True) == tuple(
        one(db, "SELECT status, finished_at IS NOT NULL AS ended FROM workflow_execution_logs").values()
    )


def test_the_same_number_at_another_connection_is_another_execution(db: Connection) -> None:
    """
    Each n8n server counts for itself; without a word it is the group's.
    """
    upsert(db)
    upsert(db, integration_id="n8n/teelixir")

    assert ["n8n/group", "n8n/teelixir"] == [
        row["integration_id"]
        for row in every(db, "SELECT * FROM workflow_execution_logs ORDER BY integration_id")
    ]


def test_an_execution_whose_start_becomes_known_stays_one_row(db: Connection) -> None:
    """
    Even when that puts it into another partition.
    """
    long_ago = ago(24 * 400 * HOUR)
    upsert(db, status="new", started_at=None)
    upsert(db, status="running", started_at=long_ago.isoformat())

    assert {"started_at": long_ago, "status": "running"} == one(
        db, "SELECT started_at, status FROM workflow_execution_logs"
    )


def test_a_clock_that_ran_backwards_gives_no_duration(db: Connection) -> None:
    """
    Unknown is better than negative.
    """
    upsert(db, status="success", finished_at=ago(2 * HOUR).isoformat())

    assert value(db, "SELECT duration_ms FROM workflow_execution_logs") is None


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        ("error", True),
        ("crashed", True),
        ("failed", True),
        ("success", False),
        ("canceled", False),
        ("odd", False),
    ],
)
def test_one_column_knows_which_words_mean_failure(db: Connection, status: str, failed: bool) -> None:
    """
    And a word that nobody knows is stored like any other.
    """
    upsert(db, status=status)

    assert failed is value(db, "SELECT failed FROM workflow_execution_logs")


@pytest.mark.parametrize(
    "given",
    [
        {"workflow_id": ""},
        {"execution_id": None},
        {"status": ""},
        {"started_at": "noon"},
        {"nodes_failed": "many"},
    ],
    ids=["workflow", "execution", "status", "time", "number"],
)
def test_an_execution_that_says_nonsense_is_refused_by_name(db: Connection, given: dict[str, Any]) -> None:
    """
    And leaves no trace.
    """
    whole = {"workflow_id": "w1", "execution_id": "77", "status": "running"} | given

    assert "OP001" == code(db, "SELECT ops.upsert_workflow_execution(%s)", Jsonb(whole))
    assert 0 == value(db, "SELECT count(*) FROM workflow_execution_logs")


def test_two_readers_of_the_same_execution_make_one_row(session: Callable[..., Connection]) -> None:
    """
    Even with two ideas of when it began, which the unique constraint would let pass.
    """
    first, second, answers = session(), session(), []
    later = threading.Thread(
        target=lambda: answers.append(upsert(second, started_at=ago(2 * HOUR).isoformat()))
    )
    with first.transaction():
        answers.append(upsert(first))
        later.start()
        later.join(0.2)
        waited = later.is_alive()
    later.join(10)

    assert waited
    assert 1 == len(set(answers)) and 2 == len(answers)
    assert 1 == value(first, "SELECT count(*) FROM workflow_execution_logs")
