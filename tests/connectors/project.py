"""
A Supabase project of the sandbox, its tables on the tests' own PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from masterops.config import Connection, Secret
from masterops.connectors.supabase import Supabase
from masterops.sandbox import Running, serve, token_for
from masterops.sandbox.supabase import keys
from masterops.transport import Transport
from tests.conftest import of

BUSINESS = "teelixir"
_numbers = itertools.count()


class Project:
    """
    Where a running project is, and its database.
    """

    def __init__(self, url: str, database: str) -> None:
        self.url, self.database = url, database

    def connector(self, transport: Transport, **more: Any) -> Supabase:
        """The connector, with the secret key unless another is given."""
        values = {
            "service_role_key": Secret(token_for("supabase", BUSINESS)),
            "url": f"{self.url}/supabase",
            "management_url": f"{self.url}/supabase",
            "project_ref": keys.ref_of(BUSINESS),
            "calls_per_second": 9_999,
            **more,
        }
        return Supabase(Connection(f"supabase/{BUSINESS}", "supabase", BUSINESS, values), transport)

    def run(self, script: str) -> None:
        """Change the schema as somebody with the password would, and tell PostgREST."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(script.encode())
            connection.execute("NOTIFY pgrst, 'reload schema'")


@contextlib.asynccontextmanager
async def running_project(server: str, *, rows: int | None = None) -> AsyncIterator[Project]:
    """A sandbox with a project of its own, as long as the block; `rows` is how many items there are."""
    name = f"project_{os.getpid()}_{next(_numbers)}"
    database = f"{name}_supabase_{BUSINESS}"
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        serving = asyncio.create_task(
            serve(
                businesses=[BUSINESS],
                state_dir=None,
                ready=started.set_result,
                contacts=0,
                workflows=1,
                database=of(server, name),
                rows=rows,
            )
        )
        try:
            yield Project((await started).url, of(server, database))
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            for each in (name, database):
                drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
                connection.execute(drop.format(Identifier(each)))
