"""
n8n's connector against its twin: what is particular to n8n.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from tests.connectors.n8n_desk import Desk, desk

IDLE = {"name": "Tea", "nodes": [], "connections": {}, "settings": {}}


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as opened:
        yield opened


async def any_workflow(at: Desk, name: str) -> str:
    """The id of a seeded workflow."""
    return (await anext(at.n8n.workflows.list(query={"name": name}))).id


@pytest.mark.parametrize("older", [False, True])
async def test_a_workflow_is_switched_on_and_off_by_whichever_word_the_server_knows(
    at: Desk, older: bool
) -> None:
    """
    Publish where it is there, activate where it is not; the second time the older word alone is used.
    """
    await at.set(older=older)
    id = await any_workflow(at, "orders")
    on, off = await at.n8n.workflows.activate(id), await at.n8n.workflows.deactivate(id)
    asked = [record.status for record in at.records if "activate" in str(record.operation)]

    assert (True, False) == (on.active, off.active)
    assert on.version_id == on.active_version_id
    assert (["error"] if older else []) + ["success", "success"] == asked


async def test_one_field_of_a_workflow_is_changed_and_the_others_stay(at: Desk) -> None:
    """
    n8n knows no change of a part, and refuses what it gave out itself as read-only.
    """
    id = await any_workflow(at, "orders")
    before = await at.n8n.workflows.get(id)
    after = await at.n8n.workflows.change(id, name="Orders, renamed")

    assert ("Orders, renamed", before.nodes, before.version_id) == (after.name, after.nodes, after.version_id)
    with pytest.raises(errors.BadValue, match="active"):
        await at.n8n.workflows.change(id, active=True)


async def test_deleting_waits_until_a_workflow_is_let_go_of(at: Desk) -> None:
    """
    n8n refuses for a moment after it was switched off; while it is active that is a conflict.
    """
    id = await any_workflow(at, "orders")
    with pytest.raises(errors.Conflict, match="published"):
        await at.n8n.workflows.delete(id)
    await at.n8n.workflows.deactivate(id)
    await at.n8n.workflows.delete(id)

    with pytest.raises(errors.NotFound):
        await at.n8n.workflows.get(id)


async def test_running_executions_are_told_when_they_are_asked_for(at: Desk) -> None:
    """
    A list without a status has none of them.
    """
    id = await any_workflow(at, "orders")
    run = (await anext(at.n8n.executions.find(workflow=id, status="error"))).id
    again = await at.n8n.executions.retry(run)
    failed = [each async for each in at.n8n.executions.find(workflow=id, status="error")]

    assert ("retry", run) == (again.mode, again.retry_of)
    assert {"error"} == {each.status for each in failed}
    assert [] == [each async for each in at.n8n.executions.find(status="running")]


async def test_filters_hold_on_every_page(at: Desk) -> None:
    """
    n8n's cursor forgets them.
    """
    rows = at.n8n.executions
    every = [each async for each in rows.find() if each.status == "error"]
    page, found = await rows.page(size=2, query={"status": "error"}), []
    while True:
        found += page.rows
        if page.after is None:
            break
        page = await rows.page(page.after, size=2, query={"status": "error"})

    assert len(every) > 2
    assert [each.id for each in every] == [each.id for each in found]


async def test_what_happened_inside_comes_when_it_is_asked_for(at: Desk) -> None:
    """
    With the node that failed.
    """
    failed = await anext(at.n8n.executions.find(status="error"))
    whole = await at.n8n.executions.get(failed.id, data=True)

    assert failed.data is None
    assert whole.data["resultData"]["error"]["node"]["name"] in whole.data["resultData"]["runData"]


async def test_stopping_what_has_ended_is_a_conflict_that_says_so(at: Desk) -> None:
    """
    In n8n's own words.
    """
    done = await anext(at.n8n.executions.find(status="success"))

    with pytest.raises(errors.Conflict, match="currently success"):
        await at.n8n.executions.stop(done.id)


async def test_tags_are_put_on_workflows_and_a_name_is_there_once(at: Desk) -> None:
    """
    And are found by them.
    """
    id = await any_workflow(at, "stock")
    tag = await at.n8n.tags.create({"name": "urgent"})
    await at.n8n.workflows.set_tags(id, [tag.id])
    found = [each.id async for each in at.n8n.workflows.list(query={"tags": "urgent"})]

    assert [id] == found
    assert ["urgent"] == [each.name for each in await at.n8n.workflows.tags(id)]
    with pytest.raises(errors.Conflict, match="already exists"):
        await at.n8n.tags.create({"name": "urgent"})


async def test_what_a_licence_or_a_version_lacks_has_an_error_of_its_own(at: Desk) -> None:
    """
    Another key would not help; the capability test calls neither a failure.
    """
    await at.set(older=True)
    with pytest.raises(errors.NotLicensed, match="feat:variables"):
        await anext(at.n8n.variables.list())
    with pytest.raises(errors.NotServed):
        await at.n8n.discover()
    told = {each.name: await each.run() for each in at.n8n.capabilities() if not each.writes}

    assert "not in this licence" == told["projects.list"] == told["variables.list"]
    assert "not in this version" == told["credentials.list"]


async def test_variables_are_made_set_and_removed_where_the_licence_has_them(at: Desk) -> None:
    """
    Though n8n answers with nothing.
    """
    await at.set(licensed=True)
    await at.n8n.variables.create("rate", "1")
    (made,) = [each async for each in at.n8n.variables.list()]
    await at.n8n.variables.update(made.id, "rate", "2")
    (changed,) = [each async for each in at.n8n.variables.list()]
    await at.n8n.variables.delete(made.id)

    assert (("rate", "1"), ("rate", "2")) == ((made.key, made.value), (changed.key, changed.value))
    assert [] == [each async for each in at.n8n.variables.list()]


async def test_projects_are_made_renamed_and_removed_where_the_licence_has_them(at: Desk) -> None:
    """
    Beside each user's own.
    """
    await at.set(licensed=True)
    made = await at.n8n.projects.create("Tea")
    await at.n8n.projects.rename(made.id, "Tea and honey")
    named = [each.name async for each in at.n8n.projects.list() if each.type == "team"]
    await at.n8n.projects.delete(made.id)

    assert ("Tea", "team", ["Tea and honey"]) == (made.name, made.type, named)
    assert ["personal"] == [each.type async for each in at.n8n.projects.list()]
    with pytest.raises(errors.NotFound):
        await at.n8n.projects.rename(made.id, "Tea")


async def test_all_that_runs_of_a_workflow_is_stopped_at_once(at: Desk) -> None:
    """
    What others run, and what has ended, is let be.
    """
    for workflow in ("Orders to Unleashed", "Orders to Unleashed", "Stock to the shop"):
        await at.begin(workflow, seconds=600)
    id = await any_workflow(at, "orders")
    stopped = await at.n8n.executions.stop_all(workflow=id)
    left = [each.workflow_id async for each in at.n8n.executions.find(status="running")]

    assert 2 == stopped
    assert [await any_workflow(at, "stock")] == left
    assert 0 == await at.n8n.executions.stop_all("waiting")


async def test_every_capability_works_also_those_that_write(at: Desk) -> None:
    """
    And what was made for the test is gone.
    """
    before = [each.id async for each in at.n8n.workflows.list()]
    told = {each.name: await each.run() for each in at.n8n.capabilities()}

    assert "made, renamed, switched on and off, deleted" == told["workflows.write"]
    assert "ok" == told["health.get"]
    assert before == [each.id async for each in at.n8n.workflows.list()]


async def test_a_server_that_starts_is_not_taken_for_one_without_workflows(at: Desk) -> None:
    """
    It answers every path with status 200 and a line of text.
    """
    await at.set(starting=True)

    with pytest.raises(errors.MalformedAnswer):
        await at.n8n.ping()


async def test_a_key_that_may_only_read_is_told_so_when_it_writes(at: Desk) -> None:
    """
    Reading goes on.
    """
    await at.set(read_only=True)
    await at.n8n.ping()

    with pytest.raises(errors.Forbidden):
        await at.n8n.workflows.create(IDLE)


@pytest.mark.parametrize("fault", ["expired", "storm"])
async def test_a_key_that_has_run_out_and_a_proxy_that_refuses_are_told_apart(at: Desk, fault: str) -> None:
    """
    The one at once, the other after some tries; its answer is a page of text.
    """
    await at.fault(**{fault: True})

    with pytest.raises(errors.Unauthenticated if fault == "expired" else errors.RateLimited):
        await at.n8n.ping()


async def test_the_address_of_the_api_is_as_good_as_that_of_the_server(at: Desk) -> None:
    """
    Half of the guides on the net show the one, half the other.
    """
    transport = at.n8n.workflows._transport
    values = {"api_key": Secret("sandbox-n8n-teelixir"), "base_url": f"{at.url}/n8n/api/v1/"}

    await N8n(Connection("n8n/teelixir", "n8n", "teelixir", values), transport).ping()


async def test_executions_of_a_time_are_found(at: Desk) -> None:
    """
    Those that began after a moment of the server's.
    """
    since = at.clock.now() - timedelta(hours=12)
    found = [each async for each in at.n8n.executions.find(started_after=since)]

    assert found
    assert all(each.started_at is not None and each.started_at >= since for each in found)
