"""
The n8n of demo mode: what is the matter with its workflows is found, and they go on by the clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from masterops.app.demo import demo_connection, services
from masterops.config import load
from masterops.core import clock
from masterops.db import Pool
from masterops.logs import Logger
from masterops.sandbox.clock import HandClock
from masterops.sandbox.n8n.twin import N8nTwin
from masterops.workflows import collect, count_outputs, listed, owners, performance, watch, watching
from tests.connectors.n8n_desk import Desk, Notebook, desk

KNOWN = owners([("teelixir", "Teelixir")], {}, None)
DEMO = watching(demo_connection("n8n", "teelixir", "http://127.0.0.1:1").values)


async def look(at: Desk, pool: Pool) -> dict[str, str]:
    """What a cycle does, until nothing is left to count; what stands then, by workflow."""
    workflows, log = await listed(at.n8n) or {}, Logger(Notebook(at.records))
    await collect(at.n8n, KNOWN, pool, log, workflows=workflows, now=at.clock.now)
    while await count_outputs(at.n8n, DEMO.expecting(workflows.values()), pool, log):
        pass
    await watch("n8n/teelixir", workflows, KNOWN, pool, log, DEMO)
    sql = "SELECT workflow_name, problem FROM workflow_problems WHERE severity <> 'info'"
    return {row["workflow_name"]: row["problem"] for row in await pool.fetch(sql)}


async def test_one_fails_one_is_missed_and_one_gives_nothing(pool: Pool) -> None:
    """
    From the first minute, and an hour later too, when the others have run again.
    """
    now = clock.now().replace(minute=7, second=0, microsecond=0) - timedelta(hours=1)
    async with desk(live=True, start=now) as at:
        first = await look(at, pool)
        before = {each.workflow_name: each.total_executions for each in await performance(pool)}
        at.passes(3600)
        second = await look(at, pool)
        after = {each.workflow_name: each.total_executions for each in await performance(pool)}

    assert first == second
    assert {
        "Supplier prices": "failing",
        "Invoices to accounting": "missed",
        "Product feed": "empty",
    } == first
    assert {"Orders to Unleashed": 6, "Stock to the shop": 4, "Supplier prices": 2, "Product feed": 2,
            "Invoices to accounting": 0, "New customer": 0} == {
                name: after[name] - before[name] for name in after}  # fmt: skip


def test_what_runs_by_the_clock_stops_when_it_is_switched_off() -> None:
    """
    And is not made up for when it is switched on again.
    """
    hand = HandClock(datetime(2026, 11, 26, 12, 7, tzinfo=UTC))
    home = N8nTwin(["teelixir"], hand, live=True).servers["teelixir"]
    stock = next(row for row in home.workflows.values() if row["name"] == "Stock to the shop")
    stock["active"] = False
    hand.move(3600)
    home.settle()
    asleep = [run.started for run in home.runs.values() if run.workflow == stock["id"]]
    stock["active"] = True
    hand.move(3600)
    home.settle()
    awake = [run.started for run in home.runs.values() if run.workflow == stock["id"]]

    assert "12:00" == max(asleep).strftime("%H:%M")
    assert ["13:15", "13:30", "13:45", "14:00"] == [
        each.strftime("%H:%M") for each in awake if each > max(asleep)
    ]


def test_demo_mode_has_an_n8n_where_it_is_asked_for(tmp_path: Path) -> None:
    """
    One for each business, which is told which time zone it has.
    """
    without, with_one = (
        services(load(environ=environ, cwd=tmp_path, home=tmp_path))
        for environ in ({}, {"MASTEROPS_SANDBOX_N8N": "true"})
    )

    assert ("n8n" in without, "n8n" in with_one) == (False, True)
    assert "UTC" == DEMO.zone
