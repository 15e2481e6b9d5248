"""
What a check expects.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.conditions import (
    FIELDS,
    NUMBER,
    OPERATORS,
    TESTS,
    Condition,
    failed,
    holds,
    kind_of,
    told,
    value_flaw,
)

FOUND: dict[str, Any] = {
    "status": 200,
    "latency_ms": 120.5,
    "body": "Welcome to the shop",
    "header": {"content-type": "text/html"},
    "json": {"ok": True, "queue": {"waiting": 7}, "items": [{"id": "a"}], "none": None},
    "answers": ["192.0.2.7", "192.0.2.3"],
    "value": 1,
}


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("status", "=", 200, True),
        ("status", "=", 200.0, True),
        ("status", "!=", 200, False),
        ("status", "in", [200, 204], True),
        ("latency_ms", "<", 120.5, False),
        ("latency_ms", "<=", 120.5, True),
        ("latency_ms", ">", 100, True),
        ("body", "contains", "shop", True),
        ("body", "not contains", "error", True),
        ("body", "matches", r"^Welcome\b", True),
        ("body", "not matches", "shop$", False),
        ("header.Content-Type", "=", "text/html", True),
        ("header.x-missing", "not contains", "a", False),
        ("json.ok", "=", True, True),
        ("value", "=", True, False),
        ("json.queue.waiting", "<", 10, True),
        ("json.items.0.id", "=", "a", True),
        ("json.items.1.id", "=", "a", False),
        ("json.items.x", "exists", False, True),
        ("json.none", "exists", True, True),
        ("json.ok", "<", 2, False),
        ("json.queue", ">", 1, False),
        ("answers", "=", ["192.0.2.3", "192.0.2.7"], True),
        ("answers", "contains", "192.0.2.3", True),
        ("answers", "contains", "192.0.2", False),
        ("certificate_days", ">", 14, False),
    ],
)
def test_conditions(field: str, op: str, value: object, expected: bool) -> None:
    """
    What was not found fulfils nothing; true is no 1; order is for numbers.
    """
    assert expected is holds(Condition(field, op, value), FOUND)


def test_what_makes_it_down_is_said_before_what_makes_it_degraded() -> None:
    """
    Whatever order they are written in, and in words.
    """
    slow = Condition("latency_ms", "<", 100, "degraded")
    broken = Condition("status", "=", 204)

    assert broken == failed([slow, broken], FOUND)
    assert slow == failed([slow], FOUND)
    assert failed([], FOUND) is None
    assert "expected status = 204, found 200" == told(broken, FOUND)
    assert "expected json.a exists true, found nothing there" == told(
        Condition("json.a", "exists", True), FOUND
    )


def test_a_page_is_not_quoted() -> None:
    """
    It may hold what a log should not.
    """
    assert "shop" not in told(Condition("body", "contains", "Closed"), FOUND)


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.lists(st.text(max_size=3), max_size=3)
)


@given(st.sampled_from(sorted(TESTS)), values, values)
def test_no_value_of_a_right_condition_breaks_the_look(op: str, wanted: object, found: object) -> None:
    """
    Whatever a service answers: it holds or it does not.
    """
    kinds = [kind for kind, operators in OPERATORS.items() if op in operators]
    if any(value_flaw(kind, op, wanted) is None for kind in kinds):
        assert holds(Condition("value", op, wanted), {"value": found}) in (True, False)


@pytest.mark.parametrize("kind", FIELDS)
def test_every_field_has_operators(kind: str) -> None:
    """
    And every kind of check tells how long it took.
    """
    assert all(OPERATORS[holds] for holds in FIELDS[kind].values())
    assert NUMBER == kind_of("latency_ms", FIELDS[kind])


@pytest.mark.parametrize("name", ["stat", "json", "json.", "header.", ""])
def test_half_a_name_is_no_field(name: str) -> None:
    """
    A path needs something behind its point.
    """
    assert kind_of(name, FIELDS["http"]) is None
