"""
A project of the sandbox with some rows, and the connector at it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from masterops.connectors.supabase import Supabase
from masterops.transport import Transport
from tests.connectors.project import Project, running_project


@pytest.fixture
async def project(server: str) -> AsyncIterator[Project]:
    async with running_project(server, rows=25) as started:
        yield started


@pytest.fixture
async def transport(project: Project) -> AsyncIterator[Transport]:
    async with project.transport() as made:
        yield made


@pytest.fixture
def supabase(project: Project, transport: Transport) -> Supabase:
    return project.connector(transport)
