"""
Every workflow of the library on a real n8n: `pytest -m n8n`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from masterops.connectors.n8n import N8n
from masterops.db import Pool
from masterops.devstack.n8n_install import install
from masterops.logs import Logger
from masterops.workflows import collect, failures, owners, performance
from masterops.workflows.code import (
    Agreed,
    deploy,
    journal,
    library,
    look,
    note_drift,
    plan_pull,
    rollback,
    validate,
)
from masterops.workflows.code.catalogue import made, ours
from masterops.workflows.code.document import Document, text
from tests.connectors.n8n_desk import Notebook
from tests.n8n.server import Server
from tests.n8n.test_contract import ended, n8n, real

pytestmark = [pytest.mark.n8n, pytest.mark.slow]
__all__ = ["n8n", "real"]  # fixtures

LOG = Logger(Notebook([]))
LONGEST_SECONDS = 30.0
# By webhook: what goes well, and what does not.
CALLS: dict[str, tuple[Any, Any]] = {
    "order": ({"id": "A-1", "lines": [{"price": 4.5, "quantity": 2}]}, {"id": "A-2", "lines": []}),
    "inventory": ({"levels": [{"sku": "TEA", "quantity": 3}]}, {"levels": [{"sku": "TEA", "quantity": -1}]}),
    "customer": ({"email": " Ann@Example.com ", "name": "Ann"}, {"email": "nobody"}),
    "notification": ({"text": "Tea is ready"}, {}),
    "report": ({}, None),
    "scheduled-sync": ({}, None),
}


@pytest.fixture
async def town() -> AsyncIterator[tuple[str, list[tuple[str, Any]]]]:
    """
    Where the workflows read and write, and what they wrote.
    """
    told: list[tuple[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method == "POST":
            told.append((request.path, await request.json()))
        figures = [{"amount": 3}, {"amount": 4}] if request.path == "/figures" else {"id": 7}
        return web.json_response(figures)

    app = web.Application()
    app.router.add_route("*", "/{path}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}", told
    await runner.cleanup()


def shelf(url: str) -> dict[str, Document]:
    """The library, filled in for a business, with these addresses."""
    found = {}
    for each in library.templates():
        values = {
            key: value.replace("http://127.0.0.1:8080", url)
            for key, value in each.values.items()
            if key.endswith("URL")
        }
        found[place(each.name)] = library.filled(each, "teelixir", "Teelixir", values)
    return found


def place(name: str) -> str:
    """The file of a workflow of the library."""
    return f"teelixir/teelixir-{name}.json"


async def pull(real: Server, name: str, body: Any) -> int:
    """Set one off as soon as its webhook is there; the status of the answer."""
    end = time.monotonic() + LONGEST_SECONDS
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(f"{real.url}/webhook/teelixir/{name}", json=body) as answer:
                if answer.status != 404 or time.monotonic() > end:
                    return answer.status
            await asyncio.sleep(0.1)


async def test_the_library_is_valid_by_both_catalogues() -> None:
    """
    By ours, and by that of the n8n that is installed, without so much as a warning.
    """
    files = {file: text(document).encode() for file, document in shelf("http://127.0.0.1:1").items()}
    whole = made(install().program.parents[2])

    assert [] == validate(files, ours()).problems
    assert [] == validate(files, whole).problems
    assert len(whole.types) > 400


async def test_the_library_is_deployed_run_and_seen(
    n8n: N8n, real: Server, pool: Pool, town: tuple[str, list[tuple[str, Any]]]
) -> None:
    """
    Success and failure of each in `ops workflows`; errors reach the one that handles them; what was pulled is
    what was deployed; nothing has drifted until somebody changes it; and all of it is undone.
    """
    url, told = town
    files, agreed = shelf(url), dict[str, Agreed]()
    first, second = [
        await deploy(n8n, pool, LOG, files, agreed, who="me", keep=agreed.__setitem__) for _ in range(2)
    ]
    live = await look(n8n)
    held = {file: text(document).encode() for file, document in files.items()}
    pulled = plan_pull(live.documents, dict.fromkeys(live.documents, "teelixir"), agreed, held)

    assert ({"create"}, {"unchanged"}) == tuple(
        {each.action for each in one.steps} for one in (first, second)
    )
    assert {"same"} == {each.action for each in pulled if each.document}
    assert 0 == await note_drift(n8n, pool, LOG)

    await _run_all(n8n, real, agreed)
    await collect(n8n, owners([("teelixir", "Teelixir")], {}, None), pool, LOG)
    seen = {row.workflow_name: row for row in await performance(pool, business="teelixir")}
    failed = {row.workflow_name: row.error_message for row in await failures(pool, business="teelixir")}

    for name, (_, bad) in CALLS.items():
        row = seen[f"Teelixir: {name.replace('-', ' ')}"]
        assert (1, 0 if bad is None else 1) == (row.successful_executions, row.failed_executions), name
    assert "Order A-2 has no lines" == failed["Teelixir: order"]
    alerts = [body for path, body in told if path == "/alerts"]
    assert "Teelixir: order" in {body["workflow"] for body in alerts}
    assert ("/customers", {"email": "ann@example.com", "name": "Ann", "business": "teelixir"}) in told

    await n8n.workflows.deactivate(agreed[place("order")].id)
    assert 1 == await note_drift(n8n, pool, LOG)
    deployment = await journal.latest(pool, n8n.connection)
    assert deployment is not None
    await rollback(n8n, pool, LOG, deployment, keep=lambda *_: None, force=True)
    assert [] == [each.id async for each in n8n.workflows.list()]


async def _run_all(n8n: N8n, real: Server, agreed: dict[str, Agreed]) -> None:
    """Each by webhook, until its executions and those of the error workflow are listed."""
    for name, (good, bad) in CALLS.items():
        id = agreed[place(name)].id
        assert 200 == await pull(real, name, good), name
        await ended(n8n, id, "success")
        if bad is not None:
            assert await pull(real, name, bad) >= 400, name
            await ended(n8n, id, "error")
    recovery = agreed[place("error-recovery")].id
    wanted = sum(bad is not None for _, bad in CALLS.values())
    end = time.monotonic() + LONGEST_SECONDS
    while len([each async for each in n8n.executions.find(workflow=recovery, status="success")]) < wanted:
        assert time.monotonic() < end, "errors were not handled"
        await asyncio.sleep(0.2)
