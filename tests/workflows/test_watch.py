"""
A workflow of n8n's twin stops running; it is noticed, told, and over with the next run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from masterops import errors
from masterops.core import clock
from masterops.db import Pool
from masterops.logs import Logger
from masterops.reports import attention
from masterops.workflows import Settings, collect, listed, owners, watch
from tests.connectors.n8n_desk import Desk, Notebook, desk

KNOWN = owners([("teelixir", "Teelixir")], {}, None)
UTC_ZONE = Settings(zone="UTC")
NODES = [
    {
        "id": "1",
        "name": "Start",
        "type": "n8n-nodes-base.scheduleTrigger",
        "typeVersion": 1.2,
        "position": [0, 0],
        "parameters": {"rule": {"interval": [{"field": "hours"}]}},
    }
]


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    """The twin's clock stands five minutes past the hour, two days ago."""
    start = (clock.now() - timedelta(days=2)).replace(minute=5, second=0, microsecond=0)
    async with desk(start=start) as opened:
        yield opened


async def look(at: Desk, pool: Pool, settings: Settings = UTC_ZONE) -> None:
    """What a cycle does, at the twin's time."""
    workflows, log = await listed(at.n8n), Logger(Notebook(at.records))
    await collect(at.n8n, KNOWN, pool, log, workflows=workflows or {}, now=at.clock.now)
    await watch("n8n/teelixir", workflows, KNOWN, pool, log, settings)


async def problems(pool: Pool, problem: str = "missed") -> list[dict[str, Any]]:
    """What stands now."""
    sql = "SELECT * FROM workflow_problems WHERE problem = %s AND workflow_name = 'Teelixir: stock'"
    async with pool.connection() as conn:
        rows: list[dict[str, Any]] = await (await conn.execute(sql, [problem])).fetchall()
    return rows


async def row(pool: Pool) -> dict[str, Any]:
    """The workflow as the table keeps it."""
    sql = "SELECT * FROM ops.workflows WHERE name = 'Teelixir: stock'"
    async with pool.connection() as conn:
        found = await (await conn.execute(sql)).fetchone()
    assert found is not None
    return dict(found)


async def hourly(at: Desk, nodes: list[dict[str, Any]] = NODES) -> str:
    """An active workflow that is due every hour."""
    made = await at.n8n.workflows.create(
        {"name": "Teelixir: stock", "nodes": nodes, "connections": {}, "settings": {}}
    )
    await at.n8n.workflows.activate(made.id)
    return made.id


async def runs(at: Desk) -> None:
    """The next full hour comes, and with it a run; five minutes later somebody may look."""
    at.passes(55 * 60)
    await at.begin("Teelixir: stock", seconds=1)
    at.passes(5 * 60)


async def test_a_run_that_did_not_happen_is_told_until_the_next_one(at: Desk, pool: Pool) -> None:
    """
    From the twin's silence to the answer of `ops attention`, and back.
    """
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO businesses (slug, name, type) VALUES ('teelixir', 'Teelixir', 'brand')"
        )
    await hourly(at)
    await runs(at)
    await look(at, pool)
    well = await problems(pool)
    at.passes(3 * 3_600 + 120)
    await look(at, pool)
    (found,) = await problems(pool)
    (told,) = [
        reason for each in await attention(pool) for reason in each.reasons if reason.kind == "workflow_missed"
        and reason.what == "Teelixir: stock"
    ]  # fmt: skip
    await look(at, pool)
    again = await problems(pool)
    at.passes(3_480)
    await runs(at)
    await look(at, pool)

    assert [] == well == await problems(pool)
    assert ("teelixir", "critical", 3) == (
        found["business_id"],
        found["severity"],
        found["details_json"]["in_a_row"],
    )
    assert "3 runs have not happened" in (told.detail or "")
    assert [found["id"]] == [each["id"] for each in again]


async def test_the_table_says_what_sets_it_off_and_when_next(at: Desk, pool: Pool) -> None:
    """
    Also of one that is not active, which is due never.
    """
    id = await hourly(at)
    await runs(at)
    await look(at, pool)
    active = await row(pool)
    await at.n8n.workflows.deactivate(id)
    await look(at, pool)
    idle = await row(pool)

    due = at.clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    assert ("every hour at minute 0 (UTC)", due, None) == (
        active["runs_when"], active["next_at"].astimezone(UTC), active["unjudged"],
    )  # fmt: skip
    assert (False, None, None) == (idle["active"], idle["active_since"], idle["next_at"])


