"""
The task list and the story of each task.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, ago, business, code, every, one, value


def create(db: Connection, title: str = "mend it", extra: str = "") -> Any:
    """The id of a new task."""
    return value(db, f"SELECT create_task_with_log(p_title => %s{extra})", title)


def update(db: Connection, task: Any, status: str, message: str | None = None) -> dict[str, Any]:
    """The task after update_task_status."""
    return one(db, "SELECT * FROM update_task_status(%s, %s, %s)", task, status, message)


def test_a_new_task_is_pending_and_its_log_begins(db: Connection) -> None:
    """
    Both or neither.
    """
    business(db)
    task = create(db, extra=", p_priority => 5, p_business_id => 'teelixir', p_actor => 'anna'")

    assert ("mend it", "pending", 5, "teelixir", 0, "anna") == tuple(
        one(db, "SELECT title, status, priority, business_id, retry_count, created_by FROM tasks").values()
    )
    assert (task, "created", "pending", "anna") == tuple(
        one(db, "SELECT task_id, action, status, actor FROM task_logs").values()
    )


def test_a_failure_counts_and_plans_the_next_try_later_each_time(db: Connection) -> None:
    """
    1, 2, 4 minutes; after max_retries failures were retried there is no further try.
    """
    task = create(db, extra=", p_max_retries => 3")
    waits = []
    for _ in range(4):
        update(db, task, "running")
        update(db, task, "failed", "boom")
        waits.append(
            value(db, "SELECT round(extract(epoch FROM next_retry_at - now()) / 60)::int FROM tasks")
        )

    assert [1, 2, 4, None] == waits
    assert ("failed", 4, "boom") == tuple(
        one(db, "SELECT status, retry_count, last_error FROM tasks").values()
    )


def test_success_clears_the_error_and_keeps_the_count(db: Connection) -> None:
    """
    The story stays in the log.
    """
    task = create(db)
    update(db, task, "running")
    update(db, task, "failed", "boom")
    done = update(db, task, "completed", "well")

    assert ("completed", None, None, 1) == (
        done["status"], done["last_error"], done["next_retry_at"], done["retry_count"],
    )  # fmt: skip
    assert done["completed_at"] is not None and done["started_at"] is not None
    assert [
        ("created", None),
        ("status_changed", {"from": "pending", "to": "running"}),
        ("status_changed", {"from": "running", "to": "failed"}),
        ("status_changed", {"from": "failed", "to": "completed"}),
    ] == [
        (row["action"], row["details_json"] or None)
        for row in every(db, "SELECT * FROM task_logs ORDER BY created_at, id")
    ]


def test_a_time_for_the_next_try_that_is_given_is_kept(db: Connection) -> None:
    """
    A service that says when to come again knows better.
    """
    task, moment = create(db), ago(-5 * HOUR)
    db.execute("SELECT update_task_status(%s, 'failed', 'later', %s)", [task, moment])

    assert moment == value(db, "SELECT next_retry_at FROM tasks")


def test_only_due_failures_are_retried_the_most_urgent_first(db: Connection) -> None:
    """
    Not one that waits, not one whose retries are used up, not one that needs a person.
    """
    due = "UPDATE tasks SET status = 'failed', next_retry_at = now() - %s::interval WHERE id = %s"
    low, high, waiting, broken, spent = (
        create(db, name, f", p_priority => {priority}")
        for name, priority in [("low", 1), ("high", 4), ("waiting", 5), ("broken", 5), ("spent", 5)]
    )
    db.execute(due, ["2 hours", low])
    db.execute(due, ["1 hour", high])
    db.execute(due, ["-1 hour", waiting])
    db.execute(due, ["1 hour", broken])
    db.execute("SELECT mark_task_needs_fix(%s, 'no token')", [broken])
    db.execute("UPDATE tasks SET status = 'failed' WHERE id = %s", [spent])

    assert ["high", "low"] == [row["title"] for row in every(db, "SELECT * FROM get_tasks_for_retry()")]
    assert ["high"] == [row["title"] for row in every(db, "SELECT * FROM get_tasks_for_retry(1)")]


def test_a_task_that_needs_a_person_says_why_and_what_to_do(db: Connection) -> None:
    """
    In the row and in the log.
    """
    task = create(db)
    marked = one(db, "SELECT * FROM mark_task_needs_fix(%s, 'no token', 'make a new one', 'ben')", task)

    assert ("needs_fix", "no token", "make a new one") == (
        marked["status"], marked["last_error"], marked["fix_instructions"],
    )  # fmt: skip
    assert ("needs_fix", "no token", "ben", {"fix_instructions": "make a new one"}) == tuple(
        one(
            db, "SELECT action, message, actor, details_json FROM task_logs WHERE action <> 'created'"
        ).values()
    )


def test_tasks_are_shown_with_the_newest_entry_of_their_log(db: Connection) -> None:
    """
    One row per task, whatever has been done to it.
    """
    task, other = create(db), create(db, "other")
    db.execute("SELECT log_task_action(%s, 'looked', 'nothing yet', '{}', 'anna')", [task])
    db.execute("DELETE FROM task_logs WHERE task_id = %s", [other])

    assert {"mend it": ("looked", "nothing yet", "anna"), "other": (None, None, None)} == {
        row["title"]: (row["last_action"], row["last_log_message"], row["last_actor"])
        for row in every(db, "SELECT * FROM tasks_with_latest_log")
    }


def test_tasks_that_need_attention_say_why(db: Connection) -> None:
    """
    Failed, to be mended, or running for more than an hour; no others.
    """
    tasks = {
        name: create(db, name) for name in ("new", "runs", "hangs", "retries", "gave up", "broken", "done")
    }
    update(db, tasks["runs"], "running")
    update(db, tasks["hangs"], "running")
    db.execute("UPDATE tasks SET started_at = now() - interval '61 minutes' WHERE title = 'hangs'")
    db.execute("UPDATE tasks SET started_at = now() - interval '59 minutes' WHERE title = 'runs'")
    update(db, tasks["retries"], "failed")
    db.execute("UPDATE tasks SET max_retries = 0 WHERE title = 'gave up'")
    update(db, tasks["gave up"], "failed")
    db.execute("SELECT mark_task_needs_fix(%s, 'x')", [tasks["broken"]])
    update(db, tasks["done"], "completed")

    assert {
        "hangs": "it has been running for more than an hour",
        "retries": "it failed and waits for its next try",
        "gave up": "it failed and is not tried again",
        "broken": "a person has to mend it",
    } == {row["title"]: row["attention_reason"] for row in every(db, "SELECT * FROM tasks_needing_attention")}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("create_task_with_log('')", "OP001"),
        ("create_task_with_log(NULL)", "OP001"),
        ("create_task_with_log('x', p_priority => 6)", "OP001"),
        ("create_task_with_log('x', p_priority => 70000)", "OP001"),
        ("create_task_with_log('x', p_max_retries => -1)", "OP001"),
        ("create_task_with_log('x', p_metadata => '[]')", "OP001"),
        ("create_task_with_log('x', p_business_id => 'nobody')", "OP002"),
        ("update_task_status('{task}', 'paused')", "OP004"),
        ("update_task_status('{task}', NULL)", "OP004"),
        ("update_task_status('{stranger}', 'running')", "OP003"),
        ("update_task_status(NULL, 'running')", "OP003"),
        ("mark_task_needs_fix('{task}', ' ')", "OP001"),
        ("mark_task_needs_fix('{stranger}', 'x')", "OP003"),
        ("log_task_action('{task}', '')", "OP001"),
        ("log_task_action('{stranger}', 'x')", "OP003"),
        ("get_tasks_for_retry(0)", "OP001"),
        ("get_tasks_for_retry(NULL)", "OP001"),
    ],
)
def test_a_wrong_call_is_refused_by_name_and_changes_nothing(
    db: Connection, call: str, expected: str
) -> None:
    """
    The task is as it was, and its log too.
    """
    task = create(db)
    story = "SELECT status, retry_count, (SELECT count(*) FROM task_logs) AS entries FROM tasks"
    before = every(db, story)

    assert expected == code(db, "SELECT " + call.format(task=task, stranger=uuid4()))
    assert before == every(db, story)
