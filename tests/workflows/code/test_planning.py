"""
What is refused before anything is done, and what is ours though it is half done.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.n8n import Workflow
from masterops.workflows.code import Live, canonical
from masterops.workflows.code.catalogue import ours
from masterops.workflows.code.cut import STAND_IN, is_halfway
from masterops.workflows.code.document import Document
from masterops.workflows.code.planning import plan
from masterops.workflows.code.touching import settled
from masterops.workflows.code.validate import validate
from tests.workflows.code.making import CAKE, TEA, chain, data, hook, node

PARTS = ("name", "active", "tags", "nodes", "connections")


def live(*documents: Document, archived: dict[str, str] | None = None) -> Live:
    """An n8n that holds these, by number."""
    rows = {str(n): Workflow(id=str(n), name=each["name"]) for n, each in enumerate(documents, 1)}
    return Live("n8n/group", rows, dict(zip(rows, documents, strict=True)), {}, archived or {})


def calling(what: Any) -> Document:
    """A workflow that calls another."""
    call = node("Call", "executeWorkflow", 1.2, workflowId={"__rl": True, "mode": "id", "value": what})
    return canonical(chain(hook("b"), call, name="Caller", settings={}))


def test_a_setting_that_n8n_would_keep_is_refused() -> None:
    """
    With what n8n has, to be written into the file; those that n8n lets go of are taken away.
    """
    there = {**TEA, "settings": {"executionOrder": "v1", "executionTimeout": 60, "timezone": "UTC"}}
    with pytest.raises(errors.WorkflowsInvalid) as refused:
        plan({"a.json": {**TEA, "settings": {}}}, live(there), {}, {}, force=True)
    steps = plan(
        {"a.json": {**TEA, "settings": {"executionOrder": "v1", "executionTimeout": 60}}},
        live(there), {}, {}, force=True,
    )  # fmt: skip

    assert '`"executionTimeout": 60`' in refused.value.message
    assert '`"executionOrder": "v1"`' in refused.value.message
    assert ["update"] == [each.action for each in steps]
    assert {"a": 1, "timezone": "DEFAULT"} == settled({"a": 1}, {"timezone": "UTC", "a": 2, "b": 3})


@pytest.mark.parametrize(
    ("called", "there", "archived", "said"),
    [
        ("workflow:Tea", [], {}, "'Tea', which is neither among these files nor in n8n/group"),
        ("workflow:Tea", [TEA, TEA], {}, "'Tea', which n8n/group has 2 of"),
        ("workflow:Tea", [], {"9": "Tea"}, "'Tea', which is archived in n8n/group"),
        ("77", [TEA], {}, "by its id 77, which is neither"),
        ("9", [TEA], {"9": "Old"}, "by its id 9, which is archived"),
        ("workflow:Tea", [TEA], {}, None),
        ("1", [TEA], {}, None),
        ("={{ $json.id }}", [], {}, None),
        ("", [], {}, None),
    ],
)
def test_a_workflow_that_is_called_must_be_there(
    called: str, there: list[Document], archived: dict[str, str], said: str | None
) -> None:
    """
    Once, in n8n or among the files; by name or by id.
    """
    files, here = {"b.json": calling(called)}, live(*there, archived=archived)
    if said is None:
        assert ["create"] == [each.action for each in plan(files, here, {}, {})]
    else:
        with pytest.raises(errors.WorkflowsInvalid) as refused:
            plan(files, here, {}, {})

        assert said in refused.value.message


def test_an_error_workflow_must_be_there_too() -> None:
    """
    It is a workflow that is called.
    """
    with pytest.raises(errors.WorkflowsInvalid, match="calls the workflow 'Tea'"):
        plan({"c.json": CAKE}, live(), {}, {})

    assert 2 == len(plan({"c.json": CAKE, "t.json": TEA}, live(), {}, {}))


@pytest.mark.parametrize(
    ("known", "beside", "codes"),
    [
        (None, (), ["WF027"]),
        (None, ("Tea",), []),
        (("Coffee",), (), ["WF029"]),
        (("Tea",), (), []),
    ],
)
def test_validating_warns_offline_and_refuses_what_n8n_has_not(
    known: tuple[str, ...] | None, beside: tuple[str, ...], codes: list[str]
) -> None:
    """
    Another file of the folder is enough.
    """
    files = {"b.json": data(calling("workflow:Tea"))}
    found = validate(files, ours(), workflows=known, beside=beside).problems

    assert codes == [each.code for each in found if each.code in ("WF027", "WF029")]


def test_what_is_archived_keeps_its_name_for_those_that_call_it() -> None:
    """
    Unless another workflow has that name now: that is not the one that is called.
    """
    there = live(TEA, archived={"8": "Cake", "9": "Tea"})

    assert {"1": "Tea", "8": "Cake"} == there.names


@given(st.sets(st.sampled_from(PARTS)), st.booleans())
def test_a_half_done_step_is_ours(done: set[str], made: bool) -> None:
    """
    Whichever of its parts are done already; with anything else in it, it is somebody else's.
    """
    before = None if made else canonical({**TEA, "name": "Old", "tags": ["x"], "nodes": TEA["nodes"][:1]})
    was = before or {**CAKE, "tags": [], "active": False}
    now = {**was, **{part: CAKE[part] for part in done}, "settings": CAKE["settings"]}

    assert is_halfway(now, before, CAKE)
    assert is_halfway({**now, "settings": {**was["settings"], "errorWorkflow": "7"}}, before, CAKE)
    assert not is_halfway({**now, "tags": ["theirs"]}, before, CAKE)
    assert not is_halfway({**now, "settings": {"timezone": "UTC"}}, before, CAKE)


def test_what_stands_in_for_a_workflow_is_ours() -> None:
    """
    While those that it calls are made; of another name, or with more in it, it is not.
    """
    stood_in = {**STAND_IN, "name": "Cake", "settings": CAKE["settings"]}

    assert is_halfway(stood_in, None, CAKE)
    assert is_halfway(stood_in, TEA, CAKE)
    assert not is_halfway({**stood_in, "name": "Pie"}, TEA, CAKE)
