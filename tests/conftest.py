"""
What many tests need: a real PostgreSQL, and a database of their own in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from masterops.db import Pool
from masterops.testing.databases import Databases


@pytest.fixture(scope="session")
def server(masterops_databases: Databases) -> str:
    """
    The URL of a server with a migrated template; one for each worker of the test run.
    """
    return masterops_databases.server


@pytest.fixture
def migrated(masterops_database: str) -> str:
    """
    The URL of a fresh, migrated database.
    """
    return masterops_database


@pytest.fixture
def database(migrated: str) -> str:
    """
    The same; folders that test the database itself have others under this name.
    """
    return migrated


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with Pool(database) as opened:
        yield opened