async def test_a_workflow_that_is_switched_off_misses_nothing(at: Desk, pool: Pool) -> None:
    """
    Nor does one that is switched on again, before its next moment.
    """
    id = await hourly(at)
    await runs(at)
    at.passes(3 * 3_600)
    await at.n8n.workflows.deactivate(id)
    await look(at, pool)
    off = await problems(pool)
    await at.n8n.workflows.activate(id)
    at.passes(10)
    await look(at, pool)

    assert [] == off == await problems(pool)


async def test_a_look_that_was_cut_off_judges_no_time_that_it_has_not_read(
    at: Desk, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    n8n restarts in the middle of it: the runs of the time after the last whole look are not known yet.
    """
    await hourly(at)
    await runs(at)
    await look(at, pool)
    await runs(at)
    await runs(at)

    async def restarting(*args: Any, **more: Any) -> Any:
        raise errors.ServerFailed(service="n8n/teelixir", reason="it restarts")

    with monkeypatch.context() as patched:
        patched.setattr(at.n8n.executions, "some", restarting)
        with pytest.raises(errors.ServerFailed):
            await look(at, pool)
    await watch("n8n/teelixir", await listed(at.n8n), KNOWN, pool, Logger(Notebook([])), UTC_ZONE)
    meanwhile = await problems(pool)
    await look(at, pool)

    assert [] == meanwhile == await problems(pool)


async def test_a_time_that_n8n_has_pruned_is_not_judged(at: Desk, pool: Pool) -> None:
    """
    Nobody looked for a day, and the executions of that day are gone.
    """
    await hourly(at)
    await runs(at)
    await look(at, pool)
    for _ in range(24):
        await runs(at)
    await at.set(keep_executions=1)
    await at.begin("Orders to Unleashed", seconds=0)
    await at.set(keep_executions=10_000)
    await look(at, pool)
    blind = await problems(pool)
    at.passes(2 * 3_600 + 120)
    await look(at, pool)
    (found,) = await problems(pool)

    assert [] == blind
    assert 2 == found["details_json"]["in_a_row"]


async def test_a_key_that_may_not_list_workflows_leaves_findings_as_they_are(at: Desk, pool: Pool) -> None:
    """
    The log says that nobody notices any more.
    """
    await hourly(at)
    await runs(at)
    at.passes(2 * 3_600)
    await look(at, pool)
    (before,) = await problems(pool)
    await watch("n8n/teelixir", None, KNOWN, pool, Logger(Notebook(at.records)), UTC_ZONE)

    assert [before["id"]] == [each["id"] for each in await problems(pool)]
    assert "workflows.unseen" in [record.message for record in at.records]


async def test_a_run_that_does_not_end_is_told_once_it_has_taken_an_hour(at: Desk, pool: Pool) -> None:
    """
    Also of a workflow that is not active; it is over when the run ends.
    """
    await at.begin("Weekly report", seconds=7_200)
    at.passes(3_700)
    await look(at, pool)
    async with pool.connection() as conn:
        sql = "SELECT workflow_name, reason FROM workflow_problems WHERE problem = 'stuck'"
        stuck = await (await conn.execute(sql)).fetchall()
    at.passes(3_600)
    await look(at, pool)
    async with pool.connection() as conn:
        over = await (await conn.execute(sql)).fetchall()

    assert ["Weekly report"] == [each["workflow_name"] for each in stuck]
    assert "running for" in stuck[0]["reason"]
    assert [] == over


@pytest.mark.parametrize(
    ("expression", "zone", "says"),
    [
        ("0 0 30 2 *", "UTC", "it never runs"),
        ("={{ $env.WHEN }}", "UTC", "an expression"),
        ("every full moon", "UTC", "n8n takes no cron"),
        ("0 * * * *", "Middle/Earth", "time zone"),
    ],
)
async def test_a_schedule_that_nobody_can_predict_is_said_and_not_judged(
    at: Desk, pool: Pool, expression: str, zone: str, says: str
) -> None:
    """
    It stands beside the workflow.
    """
    item = {"field": "cronExpression", "expression": expression}
    await hourly(at, [{**NODES[0], "parameters": {"rule": {"interval": [item]}}}])
    await runs(at)
    at.passes(3 * 3_600)
    await look(at, pool, Settings(zone=zone))

    assert [] == await problems(pool)
    assert says in (await row(pool))["unjudged"]
    assert datetime.now(UTC) > (await row(pool))["active_since"]
