"""
Who may act on tasks, and on which.
"""

from __future__ import annotations

import json

import pytest

from tests.sql.conftest import Connection
from tests.sql.roles import DENIED, become
from tests.sql.rows import every, refusal, value


def operator(*businesses: str, role: str = "operator") -> str:
    """A token of somebody who may act for these businesses."""
    return json.dumps({"app_metadata": {"business_ids": businesses, "role": role}})


def test_an_operator_acts_on_the_tasks_of_its_businesses(filled: Connection) -> None:
    """
    Through the functions and directly; each action is in the task's log.
    """
    become(filled, "authenticated", claims=operator("teelixir"))
    task = value(filled, "SELECT create_task_with_log('new', p_business_id => 'teelixir')")
    filled.execute("SELECT update_task_status(%s, 'running')", [task])
    filled.execute("SELECT mark_task_needs_fix(%s, 'x')", [task])
    filled.execute("SELECT log_task_action(%s, 'looked at')", [task])
    changed = filled.execute("UPDATE tasks SET priority = 5").rowcount

    assert 2 == changed
    assert "needs_fix" == value(filled, "SELECT status FROM tasks WHERE id = %s", task)
    assert 4 == value(filled, "SELECT count(*) FROM task_logs WHERE task_id = %s", task)


def test_an_operator_reaches_no_task_of_another_business(filled: Connection) -> None:
    """
    Nor one of the group, nor can it give one of its own away.
    """
    others = [
        row["id"]
        for row in every(filled, "SELECT id FROM tasks WHERE business_id IS DISTINCT FROM 'teelixir'")
    ]
    before = every(filled, "SELECT * FROM tasks ORDER BY id")
    become(filled, "authenticated", claims=operator("teelixir"))
    refused = [
        refusal(filled, statement, *values).sqlstate
        for statement, values in [
            ("SELECT create_task_with_log('x', p_business_id => 'red-hill-fresh')", ()),
            ("SELECT create_task_with_log('x')", ()),
            ("INSERT INTO tasks (title, business_id) VALUES ('x', 'red-hill-fresh')", ()),
            ("UPDATE tasks SET business_id = 'red-hill-fresh'", ()),
            ("UPDATE tasks SET business_id = NULL", ()),
            ("DELETE FROM tasks", ()),
            *(("INSERT INTO task_logs (task_id, action) VALUES (%s, 'x')", (id,)) for id in others),
            *(("SELECT update_task_status(%s, 'completed')", (id,)) for id in others),
        ]
    ]
    touched = filled.execute("UPDATE tasks SET priority = 1 WHERE id = ANY (%s)", [others]).rowcount
    filled.execute("RESET ROLE")

    assert {DENIED, "OP002", "OP003"} >= set(refused)
    assert 0 == touched
    assert before == every(filled, "SELECT * FROM tasks ORDER BY id")


@pytest.mark.parametrize(
    "claims",
    [
        operator("teelixir", role="member"),
        operator("teelixir", role="OPERATOR"),
        json.dumps({"app_metadata": {"business_ids": ["teelixir"], "role": ["operator"]}}),
        json.dumps({"app_metadata": {"business_ids": ["teelixir"]}, "role": "operator"}),
        json.dumps({"app_metadata": {"business_ids": ["teelixir"]}, "user_metadata": {"role": "operator"}}),
    ],
)
def test_who_is_no_operator_changes_no_task(filled: Connection, claims: str) -> None:
    """
    The word stands where users cannot write it themselves, and it is exactly this word.
    """
    become(filled, "authenticated", claims=claims)
    added = refusal(filled, "SELECT create_task_with_log('x', p_business_id => 'teelixir')").sqlstate

    assert DENIED == added
    assert 0 == filled.execute("UPDATE tasks SET priority = 5").rowcount
