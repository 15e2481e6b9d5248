"""
What only a real n8n can say of workflows' files and of what its workflows did: `pytest -m n8n`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from masterops import errors
from masterops.connectors.n8n import N8n, Workflow
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows import Settings, collect, count_outputs, listed, owners, watch
from masterops.workflows.code import (
    Agreed,
    canonical,
    deploy,
    differences,
    journal,
    look,
    plan_pull,
    rollback,
)
from masterops.workflows.code.document import Document
from tests.connectors.n8n_desk import Notebook
from tests.n8n.server import Server
from tests.n8n.test_contract import ended, hooked, n8n, node, pull, real, until
from tests.workflows.code.making import CIRCLE

pytestmark = [pytest.mark.n8n, pytest.mark.slow]
__all__ = ["n8n", "real"]  # fixtures

LOG, KNOWN = Logger(Notebook([])), owners([("teelixir", "Teelixir")], {}, None)
SECONDS = {"rule": {"interval": [{"field": "seconds", "secondsInterval": 2}]}}
SETTINGS = {
    "executionOrder": "v1", "timezone": "UTC", "executionTimeout": 60, "saveDataSuccessExecution": "all",
    "saveExecutionProgress": False,
}  # fmt: skip


async def bring(n8n: N8n, pool: Pool, files: dict[str, Document], agreed: dict[str, Agreed]) -> list[str]:
    """One deployment; what was done."""
    done = await deploy(n8n, pool, LOG, files, agreed, who="me", keep=agreed.__setitem__)
    return sorted(step.action for step in done.steps)


async def undo(n8n: N8n, pool: Pool) -> None:
    """The newest deployment."""
    id = await journal.latest(pool, n8n.connection)
    assert id is not None
    await rollback(n8n, pool, LOG, id, keep=lambda *_: None)


async def test_a_circle_is_published(n8n: N8n, pool: Pool) -> None:
    """
    Which n8n refuses as long as one of it is not; a second deployment changes nothing, and all of it is undone.
    """
    agreed: dict[str, Agreed] = {}
    first, second = [await bring(n8n, pool, CIRCLE, agreed) for _ in range(2)]
    live = await look(n8n)
    theirs = {live.documents[agreed[file].id]["name"]: live.documents[agreed[file].id] for file in CIRCLE}
    await undo(n8n, pool)

    assert ((["create"] * 3), (["unchanged"] * 3)) == (first, second)
    assert theirs == {each["name"]: each for each in CIRCLE.values()}
    assert not {each.id for each in agreed.values()} & {row.id async for row in n8n.workflows.list()}


async def test_settings_come_together(n8n: N8n, pool: Pool) -> None:
    """
    What n8n lets go of is gone after a deployment; what it keeps is refused before; what was pulled does not
    differ from what is there.
    """
    file, agreed = "group/settings.json", dict[str, Agreed]()
    whole = canonical({**CIRCLE["group/self.json"], "name": "Settings", "nodes": [], "connections": {},
                       "active": False, "settings": SETTINGS})  # fmt: skip
    less = {**whole, "settings": {name: SETTINGS[name] for name in SETTINGS if name != "timezone"}}
    await bring(n8n, pool, {file: whole}, agreed)
    updated = await bring(n8n, pool, {file: less}, agreed)
    live = (await look(n8n)).documents[agreed[file].id]
    pulled = plan_pull({"1": live}, {"1": "group"}, {}, {})[0].document
    assert pulled is not None
    again = await bring(n8n, pool, {file: pulled}, agreed)
    after = (await look(n8n)).documents[agreed[file].id]
    with pytest.raises(errors.WorkflowsInvalid, match='"executionTimeout": 60'):
        await bring(n8n, pool, {file: {**less, "settings": {"executionOrder": "v1"}}}, agreed)
    await n8n.workflows.delete(agreed[file].id)

    assert (["update"], ["unchanged"]) == (updated, again)
    assert less["settings"] == live["settings"]
    assert [] == differences(pulled, after)


async def test_a_run_that_ends_with_nothing_is_counted_as_such(n8n: N8n, real: Server, pool: Pool) -> None:
    """
    One that a filter left nothing of, and one that gave two items.
    """
    code = "return $input.first().json.body.full ? [{json: {a: 1}}, {json: {b: 2}}] : [];"
    made, path = await hooked(n8n, "Counting", {**node("Code", "code", 1, jsCode=code), "typeVersion": 2})
    await pull(real, path)  # n8n has no item to answer with, and calls that a failure of the call alone
    await ended(n8n, made.id, "success")
    assert 200 == await pull(real, path, {"full": True})
    await until(lambda: _listed(n8n, made.id), lambda found: len(found) == 2)
    await collect(n8n, KNOWN, pool, LOG)
    counted = [await count_outputs(n8n, [made.id], pool, LOG) for _ in range(2)]
    rows = await pool.fetch("SELECT items FROM ops.workflow_outputs ORDER BY execution_id::int")

    assert [2, 0] == counted
    assert [0, 2] == [row["items"] for row in rows]


async def _listed(n8n: N8n, id: str) -> list[Any]:
    return [each async for each in n8n.executions.find(workflow=id, status="success")]


async def test_success_failure_and_missed_runs_are_in_the_printed_tables(
    n8n: N8n, real: Server, pool: Pool, database: str, tmp_path: Path
) -> None:
    """
    As a person at a terminal sees them.
    """
    good, good_path = await hooked(n8n, "Good tea", node("Nothing", "noOp", 1))
    bad, bad_path = await hooked(n8n, "Bad tea", node("Boom", "stopAndError", 1, errorMessage="no more tea"))
    first = {**node("When", "scheduleTrigger", 0, **SECONDS), "typeVersion": 1.2}
    fields = {"name": "Late tea", "nodes": [first], "connections": {}, "settings": {"executionOrder": "v1"}}
    late = await n8n.workflows.activate((await n8n.workflows.create(fields)).id)
    assert (200, 500) == (await pull(real, good_path), await pull(real, bad_path))
    await ended(n8n, good.id, "success")
    await ended(n8n, bad.id, "error")
    await ended(n8n, late.id, "success")
    await n8n.workflows.deactivate(late.id)

    async def missed() -> list[Any]:
        await _cycle(n8n, pool, late)
        sql = "SELECT 1 FROM workflow_problems WHERE workflow_id = %s AND problem = 'missed'"
        return await pool.fetch(sql, [late.id])

    await until(missed, bool)
    names = {"DATABASE_URL": database, "N8N_BASE_URL": real.url, "N8N_API_KEY": real.key}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MASTEROPS_HOME": str(tmp_path), **names}
    every = await _printed(env, "workflows")
    due, failed = await _printed(env, "workflows", "--missed"), await _printed(env, "workflows", "--failures")
    print(every, due, failed, sep="\n")

    assert ["ok", "1", "0", "100", "%"] == _cells(every, "Good tea", 5)
    assert ["ok", "1", "1", "0", "%"] == _cells(every, "Bad tea", 5)
    assert ["warning", "missed"] == [_cells(every, "Late tea", 1)[0], _cells(every, "Late tea")[-1]]
    assert "missed" in _cells(due, "Late tea")
    assert "no more tea" in " ".join(_cells(failed, "Bad tea"))


async def _cycle(n8n: N8n, pool: Pool, believed: Workflow) -> None:
    """What a cycle does; one workflow looks active still, though its timers are gone."""
    workflows = {**(await listed(n8n) or {}), believed.id: believed}
    await collect(n8n, KNOWN, pool, LOG, workflows=workflows)
    settings = Settings(grace=timedelta(seconds=5))
    await watch(n8n.connection, workflows, KNOWN, pool, LOG, settings)


async def _printed(env: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "masterops", *words]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=env, cwd=env["HOME"], stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


def _cells(table: str, name: str, count: int | None = None) -> list[str]:
    """The words of a row behind its name, without the signs that stand for a state."""
    (line,) = [line for line in table.splitlines() if name in line]
    words = [each for each in line.partition(name)[2].split() if each.isascii() and each != "-"]
    return words[:count]
