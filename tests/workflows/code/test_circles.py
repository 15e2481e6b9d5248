"""
Workflows that call each other in a circle, and what a deployment takes over or leaves half done.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from masterops import errors
from masterops.core.ids import uuid7
from masterops.sandbox import token_for
from masterops.workflows.code import canonical, journal
from masterops.workflows.code.document import definition
from masterops.workflows.code.journal import Entry
from masterops.workflows.code.pulling import agreement
from tests.connectors.n8n_desk import Desk
from tests.workflows.code.deploying import Here, at, me
from tests.workflows.code.making import CIRCLE, FILES, TEA

__all__ = ["at", "me"]  # fixtures
KEY = token_for("n8n", "teelixir")


async def calls(me: Here) -> dict[str, str]:
    """Whom each workflow calls, by the name that the id has."""
    rows = await me.rows()
    names = {row.id: name for name, row in rows.items()}
    return {
        name: names[node["parameters"]["workflowId"]["value"]]
        for name, row in rows.items()
        for node in row.nodes
        if node["type"].endswith("executeWorkflow")
    }


async def test_workflows_that_call_each_other_are_deployed_switched_on(me: Here) -> None:
    """
    Though n8n publishes none that calls one which is not published; a second deployment changes nothing.
    """
    first, second = await me.deploy(CIRCLE), await me.deploy(CIRCLE)
    there = await me.rows()
    round_ = await calls(me)
    undone = await me.undo()

    assert {"create"} == {step.action for step in first.steps}
    assert ({"unchanged"}, None) == ({step.action for step in second.steps}, second.deployment)
    assert {"One": "Two", "Two": "One", "Self": "Self"} == round_
    assert {"One": True, "Two": True, "Self": True} == {name: row.active for name, row in there.items()}
    assert (3, {}) == (len(undone), await me.rows())


async def test_one_that_is_there_may_be_made_part_of_a_circle(me: Here) -> None:
    """
    It is changed when the other one is there.
    """
    alone = canonical({**CIRCLE["group/one.json"], "nodes": CIRCLE["group/one.json"]["nodes"][1:],
                       "connections": {}})  # fmt: skip
    await me.deploy({"group/one.json": alone})
    done = await me.deploy(CIRCLE)

    assert ["create", "create", "update"] == sorted(step.action for step in done.steps)
    assert "One" == (await calls(me))["Two"]
    assert {"unchanged"} == {step.action for step in (await me.deploy(CIRCLE)).steps}


async def test_a_circle_that_is_switched_off_is_switched_on(me: Here) -> None:
    """
    Neither of the two is published when the deployment begins; their nodes keep their ids.
    """
    await me.deploy(CIRCLE, activate=False)
    before = {
        name: {node["name"]: node["id"] for node in row.nodes} for name, row in (await me.rows()).items()
    }
    one = await me.n8n.workflows.get((await me.rows())["One"].id)
    mine = [{**node, "id": f"mine {node['name']}"} for node in one.nodes]
    await me.n8n.workflows.change(one.id, nodes=mine)
    await me.deploy(CIRCLE)
    after = {
        name: {node["name"]: node["id"] for node in row.nodes} for name, row in (await me.rows()).items()
    }

    assert {"One": "Two", "Two": "One", "Self": "Self"} == await calls(me)
    assert {True} == {row.active for row in (await me.rows()).values()}
    assert {**before, "One": {"When called": "mine When called", "Call": "mine Call"}} == after
    assert {"unchanged"} == {step.action for step in (await me.deploy(CIRCLE)).steps}


@pytest.mark.parametrize("writes", [3, 6])
async def test_a_circle_that_was_cut_is_finished(at: Desk, me: Here, writes: int) -> None:
    """
    Killed with -9 after so many writes, without a word of what is remembered.
    """
    words = ["-m", "tests.workflows.code.killed", me.database, f"{at.url}/n8n", KEY, str(writes), "circle"]
    child = await asyncio.create_subprocess_exec(sys.executable, *words)
    ended = await child.wait()
    await me.deploy(CIRCLE)

    assert -signal.SIGKILL == ended
    assert {"One": "Two", "Two": "One", "Self": "Self"} == await calls(me)
    assert {"unchanged"} == {step.action for step in (await me.deploy(CIRCLE)).steps}


async def test_n8n_s_refusal_in_the_second_round_says_where_it_stopped(me: Here) -> None:
    """
    One of the circle is switched off, so that n8n does not publish the other.
    """
    files = {**CIRCLE, "group/two.json": {**CIRCLE["group/two.json"], "active": False}}

    with pytest.raises(errors.DeploymentCut, match=r"group/one.json.*which is not published"):
        await me.deploy(files)


async def test_a_step_that_was_cut_before_it_did_anything_is_no_change_of_somebody_else(me: Here) -> None:
    """
    Nor is one whose nodes are there and whose tags are not; on a machine that remembers nothing.
    """
    await me.deploy()
    tea = me.agreed["teelixir/tea.json"].id
    before = (await me.held())["Tea"]
    wanted = {**TEA, "tags": ["new", "teelixir"], "active": False}
    entry = Entry(
        uuid7(), 1, me.n8n.connection, "teelixir/tea.json", "Tea", "update", wanted,
        agreement(wanted, "teelixir/tea.json"), "me", workflow_id=tea, before_json=before,
        before_digest=agreement(before, "teelixir/tea.json"),
    )  # fmt: skip
    await journal.add(me.pool, [entry])
    await journal.mark(me.pool, entry, "begun")
    await me.n8n.workflows.deactivate(tea)
    me.agreed.clear()
    done = await me.deploy({**FILES, "teelixir/tea.json": wanted})

    assert ["update"] == [step.action for step in done.steps if step.acts]
    assert ["new", "teelixir"] == (await me.held())["Tea"]["tags"]


async def test_what_was_taken_over_is_not_undone(me: Here) -> None:
    """
    It was in n8n as the file says before the deployment, which only wrote that down.
    """
    made = await me.n8n.workflows.create(definition(TEA, credentials={}, workflows={}))
    await me.n8n.workflows.set_tags(made.id, [(await me.n8n.tags.create({"name": "teelixir"})).id])
    await me.n8n.workflows.activate(made.id)
    await me.deploy()
    undone = await me.undo()

    assert ["teelixir/cake.json"] == [each.file for each in undone]
    assert {"Tea"} == set(await me.rows())


async def test_settings_are_as_the_file_says_and_what_n8n_keeps_is_known(me: Here) -> None:
    """
    Those that n8n lets go of are gone; what it keeps after a rollback is what is agreed then.
    """
    file = "teelixir/tea.json"
    more = {"executionOrder": "v1", "timezone": "UTC", "executionTimeout": 60}
    await me.deploy({file: {**TEA, "settings": {"executionOrder": "v1", "timezone": "UTC"}}})
    await me.deploy({file: TEA})
    gone = (await me.held())["Tea"]["settings"]
    await me.deploy({file: {**TEA, "settings": more}})
    await me.undo()
    kept = (await me.held())["Tea"]
    again = await me.deploy({file: {**TEA, "settings": {**TEA["settings"], "executionTimeout": 70}}})

    assert {"executionOrder": "v1"} == gone
    assert {"executionOrder": "v1", "executionTimeout": 60} == kept["settings"]
    assert ["update"] == [step.action for step in again.steps]


async def test_archiving_a_workflow_makes_only_itself_drift(me: Here) -> None:
    """
    Not those that name it.
    """
    await me.deploy()
    await me.n8n.workflows.deactivate(me.agreed["teelixir/tea.json"].id)
    await me.n8n.workflows.archive(me.agreed["teelixir/tea.json"].id)
    reasons = await me.drifts()
    rows = await me.pool.fetch("SELECT workflow_name FROM workflow_problems")

    assert ["Tea"] == [row["workflow_name"] for row in rows]
    assert "archived" in reasons[0]
