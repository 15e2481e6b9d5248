"""
The connector against a real n8n: `pytest -m n8n`. It is installed into a cache folder the first time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.n8n import Execution, N8n, Workflow
from masterops.core.backoff import RetryPolicy
from masterops.db import Pool
from masterops.devstack.n8n_install import install
from masterops.logs import Logger
from masterops.transport import Transport
from masterops.workflows import Settings, collect, listed, owners, watch
from tests.connectors.n8n_desk import Notebook
from tests.n8n.server import Server, running

pytestmark = [pytest.mark.n8n, pytest.mark.slow]
LONGEST_SECONDS = 20.0


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(install(sqlite=True), tmp_path_factory.mktemp("n8n")) as started:
        yield started


@pytest.fixture
async def n8n(real: Server) -> AsyncIterator[N8n]:
    async with Transport(
        log=Logger(Notebook([])), measure=lambda metric: None, policy=RetryPolicy(attempts=4, deadline=30)
    ) as transport:
        values = {"api_key": Secret(real.key), "base_url": real.url}
        yield N8n(Connection("n8n/teelixir", "n8n", "teelixir", values), transport)


def node(name: str, kind: str, place: int, **parameters: Any) -> dict[str, Any]:
    """A node of a workflow."""
    return {
        "id": str(uuid4()),
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": {"webhook": 2, "stopAndError": 1}.get(kind, 1),
        "position": [place * 200, 0],
        "parameters": parameters,
    }


async def hooked(n8n: N8n, name: str, *behind: dict[str, Any]) -> tuple[Workflow, str]:
    """An active workflow that a webhook sets off, and the webhook's path."""
    path = str(uuid4())
    first = node("Webhook", "webhook", 0, httpMethod="POST", path=path, responseMode="lastNode")
    nodes = [{**first, "webhookId": path}, *behind]
    links = {
        left["name"]: {"main": [[{"node": right["name"], "type": "main", "index": 0}]]}
        for left, right in pairwise(nodes)
    }
    fields = {"name": name, "nodes": nodes, "connections": links, "settings": {"executionOrder": "v1"}}
    made = await n8n.workflows.create(fields)
    return await n8n.workflows.activate(made.id), path


async def pull(real: Server, path: str, body: Any = None) -> int:
    """Set it off, as soon as its webhook is there; the status of the answer."""
    end = time.monotonic() + LONGEST_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(f"{real.url}/webhook/{path}", json=body or {}) as answer:
                if answer.status != 404 or time.monotonic() > end:
                    return answer.status
            await asyncio.sleep(0.1)


async def ended(n8n: N8n, workflow: str, status: str) -> Execution:
    """The execution that ended so, as soon as it is listed."""
    end = time.monotonic() + LONGEST_SECONDS
    while True:
        found = await anext(n8n.executions.find(workflow=workflow, status=status), None)
        if found is not None:
            return found
        assert time.monotonic() < end, f"no {status} execution of {workflow}"
        await asyncio.sleep(0.1)


async def until(look: Callable[[], Awaitable[list[Any]]], fits: Callable[[list[Any]], bool]) -> list[Any]:
    """What a look finds as soon as it fits, or at the end of a minute."""
    for _ in range(120):
        found = await look()
        if fits(found):
            break
        await asyncio.sleep(0.5)
    return found


async def test_every_capability_works(n8n: N8n) -> None:
    """
    Also those that write; what was made is gone.
    """
    told = {each.name: await each.run() for each in n8n.capabilities()}

    assert "made, renamed, switched on and off, deleted" == told["workflows.write"]
    assert "not in this licence" == told["projects.list"] == told["variables.list"]
    assert [] == [each.id async for each in n8n.workflows.list()]


async def test_a_pulse_and_a_key_that_is_refused(n8n: N8n, real: Server) -> None:
    """
    The one is quiet, the other an error that says whose fault it is.
    """
    await n8n.ping()
    async with Transport(log=Logger(Notebook([])), measure=lambda metric: None) as transport:
        values = {"api_key": Secret("no-key-of-this-server"), "base_url": real.url}
        stranger = N8n(Connection("n8n/teelixir", "n8n", "teelixir", values), transport)
        with pytest.raises(errors.Unauthenticated):
            await stranger.ping()


