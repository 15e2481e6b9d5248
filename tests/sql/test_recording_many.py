"""
Many looks in one statement, each as if it had come alone; leases and incidents.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import MOMENT, ago, code, every, one, value

MANY = "SELECT * FROM ops.record_health_many(%s) ORDER BY n"
SECOND = timedelta(seconds=1)


def seen(state: str, integration: str = "check/a", **more: Any) -> dict[str, Any]:
    given = {"service": "check", "integration_id": integration, "check_name": "http", "state": state}
    return {**given, "id": str(uuid4()), "checked_at": ago().isoformat(), **more}


def many(db: Connection, *looks: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = db.execute(MANY, [Jsonb(list(looks))]).fetchall()
    return [(row["n"], row["flipped"], row["previous_state"]) for row in rows]


def states(db: Connection) -> dict[str, str]:
    return {row["integration_id"]: row["state"] for row in every(db, "SELECT * FROM ops.health_state")}


def test_each_look_is_answered_at_its_place(db: Connection) -> None:
    """
    Whatever order they are worked in; each first one is a flip from nothing.
    """
    first = many(db, seen("up", "check/b"), seen("down", "check/a"))
    second = many(db, seen("down", "check/b", checked_at=ago(SECOND).isoformat()), seen("down", "check/a"))

    assert [(1, True, None), (2, True, None)] == first
    assert [(1, True, "up"), (2, False, "down")] == second
    assert {"check/a": "down", "check/b": "down"} == states(db)
    assert 4 == value(db, "SELECT count(*) FROM health_checks")
    assert 3 == value(db, "SELECT count(*) FROM health_flips")


def test_looks_of_one_check_are_taken_in_the_order_of_their_time(db: Connection) -> None:
    """
    Also when the later one stands first; one that is older than the state is history.
    """
    early, late = ago(2 * MOMENT).isoformat(), ago(MOMENT).isoformat()
    many(db, seen("down", checked_at=late), seen("up", checked_at=early))
    many(db, seen("up", checked_at=ago(90 * SECOND).isoformat()))

    assert {"check/a": "down"} == states(db)
    assert 3 == value(db, "SELECT count(*) FROM health_checks")
    assert 2 == value(db, "SELECT count(*) FROM health_flips")


def test_a_batch_that_is_sent_again_changes_nothing(db: Connection) -> None:
    """
    After a lost answer it is sent as it was.
    """
    looks = [seen("up", "check/a"), seen("down", "check/b")]
    many(db, *looks)
    before = every(db, "SELECT * FROM ops.health_state ORDER BY integration_id")

    assert [(1, False, "up"), (2, False, "down")] == many(db, *looks)
    assert before == every(db, "SELECT * FROM ops.health_state ORDER BY integration_id")
    assert 2 == value(db, "SELECT count(*) FROM health_checks")


def test_one_that_says_nonsense_refuses_them_all(db: Connection) -> None:
    """
    Nothing half written.
    """
    assert "OP004" == code(db, MANY, Jsonb([seen("up"), seen("fine")]))
    assert "OP001" == code(db, MANY, Jsonb({"state": "up"}))
    assert 0 == value(db, "SELECT count(*) FROM health_checks")


def test_a_look_in_a_window_holds_the_state(db: Connection) -> None:
    """
    It is kept with its mark; the next one outside of the window moves the state, and the mark goes.
    """
    many(db, seen("up", checked_at=ago(5 * MOMENT).isoformat()))
    many(db, seen("unknown", holds=True, maintenance="upgrade", checked_at=ago(4 * MOMENT).isoformat()))
    within = one(db, "SELECT state, maintenance FROM ops.health_state")
    many(db, seen("down", maintenance=None))

    assert {"state": "up", "maintenance": "upgrade"} == within
    assert {"state": "down", "maintenance": None} == one(
        db, "SELECT state, maintenance FROM ops.health_state"
    )
    assert [None, "up"] == [
        row["from_state"] for row in every(db, "SELECT * FROM health_flips ORDER BY flipped_at")
    ]


def test_what_is_to_be_remembered_is_kept_with_the_state(db: Connection) -> None:
    """
    And a look that says nothing about it leaves it.
    """
    many(db, seen("up", memory={"raw": "up"}, checked_at=ago(3 * MOMENT).isoformat()))
    many(db, seen("up", checked_at=ago(2 * MOMENT).isoformat()))
    kept = value(db, "SELECT memory FROM ops.health_state")
    many(db, seen("up", memory=None))

    assert {"raw": "up"} == kept
    assert value(db, "SELECT memory FROM ops.health_state") is None


def test_a_brief_look_is_a_row_only_when_it_changes_something(db: Connection) -> None:
    """
    The state knows each of them, so that nobody takes the check for dead; the first of all is no change.
    """
    for seconds, state in ((40, "up"), (30, "up"), (20, "degraded"), (10, "degraded")):
        many(db, seen(state, keep="changes", checked_at=ago(seconds * SECOND).isoformat()))

    assert ["degraded"] == [
        row["state"] for row in every(db, "SELECT state FROM health_checks ORDER BY checked_at")
    ]
    assert ("degraded", 2) == tuple(one(db, "SELECT state, consecutive FROM ops.health_state").values())


def test_batches_in_any_order_wait_for_each_other_and_never_in_a_circle(
    session: Callable[..., Connection],
) -> None:
    """
    Four sessions, each with the same fifty checks in another order.
    """
    failures: list[Exception] = []

    def run(db: Connection, step: int) -> None:
        try:
            for round in range(5):
                many(
                    db, *(seen("up" if round % 2 else "down", f"check/{n * step % 53}") for n in range(1, 51))
                )
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[session(), step]) for step in (1, 2, 3, 52)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [] == failures


def incident(cause: str, **more: Any) -> dict[str, Any]:
    return {"cause": cause, "title": cause, "state": "down", "service": "hubspot", "checks": [], **more}


def recorded(db: Connection, *incidents: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(one(db, "SELECT * FROM ops.record_incidents(%s)", Jsonb(list(incidents))).values())


def test_incidents_open_stand_and_close(db: Connection) -> None:
    """
    What is no longer said is over; what comes again is another incident.
    """
    counts = [
        recorded(db, incident("a"), incident("b")),
        recorded(db, incident("a", title="a, and more"), incident("c")),
        recorded(db),
        recorded(db, incident("a")),
    ]

    assert [(2, 0, 2), (1, 1, 2), (0, 2, 0), (1, 0, 1)] == counts
    assert ["a", "a, and more", "b", "c"] == sorted(
        row["title"] for row in every(db, "SELECT title FROM incidents")
    )


@pytest.mark.parametrize(("seconds", "expected"), [(60, False), (0, True)], ids=["held", "given back"])
def test_a_lease_is_one_holders_as_long_as_it_lasts(db: Connection, seconds: int, expected: bool) -> None:
    """
    Its holder may take it again and again; another once it has run out.
    """
    take = "SELECT ops.take_lease('checks', %s, %s)"

    assert value(db, take, "one", 60)
    assert value(db, take, "one", seconds)
    assert expected == value(db, take, "two", 60)
