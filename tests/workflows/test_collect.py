"""
Executions are collected from n8n's twin into a real database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from masterops import errors
from masterops.connectors.client import Page
from masterops.connectors.n8n import N8n
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows import collect, failures, owners, performance
from masterops.workflows.owners import Owners
from tests.connectors.n8n_desk import Desk, Notebook, desk

GROUP = owners([("teelixir", "Teelixir"), ("red-hill-fresh", "Red Hill Fresh")], {}, None)


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as opened:
        yield opened


async def look(at: Desk, pool: Pool, whose: Owners = GROUP) -> int:
    """One look; how much was new."""
    return await collect(at.n8n, whose, pool, Logger(Notebook([])))


async def rows(pool: Pool, sql: str = "TRUE") -> dict[str, dict[str, Any]]:
    """The rows of the table, by execution."""
    async with pool.connection() as conn:
        found = await (
            await conn.execute(f"SELECT * FROM workflow_execution_logs WHERE {sql}".encode())
        ).fetchall()
    return {row["execution_id"]: row for row in found}


async def one(n8n: N8n, **asked: Any) -> str:
    """The id of the newest execution that fits."""
    return (await anext(n8n.executions.find(**asked))).id


async def test_everything_that_n8n_has_is_collected_once(at: Desk, pool: Pool) -> None:
    """
    With the names of workflows; a second look finds nothing new and changes nothing.
    """
    there = {each.id: each.status async for each in at.n8n.executions.find()}
    first = await look(at, pool)
    kept = await rows(pool)
    second = await look(at, pool)

    assert (len(there), 0) == (first, second)
    assert there == {id: row["status"] for id, row in kept.items()}
    assert kept == await rows(pool)
    assert {"Orders to Unleashed", "Stock to the shop", "New customer", "Weekly report"} == {
        row["workflow_name"] for row in kept.values()
    }


async def test_why_an_execution_failed_is_asked_for(at: Desk, pool: Pool) -> None:
    """
    The node, its words, and how many nodes ran and failed.
    """
    await look(at, pool)
    failed = await rows(pool, "failed AND workflow_name = 'Orders to Unleashed'")

    assert failed
    assert {("The product code TEA-77 is not known", "Create sales orders", 4, 1)} == {
        (row["error_message"], row["error_details_json"]["node"], row["nodes_executed"], row["nodes_failed"])
        for row in failed.values()
    }


async def test_one_that_runs_is_followed_to_its_end(at: Desk, pool: Pool) -> None:
    """
    Also when it began long before the next look's window.
    """
    await at.begin("Orders to Unleashed", seconds=7_200)
    await look(at, pool)
    (id,) = await rows(pool, "finished_at IS NULL")
    for _ in range(3):
        at.passes(1_800)
        await at.begin("Orders to Unleashed", seconds=1)
        await look(at, pool)
    still = (await rows(pool))[id]["status"]
    at.passes(7_200)
    await look(at, pool)
    row = (await rows(pool))[id]

    assert ("running", "success", 7_200_000) == (still, row["status"], row["duration_ms"])


async def test_what_n8n_has_purged_stays(at: Desk, pool: Pool) -> None:
    """
    One that was running, and of which nobody can say how it ended, is not asked for for ever.
    """
    await at.begin("Orders to Unleashed", seconds=600)
    await look(at, pool)
    before = await rows(pool)
    (id,) = (id for id, row in before.items() if row["finished_at"] is None)
    at.passes(601)
    await at.set(keep_executions=1)
    await at.begin("Stock to the shop", seconds=0)
    await look(at, pool)
    after = await rows(pool)

    assert len(before) + 1 == len(after)
    assert "unknown" == after[id]["status"]


async def test_a_look_that_is_cut_off_goes_on_where_it_was(
    at: Desk, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nothing between is lost, and what was kept is not read again.
    """
    there = {each.id async for each in at.n8n.executions.find()}
    usual, asked = at.n8n.executions.some, list[str | None]()

    async def small(after: str | None = None, **more: Any) -> Any:
        asked.append(after)
        if len(asked) == 3:
            raise errors.ServerFailed(service="n8n/teelixir", reason="it restarts")
        query = {"startedAfter": more["started_after"].isoformat()}
        return await at.n8n.executions.page(after, size=50, query=query)

    monkeypatch.setattr(at.n8n.executions, "some", small)
    with pytest.raises(errors.ServerFailed):
        await look(at, pool)
    half = set(await rows(pool))
    await at.begin("Orders to Unleashed", seconds=0)
    await look(at, pool)
    whole = set(await rows(pool))
    monkeypatch.setattr(at.n8n.executions, "some", usual)
    newest = await look(at, pool)

    assert 100 == len(half)
    assert asked[2] == asked[3]
    assert there == whole
    assert 1 == newest


