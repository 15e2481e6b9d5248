"""
What many tests need: a real PostgreSQL, and a database of their own in it.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from masterops.db import Embedded, Pool, bundled, migrate

TEMPLATE = "template_masterops"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """
    The URL of an embedded server with a migrated template; one for each worker of the test run.
    """
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as home:
        Path(home).chmod(0o755)  # root's server runs under another account, which may enter here
        embedded = Embedded(Path(home))
        with embedded.running() as url, psycopg.connect(url, autocommit=True) as connection:
            # Nothing here outlives the run, so nothing needs to reach the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
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
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(TEMPLATE))
        )
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
    return url.replace("/masterops?", f"/{database}?")
