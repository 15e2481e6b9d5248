"""
Files and n8n's twin come together: pulled, deployed, cut, finished, undone, and watched.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from masterops import errors
from masterops.sandbox import token_for
from masterops.workflows.code import canonical, journal, look, plan_pull
from masterops.workflows.code.document import text
from tests.connectors.n8n_desk import Desk
from tests.workflows.code.deploying import Here, at, me
from tests.workflows.code.making import FILES, TEA, chain, hook, node

KEY = token_for("n8n", "teelixir")
__all__ = ["at", "me"]  # fixtures


async def test_files_are_deployed_once(me: Here) -> None:
    """
    In the order of what they refer to, switched on as they say, with the tag of their business.
    """
    planned = await me.deploy(dry_run=True)
    nothing = await me.rows()
    first, second = await me.deploy(), await me.deploy()
    there = await me.rows()

    assert {} == nothing
    assert [("create", "teelixir/tea.json"), ("create", "teelixir/cake.json")] == [
        (step.action, step.file) for step in planned.steps
    ]
    assert ["create", "create"] == [step.action for step in first.steps]
    assert ({"unchanged"}, None) == ({step.action for step in second.steps}, second.deployment)
    assert (True, False) == (there["Tea"].active, there["Cake"].active)
    assert ["food", "teelixir"] == sorted(tag.name for tag in there["Cake"].tags or [])
    assert there["Tea"].id == (there["Cake"].settings or {})["errorWorkflow"]


async def test_what_was_pulled_is_what_is_deployed(me: Here) -> None:
    """
    A second pull changes nothing, and a deployment of it neither; a rename takes the file along.
    """
    await me.deploy()
    live = await look(me.n8n)
    folders = dict.fromkeys(live.documents, "teelixir")
    held = {file: text(document).encode() for file, document in FILES.items()}
    again = plan_pull(live.documents, folders, me.agreed, held)
    empty = plan_pull(live.documents, folders, {}, {})
    await me.n8n.workflows.change(me.agreed["teelixir/tea.json"].id, name="Green tea")
    moved = plan_pull((await look(me.n8n)).documents, folders, me.agreed, held)

    assert {"same"} == {each.action for each in again}
    assert [("new", "teelixir/cake.json"), ("new", "teelixir/tea.json")] == [
        (each.action, each.file) for each in empty
    ]
    assert [("renamed", "teelixir/green-tea.json", "teelixir/tea.json")] == [
        (each.action, each.file, each.was) for each in moved if each.name == "Green tea"
    ]


async def test_a_change_of_somebody_else_is_not_overwritten(me: Here) -> None:
    """
    Neither the plan nor half of it is carried out; with force it is.
    """
    await me.deploy()
    id = me.agreed["teelixir/tea.json"].id
    theirs = [*(await me.n8n.workflows.get(id)).nodes, {**node("Theirs"), "id": "x"}]
    await me.n8n.workflows.change(id, nodes=theirs)
    mine = {**FILES, "teelixir/tea.json": {**TEA, "active": False}}
    with pytest.raises(errors.WorkflowMoved, match=r"teelixir/tea.json \(node Theirs added\)"):
        await me.deploy(mine)
    kept = (await me.rows())["Tea"]
    await me.deploy(mine, force=True)

    assert (True, 3) == (kept.active, len(kept.nodes))
    assert (False, 2) == ((await me.rows())["Tea"].active, len((await me.rows())["Tea"].nodes))


async def test_a_stranger_of_the_same_name_is_not_overwritten(me: Here) -> None:
    """
    It was never pulled; the same content is taken over as it is.
    """
    await me.n8n.workflows.create({"name": "Tea", "nodes": [], "connections": {}, "settings": {}})

    with pytest.raises(errors.WorkflowMoved, match="never pulled"):
        await me.deploy()
    assert {"Tea"} == set(await me.rows())


async def test_credentials_are_found_by_name_and_missing_ones_are_named_together(me: Here) -> None:
    """
    Before anything is done.
    """
    wants = {"smtp": {"name": "Mail"}, "httpHeaderAuth": {"name": "Shop"}}
    first = canonical(chain(hook(), {**node("End"), "credentials": wants}))
    other = canonical(chain(hook("b"), {**node("End"), "credentials": {"ftp": {"name": "X"}}}, name="B"))
    with pytest.raises(
        errors.CredentialsMissing, match=r"'Shop' \(httpHeaderAuth\) for a.json; 'X' \(ftp\) for b"
    ):
        await me.deploy({"a.json": first, "b.json": other})
    nothing = await me.rows()
    await me.deploy(
        {"a.json": canonical(chain(hook(), {**node("End"), "credentials": {"smtp": {"name": "Mail"}}}))}
    )
    mail = {row.name: row.id async for row in me.n8n.credentials.list()}["Mail"]
    ends = [each for each in (await me.rows())["Tea"].nodes if each["name"] == "End"]

    assert {} == nothing
    assert [{"smtp": {"id": mail, "name": "Mail"}}] == [each["credentials"] for each in ends]


async def test_a_deployment_is_undone(me: Here) -> None:
    """
    What it made is gone, what it changed is as it was, and undoing it again does nothing.
    """
    await me.deploy({"teelixir/tea.json": TEA})
    before = (await me.rows())["Tea"]
    await me.deploy(
        {**FILES, "teelixir/tea.json": {**TEA, "active": False, "nodes": TEA["nodes"][:1], "connections": {}}}
    )
    undone = await me.undo()
    after = await me.rows()

    assert {"teelixir/cake.json", "teelixir/tea.json"} == {each.file for each in undone}
    assert {"Tea"} == set(after)
    assert (before.definition(), before.active) == (after["Tea"].definition(), after["Tea"].active)
    assert (["teelixir/tea.json"], {}) == ([each.file for each in await me.undo()], await me.rows())


async def test_what_somebody_changed_since_is_not_undone(me: Here) -> None:
    """
    Unless it is forced.
    """
    await me.deploy()
    await me.n8n.workflows.deactivate(me.agreed["teelixir/tea.json"].id)
    with pytest.raises(errors.RollbackRefused, match="workflow active changed"):
        await me.undo()
    still = set(await me.rows())
    await me.undo(force=True)

    assert ({"Tea", "Cake"}, {}) == (still, await me.rows())


async def test_a_secret_of_the_former_workflow_is_not_kept(me: Here) -> None:
    """
    Neither in the journal nor in what is said; such a step cannot be undone.
    """
    key = "Bearer abcdef-123456-ghijkl"
    call = {**node("End", "httpRequest", 4.2, url="http://a", key=key), "id": "x"}
    made = await me.n8n.workflows.create({"name": "Tea", "nodes": [call], "connections": {}, "settings": {}})
    await me.deploy({"teelixir/tea.json": TEA}, force=True)
    kept = await me.pool.fetch("SELECT s::text AS row FROM ops.deployment_steps AS s")

    assert [False] == [key in row["row"] for row in kept]
    with pytest.raises(errors.RollbackRefused, match="a secret stood"):
        await me.undo()
    assert made.id == (await me.rows())["Tea"].id


@pytest.mark.parametrize("way", ["deploy", "rollback"])
@pytest.mark.parametrize("calls", [1, 2, 4, 5])
async def test_one_that_was_killed_is_finished_or_undone(at: Desk, me: Here, way: str, calls: int) -> None:
    """
    Killed with -9 after so many writes to n8n, before it learnt how the last one ended.
    """
    words = ["-m", "tests.workflows.code.killed", me.database, f"{at.url}/n8n", KEY, str(calls)]
    child = await asyncio.create_subprocess_exec(sys.executable, *words)
    ended = await child.wait()
    left = await journal.unfinished(me.pool, me.n8n.connection)
    if way == "deploy":
        await me.deploy()
    else:
        await me.undo()
    again = await me.deploy(dry_run=True)
    there = await me.rows()

    assert -signal.SIGKILL == ended
    assert left
    assert ({"Tea", "Cake"} if way == "deploy" else set()) == set(there)
    assert ({"unchanged"} if way == "deploy" else {"create"}) == {each.action for each in again.steps}
    assert [] == await journal.unfinished(me.pool, me.n8n.connection)


async def test_what_is_changed_by_hand_is_a_finding(me: Here) -> None:
    """
    Until it is as it was deployed again; one that is deleted is another. Without deployments there is none.
    """
    await me.n8n.workflows.create({"name": "By hand", "nodes": [], "connections": {}, "settings": {}})
    seen = [await me.drifts()]
    await me.deploy()
    seen.append(await me.drifts())
    tea, cake = (me.agreed[file].id for file in ("teelixir/tea.json", "teelixir/cake.json"))
    await me.n8n.workflows.deactivate(tea)
    seen.append(await me.drifts())
    await me.n8n.workflows.activate(tea)
    await me.n8n.workflows.archive(cake)
    seen.append(await me.drifts())

    changed, gone = "changed since it was deployed: workflow active changed", "deleted or archived since"
    assert [[], [], [changed], [f"it was deployed, and was {gone}"]] == seen
    assert [("teelixir", "Cake")] == [
        (row["business_id"], row["workflow_name"])
        for row in await me.pool.fetch("SELECT * FROM workflow_problems")
    ]
