"""
What many tests need: a real PostgreSQL, and a database of their own in it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from masterops.db import Pool, bundled, migrate
from tests import servers

TEMPLATE = "template_masterops"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """
    The URL of a server with a migrated template; one for each worker of the test run.
    """
    with servers.running(servers.newest_binaries(), timezone="UTC") as folder:
        url = servers.url(folder, "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
        asyncio.run(migrate(of(url, TEMPLATE), bundled()))
        yield url


@pytest.fixture
def migrated(server: str) -> Iterator[str]:
    """
    The URL of a fresh, migrated database.
    """
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {servers.copied(TEMPLATE)}".encode())
        yield of(server, name)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


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


def of(url: str, database: str) -> str:
    """The same server, another database."""
    return url.replace("/postgres?", f"/{database}?")
