"""
What is wrong with a workflow that no execution says: each look opens, keeps and closes.
"""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import every, one, refusal

LOOK = "SELECT * FROM ops.record_workflow_findings(%s, %s, %s)"


def finding(workflow: str, problem: str = "missed", **more: Any) -> dict[str, Any]:
    return {"workflow_id": workflow, "problem": problem, "reason": f"{workflow} is {problem}", **more}


def look(
    db: Connection, *findings: dict[str, Any], kinds: tuple[str, ...] = ("missed",), at: str = "n8n/group"
) -> Any:
    found = one(db, LOOK, at, list(kinds), Jsonb(list(findings)))
    return found["opened"], found["closed"], found["standing"]


def test_a_look_opens_what_is_new_keeps_what_stands_and_closes_the_rest(db: Connection) -> None:
    """
    Seen twice is one finding; what comes back after it was over is another.
    """
    first = look(db, finding("a"), finding("b"))
    second = look(db, finding("b", reason="still"), finding("c"))
    third = look(db, finding("a"))

    assert [(2, 0, 2), (1, 1, 2), (1, 2, 1)] == [first, second, third]
    rows = every(
        db, "SELECT workflow_id, reason, closed_at IS NULL AS open FROM ops.workflow_findings ORDER BY 1, 3"
    )
    assert [("a", False), ("a", True), ("b", False), ("c", False)] == [
        (r["workflow_id"], r["open"]) for r in rows
    ]
    assert "still" == rows[2]["reason"]
    assert ["a"] == [row["workflow_id"] for row in every(db, "SELECT * FROM workflow_problems")]


def test_looks_for_other_kinds_and_at_other_connections_leave_it_alone(db: Connection) -> None:
    """
    Whoever looks for missed runs says nothing about drift, nor about another n8n.
    """
    look(db, finding("a"))

    look(db, finding("a", "drift"), kinds=("drift", "stuck"))
    look(db, at="n8n/teelixir")

    assert ["drift", "missed"] == sorted(
        row["problem"] for row in every(db, "SELECT * FROM workflow_problems")
    )


def test_one_workflow_may_have_several_of_a_kind_told_apart_by_subject(db: Connection) -> None:
    """
    Two executions hang; one ends. The same subject said twice is one.
    """
    opened = look(db, finding("a", subject="7"), finding("a", subject="8"), finding("a", subject="8"))
    closed = look(db, finding("a", subject="8"))

    assert ((2, 0, 2), (0, 1, 1)) == (opened, closed)


def test_since_is_the_earliest_that_was_said(db: Connection) -> None:
    """
    A later look does not make it younger.
    """
    look(db, finding("a", since="2026-11-01T00:00:00Z"))

    look(db, finding("a", since="2026-11-02T00:00:00Z"))

    assert (
        1
        == one(db, "SELECT extract(day FROM since AT TIME ZONE 'UTC')::int AS day FROM workflow_problems")[
            "day"
        ]
    )


@pytest.mark.parametrize("problem", ["drift", None], ids=["another kind", "none"])
def test_a_finding_of_a_kind_that_was_not_looked_for_is_refused(db: Connection, problem: Any) -> None:
    """
    It would stay for ever: no look of these kinds would close it.
    """
    found = {**finding("a"), "problem": problem}

    said = refusal(db, LOOK, "n8n/group", ["missed"], Jsonb([found]))

    assert "22023" == said.sqlstate
    assert [] == every(db, "SELECT * FROM workflow_problems")