async def test_what_is_missing_or_refused_is_our_error(n8n: N8n) -> None:
    """
    In n8n's own words.
    """
    with pytest.raises(errors.NotFound):
        await n8n.workflows.get("nosuchworkflow00")
    with pytest.raises(errors.Invalid, match="nodes"):
        await n8n.workflows.create({"name": "Tea"})
    idle = await n8n.workflows.create({"name": "Tea", "nodes": [], "connections": {}, "settings": {}})
    with pytest.raises(errors.Invalid, match="trigger"):
        await n8n.workflows.activate(idle.id)
    await n8n.workflows.delete(idle.id)


async def test_executions_are_collected_with_the_reason_of_those_that_failed(
    n8n: N8n, real: Server, pool: Pool
) -> None:
    """
    By tag of a business; a second look finds nothing new, and a failed one is run again.
    """
    good, good_path = await hooked(n8n, "Good", node("Nothing", "noOp", 1))
    bad, bad_path = await hooked(n8n, "Bad", node("Boom", "stopAndError", 1, errorMessage="no more tea"))
    tag = await n8n.tags.create({"name": "red-hill-fresh"})
    await n8n.workflows.set_tags(bad.id, [tag.id])
    assert (200, 500) == (await pull(real, good_path), await pull(real, bad_path))
    await ended(n8n, good.id, "success")
    failed = await ended(n8n, bad.id, "error")

    known = owners([("red-hill-fresh", "Red Hill Fresh")], {}, "teelixir")
    changed = [await collect(n8n, known, pool, Logger(Notebook([]))) for _ in range(2)]
    async with pool.connection() as conn:
        sql = "SELECT * FROM workflow_execution_logs ORDER BY workflow_name"
        rows = await (await conn.execute(sql)).fetchall()
    again = await n8n.executions.retry(failed.id)

    assert [2, 0] == changed
    assert [("Bad", "error", "red-hill-fresh", "no more tea"), ("Good", "success", "teelixir", None)] == [
        (row["workflow_name"], row["status"], row["business_id"], row["error_message"]) for row in rows
    ]
    assert ("Boom", 2, 1) == (
        rows[0]["error_details_json"]["node"],
        rows[0]["nodes_executed"],
        rows[0]["nodes_failed"],
    )
    assert ("retry", failed.id) == (again.mode, again.retry_of)


async def test_all_that_runs_is_stopped_at_once(n8n: N8n, real: Server) -> None:
    """
    Counted by n8n, and canceled.
    """
    made, path = await hooked(n8n, "Slow", node("Wait", "wait", 1, amount=60, unit="seconds"))
    call = asyncio.create_task(pull(real, path))
    await ended(n8n, made.id, "running")
    stopped = await n8n.executions.stop_all(workflow=made.id)
    await ended(n8n, made.id, "canceled")
    call.cancel()

    assert 1 == stopped
    await n8n.workflows.deactivate(made.id)
    await n8n.workflows.delete(made.id)


async def test_a_workflow_that_stops_running_is_missed(n8n: N8n, pool: Pool) -> None:
    """
    One of every two seconds runs, is switched off behind our back, and is missed until it runs again.
    """
    schedule = {"rule": {"interval": [{"field": "seconds", "secondsInterval": 2}]}}
    first = {**node("When", "scheduleTrigger", 0, **schedule), "typeVersion": 1.2}
    made = await n8n.workflows.create(
        {"name": "Ticking", "nodes": [first], "connections": {}, "settings": {"executionOrder": "v1"}}
    )
    log, known = Logger(Notebook([])), owners([], {}, "teelixir")

    async def look(*, believed: Workflow | None = None) -> list[dict[str, Any]]:
        workflows = {**(await listed(n8n) or {}), **({believed.id: believed} if believed else {})}
        await collect(n8n, known, pool, log, workflows=workflows)
        await watch(n8n.connection, workflows, known, pool, log, Settings(grace=timedelta(seconds=10)))
        async with pool.connection() as conn:
            sql = "SELECT * FROM workflow_problems WHERE workflow_id = %s AND problem = 'missed'"
            return [dict(row) for row in await (await conn.execute(sql, [made.id])).fetchall()]

    active = await n8n.workflows.activate(made.id)
    ran = await ended(n8n, made.id, "success")
    running = await look()
    await n8n.workflows.deactivate(made.id)
    # What its database says and its timers do not know: to us it looks active still.
    found = await until(lambda: look(believed=active), bool)
    await n8n.workflows.activate(made.id)
    closed = await until(look, lambda rows: not rows)
    await n8n.workflows.deactivate(made.id)

    assert ("trigger", []) == (ran.mode, running)
    assert "not happened" in found[0]["reason"]
    assert [] == closed
