"""
What is decided when executions are collected: whose a workflow is, what failed inside, how far a look goes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.workflows.inside import Inside, inside, items_out
from masterops.workflows.owners import owners
from masterops.workflows.sweep import FIRST_LOOK, OVERLAP, Sweep, begun, turned

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
KNOWN = [("teelixir", "Teelixir"), ("red-hill-fresh", "Red Hill Fresh"), ("red", "Red")]


@pytest.mark.parametrize(
    ("name", "tags", "whose"),
    [
        pytest.param("Orders", ["teelixir"], "teelixir", id="a tag is a slug"),
        pytest.param("Orders", ["Red Hill Fresh", "orders"], "red-hill-fresh", id="a tag is a name"),
        pytest.param("Teelixir: orders", ["red-hill-fresh"], "red-hill-fresh", id="a tag wins over the name"),
        pytest.param("Teelixir: orders", ["red", "red-hill-fresh"], "teelixir", id="two tags say nothing"),
        pytest.param("[teelixir] orders", [], "teelixir", id="the name begins with a slug"),
        pytest.param("Red Hill Fresh - orders", [], "red-hill-fresh", id="the longest name"),
        pytest.param("Redder orders", [], None, id="a word that only begins so"),
        pytest.param("Weekly report", ["red"], "teelixir", id="the settings win over all"),
        pytest.param("Orders of Teelixir", [], None, id="the name has it elsewhere"),
        pytest.param(None, [], None, id="a workflow that is gone"),
    ],
)
def test_whose_a_workflow_is(name: str | None, tags: list[str], whose: str | None) -> None:
    """
    Settings, then a tag, then the name; else it is the group's.
    """
    assert whose == owners(KNOWN, {"Weekly report": "teelixir"}, None).of("1", name, tags)


def test_what_nothing_names_is_the_connection_s() -> None:
    """
    An n8n of one business needs no tags.
    """
    assert "teelixir" == owners(KNOWN, {}, "teelixir").of("1", "Orders", [])


def test_the_error_is_told_and_what_the_workflow_was_sent_is_not() -> None:
    """
    Nor a secret that stands in the words.
    """
    failed = {"error": {"message": "no"}, "data": {"secret": "x"}}
    error = {
        "name": "NodeApiError",
        "message": "refused: Bearer abcdefghijklmnop1234567890",
        "node": {"name": "Boom", "parameters": {"password": "x"}},
        "httpCode": "ECONNREFUSED",
    }
    data = {"resultData": {"error": error, "runData": {"Start": [{"data": {}}], "Boom": [failed]}}}
    found = inside(data)

    assert (2, 1) == (found.nodes_executed, found.nodes_failed)
    assert {"name": "NodeApiError", "node": "Boom", "http_code": "ECONNREFUSED"} == found.error_details
    assert "abcdefghijklmnop1234567890" not in (found.error_message or "")


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["resultData", "runData", "error", "message", "node", "name", "x"]), inner
), max_leaves=20))  # fmt: skip
def test_whatever_the_data_is_nothing_is_raised(data: object) -> None:
    """
    Other versions of n8n put other things there.
    """
    assert isinstance(inside(data), Inside)
    assert isinstance(items_out(data), int | None)


def ran(items: list[Any], *before: str, kind: str = "main") -> list[dict[str, Any]]:
    """One run of a node, behind others, with one output."""
    return [{"source": [{"previousNode": each} for each in before], "data": {kind: [items]}}]


FULL, HOLLOW = {"json": {"id": 7}}, {"json": {}}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param({"A": ran([FULL]), "B": ran([FULL, FULL], "A")}, 2, id="the last one counts"),
        pytest.param({"A": ran([FULL]), "B": ran([], "A")}, 0, id="it gave nothing"),
        pytest.param({"A": ran([FULL]), "B": ran([HOLLOW], "A")}, 0, id="an item without a field"),
        pytest.param({"A": ran([FULL]), "B": ran([], "A"), "C": ran([FULL], "A")}, 1, id="two ends"),
        pytest.param({"A": ran([FULL]), "B": [*ran([], "A"), *ran([FULL], "A")]}, 1, id="it ran twice"),
        pytest.param({"A": [{"data": {"main": [[], [FULL]]}}]}, 1, id="another output"),
        pytest.param({"A": ran([FULL]), "M": ran([FULL], "A", kind="ai_tool")}, 1, id="a part of an agent"),
        pytest.param({"A": [{"data": {"main": [None, [FULL]]}}]}, 1, id="an output that was not taken"),
        pytest.param({"A": ran([FULL], "B"), "B": ran([FULL], "A")}, 1, id="a loop"),
        pytest.param({}, None, id="no node ran"),
        pytest.param(None, None, id="no data is kept"),
    ],
)
def test_what_an_execution_ended_with(nodes: Any, expected: int | None) -> None:
    """
    The items of the nodes that no other went on from.
    """
    assert expected == items_out({"resultData": {"runData": nodes}})


def test_the_first_look_goes_back_a_week_and_the_next_an_overlap() -> None:
    """
    By the newest execution that was seen, which bears n8n's time and not ours.
    """
    first = begun(Sweep(), NOW)
    seen = NOW - timedelta(hours=3)
    over = turned(first, [seen, seen - timedelta(hours=1)], None, NOW)

    assert NOW - FIRST_LOOK == first.floor
    assert (seen, None, seen - timedelta(hours=1)) == (over.read_to, over.floor, over.known_from)
    assert seen - OVERLAP == begun(over, NOW).floor


def test_a_moment_of_next_year_hides_nothing_of_this_one() -> None:
    """
    n8n's clock was wrong for a while.
    """
    over = turned(begun(Sweep(), NOW), [NOW + timedelta(days=365)], None, NOW)

    assert NOW == over.read_to


def test_a_page_from_beyond_the_floor_ends_the_look() -> None:
    """
    An older server gives all that it has, whatever is asked for.
    """
    look = begun(Sweep(read_to=NOW - timedelta(hours=1)), NOW)
    border = turned(look, [NOW, NOW - timedelta(hours=5)], "page-2", NOW)

    assert "page-2" == border.place
    over = turned(border, [NOW - timedelta(hours=6)], "page-3", NOW)
    assert (NOW, None) == (over.read_to, over.floor)


def test_an_empty_look_moves_nothing() -> None:
    """
    An n8n that has purged everything is read from the same moment again.
    """
    before = Sweep(read_to=NOW - timedelta(days=2))

    over = turned(begun(before, NOW), [], None, NOW)
    assert (before.read_to, NOW, NOW) == (over.read_to, over.known_from, over.caught_up)


def test_a_look_under_way_keeps_its_floor_and_its_newest() -> None:
    """
    However late it goes on.
    """
    begins = turned(begun(Sweep(), NOW), [NOW], "page-2", NOW)
    later = begun(begins, NOW + timedelta(hours=5))

    assert begins == later
    assert "page-2" == later.place
    assert NOW == turned(later, [NOW - timedelta(days=1)], None, NOW + timedelta(hours=5)).read_to


def test_what_is_known_has_no_gap_that_pruning_left() -> None:
    """
    A look that finds again what the last one ended with goes on; another one begins anew with what is there.
    """
    start, later = NOW - timedelta(days=2), NOW + timedelta(days=3)
    first = turned(begun(Sweep(), NOW), [NOW - timedelta(hours=1), start], None, NOW)
    goes_on = turned(begun(first, later), [later, NOW - timedelta(hours=1)], None, later)
    pruned = turned(begun(first, later), [later, later - timedelta(hours=2)], None, later)

    assert (start, NOW) == (first.known_from, first.caught_up)
    assert (start, later) == (goes_on.known_from, goes_on.caught_up)
    assert (later - timedelta(hours=2), later) == (pruned.known_from, pruned.caught_up)


def test_a_look_in_parts_is_caught_up_with_its_beginning() -> None:
    """
    What began while it was under way is the next one's.
    """
    part = turned(begun(Sweep(), NOW), [NOW], "page-2", NOW)
    over = turned(
        begun(part, NOW + timedelta(hours=5)), [NOW - timedelta(days=1)], None, NOW + timedelta(hours=5)
    )

    assert (NOW, NOW - timedelta(days=1)) == (over.caught_up, over.known_from)
