"""
The job that looks at every n8n for workflows which are no longer what was deployed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from masterops.core.backoff import RetryPolicy
from masterops.db import Pool
from masterops.health import Patient
from masterops.jobs.drift import note_drifts
from masterops.logs import Logger
from masterops.transport import Transport
from masterops.workflows.code import deploy
from tests.connectors.n8n_desk import Desk, Notebook, desk
from tests.jobs.test_cycle import Double
from tests.workflows.code.making import TEA

FILES = {"teelixir/tea.json": TEA}


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk(workflows=0) as opened:
        yield opened


COPY = """
INSERT INTO ops.deployment_steps SELECT (jsonb_populate_record(s, '{"integration_id": "n8n/group",
    "deployment": "01a219f4-d688-7ade-91ec-51b1ebbf23c5"}')).* FROM ops.deployment_steps AS s
"""


async def test_an_n8n_that_does_not_answer_keeps_its_findings_and_stops_no_other(
    at: Desk, pool: Pool
) -> None:
    """
    It is a line in the log; a service that is no n8n is left alone.
    """
    log = Logger(Notebook(at.records))
    await deploy(at.n8n, pool, log, FILES, {}, who="me", keep=lambda *_: None)
    await pool.fetch(f"{COPY} RETURNING 1")
    values = {"api_key": Secret("none"), "base_url": "http://127.0.0.1:1/n8n"}
    away = Connection("n8n/group", "n8n", None, values)
    async with Transport(log=log, measure=lambda metric: None, policy=RetryPolicy(attempts=1)) as transport:
        patients = [
            Patient(Connection("hubspot/teelixir", "hubspot", "teelixir", {}), Double("hubspot/teelixir")),
            Patient(away, N8n(away, transport)),
            Patient(Connection("n8n/teelixir", "n8n", "teelixir", {}), at.n8n),
        ]
        before = await looked(patients, pool, log)
        tea = next(iter([row.id async for row in at.n8n.workflows.list()]))
        await at.n8n.workflows.deactivate(tea)
        found = await looked(patients, pool, log)
        await at.fault(status=500)
        kept = await looked(patients, pool, log)
        await at.fault(latency_ms=1)
        await at.n8n.workflows.activate(tea)
        after = await looked(patients, pool, log)

    assert ([], []) == (before, after)
    assert ["changed since it was deployed: workflow active changed"] == found == kept
    assert 5 == sum(each.message == "workflows.drift.unread" for each in at.records)


async def looked(patients: Sequence[Patient], pool: Pool, log: Logger) -> list[str]:
    """What stands after one run of the job."""
    await note_drifts(patients, pool, log)
    return [row["reason"] for row in await pool.fetch("SELECT reason FROM workflow_problems")]
