"""
Every look is kept, every change is noticed once.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, MOMENT, ago, code, every, look, one, value

SECOND = timedelta(seconds=1)


def flips(db: Connection) -> list[tuple[Any, Any]]:
    """The changes of state, oldest first."""
    rows = every(db, "SELECT from_state, to_state FROM health_flips ORDER BY flipped_at, id")
    return [(row["from_state"], row["to_state"]) for row in rows]


def test_the_first_look_is_a_change_from_nothing(db: Connection) -> None:
    """
    A connection that is down from the start has an incident too.
    """
    moment = ago()
    answer = look(db, "down", checked_at=moment, error_message="no", error_category="network")

    assert {"flipped": True, "previous_state": None, "since": moment} == answer
    assert [(None, "down")] == flips(db)
    assert ("down", moment, "no", 1) == tuple(
        one(db, "SELECT state, since, error_message, consecutive FROM ops.health_state").values()
    )


def test_looks_that_agree_change_nothing_but_the_time(db: Connection) -> None:
    """
    The state keeps its beginning, and counts.
    """
    start = ago(HOUR)
    look(db, "up", checked_at=start)
    look(db, "up", checked_at=start + SECOND)
    answer = look(db, "up", checked_at=start + 2 * SECOND, response_time_ms=7.5)

    assert {"flipped": False, "previous_state": "up", "since": start} == answer
    assert [(None, "up")] == flips(db)
    assert (start, start + 2 * SECOND, 3, 7.5) == tuple(
        one(db, "SELECT since, last_checked_at, consecutive, response_time_ms FROM ops.health_state").values()
    )
    assert 3 == value(db, "SELECT count(*) FROM health_checks")


def test_a_look_that_disagrees_is_a_change_with_its_reason(db: Connection) -> None:
    """
    It says what was before, and the state begins with it.
    """
    look(db, "up", checked_at=ago(2 * MOMENT))
    moment = ago(MOMENT)
    answer = look(db, "down", checked_at=moment, error_message="401")

    assert {"flipped": True, "previous_state": "up", "since": moment} == answer
    assert {"from_state": "up", "to_state": "down", "reason": "401", "flipped_at": moment} == one(
        db, "SELECT from_state, to_state, reason, flipped_at FROM health_flips WHERE from_state IS NOT NULL"
    )
    assert 1 == value(db, "SELECT consecutive FROM ops.health_state")


def test_a_look_that_arrives_late_is_history_and_changes_no_state(db: Connection) -> None:
    """
    What was seen later is truer now.
    """
    moment = ago(MOMENT)
    look(db, "up", checked_at=moment)
    answer = look(db, "down", checked_at=moment - SECOND)

    assert {"flipped": False, "previous_state": "up", "since": moment} == answer
    assert 2 == value(db, "SELECT count(*) FROM health_checks")
    assert ("up", moment, 1) == tuple(
        one(db, "SELECT state, last_checked_at, consecutive FROM ops.health_state").values()
    )
    assert [(None, "up")] == flips(db)


def test_the_same_look_twice_is_one(db: Connection) -> None:
    """
    A job that is done again after a lost answer does no harm.
    """
    moment, id = ago(), str(uuid4())
    look(db, "up", checked_at=moment - SECOND)
    look(db, "down", checked_at=moment, id=id)
    answer = look(db, "down", checked_at=moment, id=id)

    assert {"flipped": False, "previous_state": "down", "since": moment} == answer
    assert [(None, "up"), ("up", "down")] == flips(db)
    assert 2 == value(db, "SELECT count(*) FROM health_checks")
    assert 1 == value(db, "SELECT consecutive FROM ops.health_state")


def test_a_clock_that_ran_ahead_does_not_blind_the_watch(db: Connection) -> None:
    """
    A look from the future counts as one of now, so that the next true one is not late.
    """
    look(db, "up", checked_at=ago(-24 * HOUR))

    assert look(db, "down", checked_at=ago(-SECOND))["flipped"]


def test_checks_of_one_connection_have_their_own_states(db: Connection) -> None:
    """
    A slow webhook does not end an outage of the API.
    """
    look(db, "down", check_name="connection")
    look(db, "up", check_name="webhook")

    assert {"connection": "down", "webhook": "up"} == {
        row["check_name"]: row["state"] for row in every(db, "SELECT * FROM ops.health_state")
    }


def test_what_is_not_said_is_filled_in(db: Connection) -> None:
    """
    Id, name of the check, time, and healthy from the state.
    """
    look(db, "degraded", details_json={"portal": 1})

    assert ("connection", False, {"portal": 1}, True) == tuple(
        one(
            db, "SELECT check_name, healthy, details_json, checked_at = now() AS now FROM health_checks"
        ).values()
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"integration_id": "a", "state": "up"}, "OP001"),
        ({"service": "a", "state": "up"}, "OP001"),
        ({"service": "a", "integration_id": "a"}, "OP004"),
        ({"service": "a", "integration_id": "a", "state": "fine"}, "OP004"),
        ({"service": "a", "integration_id": "a", "state": "up", "checked_at": "yesterday-ish"}, "OP001"),
        ({"service": "a", "integration_id": "a", "state": "up", "id": "7"}, "OP001"),
        ([1], "OP001"),
        (None, "OP001"),
    ],
    ids=["no-service", "no-connection", "no-state", "wrong-state", "wrong-time", "wrong-id", "array", "null"],
)
def test_a_look_that_says_nonsense_is_refused_by_name(db: Connection, given: object, expected: str) -> None:
    """
    And leaves no trace.
    """
    assert expected == code(
        db, "SELECT * FROM ops.record_health(%s)", None if given is None else Jsonb(given)
    )
    assert 0 == value(
        db, "SELECT (SELECT count(*) FROM health_checks) + (SELECT count(*) FROM ops.health_state)"
    )


def test_two_sessions_that_see_the_same_change_report_it_once(session: Callable[..., Connection]) -> None:
    """
    The second waits for the first and then knows what it found.
    """
    first, second, answers = session(), session(), []
    look(first, "up", checked_at=ago(HOUR))
    later = threading.Thread(target=lambda: answers.append(look(second, "down", checked_at=ago())))
    with first.transaction():
        answers.append(look(first, "down", checked_at=ago(MOMENT + SECOND)))
        later.start()
        later.join(0.2)
        waited = later.is_alive()
    later.join(10)

    assert waited
    assert [(True, "up"), (False, "down")] == [(each["flipped"], each["previous_state"]) for each in answers]
    assert [(None, "up"), ("up", "down")] == flips(first)
    assert 2 == value(first, "SELECT consecutive FROM ops.health_state")


def test_two_sessions_with_the_first_look_make_one_state(session: Callable[..., Connection]) -> None:
    """
    Neither fails, and only one of them is the first.
    """
    sessions = [session() for _ in range(4)]
    answers: list[dict[str, Any]] = []
    barrier = threading.Barrier(len(sessions))

    def see(db: Connection) -> None:
        barrier.wait()
        answers.append(look(db, "up"))

    threads = [threading.Thread(target=see, args=[each]) for each in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert [False, False, False, True] == sorted(answer["flipped"] for answer in answers)
    assert [(None, "up")] == flips(sessions[0])
    assert 4 == value(sessions[0], "SELECT count(*) FROM health_checks")


def test_many_sessions_that_disagree_leave_a_story_without_gaps(session: Callable[..., Connection]) -> None:
    """
    Every change goes on from the one before, and the last one is the present state.
    """
    sessions = [session() for _ in range(4)]
    barrier = threading.Barrier(len(sessions))

    def see(db: Connection, first: int) -> None:
        barrier.wait()
        for number in range(first, first + 60):
            look(db, "up" if number % 2 else "down")

    threads = [threading.Thread(target=see, args=[each, number]) for number, each in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    changes = Counter(flips(sessions[0]))

    assert 240 == value(sessions[0], "SELECT count(*) FROM health_checks")
    assert 1 == changes[(None, "up")] + changes[(None, "down")]
    # Where a path begins and ends tells how much more often it was entered than left.
    assert {"up", "down"} >= {to for _, to in changes}
    start = "up" if changes[(None, "up")] else "down"
    end = value(sessions[0], "SELECT state FROM ops.health_state")
    assert changes[("up", "down")] - changes[("down", "up")] == (start == "up") - (end == "up")
