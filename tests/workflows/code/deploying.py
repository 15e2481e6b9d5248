"""
One who deploys to n8n's twin, and what is remembered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from masterops.connectors.n8n import N8n, Workflow
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.code import Agreed, deploy, journal, look, note_drift, rollback
from masterops.workflows.code.deploy import Deployed
from masterops.workflows.code.document import Document
from tests.connectors.n8n_desk import Desk, Notebook, desk
from tests.workflows.code.making import FILES

LOG = Logger(Notebook([]))


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk(workflows=0) as opened:
        yield opened


class Here:
    """
    One who deploys, and what is remembered.
    """

    def __init__(self, n8n: N8n, pool: Pool, database: str) -> None:
        self.n8n, self.pool, self.database = n8n, pool, database
        self.agreed: dict[str, Agreed] = {}

    def keep(self, file: str, agreed: Agreed | None) -> None:
        if agreed is None:
            self.agreed.pop(file, None)
        else:
            self.agreed[file] = agreed

    async def deploy(self, files: Mapping[str, Document] = FILES, **how: Any) -> Deployed:
        return await deploy(self.n8n, self.pool, LOG, files, self.agreed, who="me", keep=self.keep, **how)

    async def undo(self, **how: Any) -> list[journal.Entry]:
        id = await journal.latest(self.pool, self.n8n.connection)
        assert id is not None
        return await rollback(self.n8n, self.pool, LOG, id, keep=self.keep, **how)

    async def held(self) -> dict[str, Document]:
        """What n8n holds, as files, by name."""
        return {each["name"]: each for each in (await look(self.n8n)).documents.values()}

    async def rows(self) -> dict[str, Workflow]:
        return {row.name: row async for row in self.n8n.workflows.list()}

    async def drifts(self) -> list[str]:
        await note_drift(self.n8n, self.pool, LOG)
        return [row["reason"] for row in await self.pool.fetch("SELECT reason FROM workflow_problems")]


@pytest.fixture
def me(at: Desk, pool: Pool, database: str) -> Here:
    return Here(at.n8n, pool, database)