async def test_whose_a_workflow_is_comes_from_its_tags(at: Desk, pool: Pool) -> None:
    """
    Of an n8n that the whole group shares; `ops workflows` has the business's own.
    """
    await look(at, pool)

    assert {"teelixir"} == {row["business_id"] for row in (await rows(pool)).values()}
    assert 4 == len(await performance(pool, business="teelixir"))
    assert [] == await performance(pool, business="red-hill-fresh")
    assert await failures(pool, business="teelixir")


async def test_an_older_server_that_knows_no_filter_by_time_is_not_read_whole_each_time(
    at: Desk, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A look ends at the first page from beyond what it wants.
    """
    await at.set(older=True)
    pages = list[str | None]()

    async def small(after: str | None = None, **more: Any) -> Any:
        pages.append(after)
        return await at.n8n.executions.page(after, size=20)

    monkeypatch.setattr(at.n8n.executions, "some", small)
    await look(at, pool)
    first = len(pages)
    await look(at, pool)

    assert first > 8
    assert 2 >= len(pages) - first


async def test_a_place_that_n8n_no_longer_takes_costs_one_look(at: Desk, pool: Pool) -> None:
    """
    As after an update of n8n in the middle of a look; nothing is lost.
    """
    there = {each.id async for each in at.n8n.executions.find()}
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO ops.execution_sweeps (integration_id, floor_at, place)"
            " VALUES ('n8n/teelixir', now() - interval '8 days', 'of another version')"
        )
    with pytest.raises(errors.Invalid, match="cursor"):
        await look(at, pool)
    await look(at, pool)

    assert there == set(await rows(pool))


async def test_a_list_that_comes_no_further_ends_with_an_error(
    at: Desk, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    And not never; the next look is a new one.
    """
    usual = at.n8n.executions.some

    async def stuck(after: str | None = None, **more: Any) -> Any:
        page = await at.n8n.executions.page(size=20)
        return Page(page.rows, page.ids, "the same")

    monkeypatch.setattr(at.n8n.executions, "some", stuck)
    with pytest.raises(errors.UnexpectedAnswer, match="stands still"):
        await look(at, pool)
    monkeypatch.setattr(at.n8n.executions, "some", usual)
    await look(at, pool)

    assert {each.id async for each in at.n8n.executions.find()} == set(await rows(pool))


async def test_two_looks_at_once_keep_each_execution_once(at: Desk, pool: Pool) -> None:
    """
    Two workers may hold the cycle at the same time.
    """
    there = {each.id async for each in at.n8n.executions.find()}
    await asyncio.gather(look(at, pool), look(at, pool))

    async with pool.connection() as conn:
        (found,) = await (await conn.execute("SELECT count(*) AS n FROM workflow_execution_logs")).fetchall()
    assert len(there) == found["n"]


async def test_an_execution_without_a_node_that_failed_is_explained_once(at: Desk, pool: Pool) -> None:
    """
    n8n keeps no data of it; it is not asked for in every look.
    """
    await at.begin("Orders to Unleashed", seconds=0, ends_as="crashed")
    await look(at, pool)

    assert ["n8n does not say why"] == [
        row["error_message"] for row in (await rows(pool, "status = 'crashed'")).values()
    ]
    assert timedelta(0) <= at.clock.now() - max(row["started_at"] for row in (await rows(pool)).values())
