"""
A workflow of n8n's twin that runs well and produces nothing is noticed; what it was sent is not kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows import collect, count_outputs, listed, owners, watch, watching
from tests.connectors.n8n_desk import Desk, Notebook, desk

KNOWN = owners([("teelixir", "Teelixir")], {}, None)
STOCK = "Stock to the shop"
EXPECTED = watching({"timezone": "UTC", "expects_output": f"{STOCK}, nothing of this name"})


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as opened:
        yield opened


async def look(at: Desk, pool: Pool, settings: Any = EXPECTED) -> int:
    """What a cycle does, at the twin's time; how many runs were counted."""
    workflows, log = await listed(at.n8n) or {}, Logger(Notebook(at.records))
    await collect(at.n8n, KNOWN, pool, log, workflows=workflows, now=at.clock.now)
    counted = await count_outputs(at.n8n, settings.expecting(workflows.values()), pool, log)
    await watch("n8n/teelixir", workflows, KNOWN, pool, log, settings)
    return counted


async def found(pool: Pool) -> list[str]:
    """What stands now."""
    rows = await pool.fetch("SELECT workflow_name, reason FROM workflow_problems WHERE problem = 'empty'")
    return [f"{row['workflow_name']}: {row['reason']}" for row in rows]


async def run(at: Desk, times: int, items: int) -> None:
    """It runs so often, an hour apart, and gives so many items each time."""
    for _ in range(times):
        await at.begin(STOCK, seconds=0, items=items)
        at.passes(1)


async def test_a_workflow_that_produces_nothing_is_a_finding_until_it_produces_again(
    at: Desk, pool: Pool
) -> None:
    """
    After more runs in a row than its history lets expect.
    """
    while await look(at, pool):
        pass
    before = await found(pool)
    await run(at, 2, items=0)
    await look(at, pool)
    two = await found(pool)
    await run(at, 1, items=0)
    await look(at, pool)
    three = await found(pool)
    await run(at, 1, items=7)
    await look(at, pool)
    after = await found(pool)

    assert ([], [], []) == (before, two, after)
    assert [f"{STOCK}: its last 3 runs went well and produced nothing; "
            "of the 28 before them 28 produced something"] == three  # fmt: skip


async def test_only_what_is_named_is_asked_for_and_once(at: Desk, pool: Pool) -> None:
    """
    Some in each look; by name or by tag.
    """
    counts = [await look(at, pool) for _ in range(4)]
    tagged = watching({"expects_output": "reports"})
    by_tag = await look(at, pool, tagged)
    names = await pool.fetch("SELECT DISTINCT workflow_id, items FROM ops.workflow_outputs")
    not_at_all = await look(at, pool, watching({}))

    assert ([10, 10, 8, 0], 1, 0) == (counts, by_tag, not_at_all)
    assert {1} == {row["items"] for row in names}
    assert 2 == len(names)


async def test_an_n8n_that_fails_is_asked_again(at: Desk, pool: Pool) -> None:
    """
    What was counted stands; a run that n8n has purged since is known not to be known.
    """
    await look(at, pool)
    ids = EXPECTED.expecting((await listed(at.n8n) or {}).values())
    await at.fault(status=500)
    failed = await count_outputs(at.n8n, ids, pool, Logger(Notebook(at.records)))
    await at.fault(latency_ms=1)
    await at.set(keep_executions=1)
    await at.begin("New customer", seconds=0)
    purged = await count_outputs(at.n8n, ids, pool, Logger(Notebook(at.records)))
    rows = await pool.fetch("SELECT items FROM ops.workflow_outputs WHERE items IS NULL")

    assert (0, 10, 10) == (failed, purged, len(rows))
    assert "workflows.outputs.unread" in {each.message for each in at.records}
