"""
A Supabase project of the sandbox, its tables on the tests' own PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import psycopg

from masterops.config import Connection, Secret
from masterops.connectors.supabase import Supabase
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.sandbox import Running, serve, token_for
from masterops.sandbox.supabase import keys
from masterops.testing.databases import of
from masterops.transport import Budgets, Transport
from tests.transport.conftest import Notebook

BUSINESS = "teelixir"


class Project:
    """
    Where a running project is, and its database.
    """

    def __init__(self, url: str, database: str) -> None:
        self.url, self.database = url, database
        self.notebook = Notebook()
        self.slept = 0  # microseconds that the budgets believe to have gone by

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

    @contextlib.asynccontextmanager
    async def transport(self) -> AsyncIterator[Transport]:
        """A transport that writes into the notebook and hardly waits."""
        async with Transport(
            log=Logger(self.notebook),
            measure=self.notebook.metrics.append,
            policy=RetryPolicy(attempts=4, base=0.01, ceiling=0.05, deadline=60),
            sleep=self.sleep,
            budgets=Budgets(now=lambda: clock.microseconds() + self.slept),
        ) as made:
            yield made

    async def sleep(self, seconds: float) -> None:
        """A wait that the budgets believe in."""
        self.slept += round(seconds * 1_000_000)
        await asyncio.sleep(0)

    async def tell(self, method: str, path: str, given: object = None) -> None:
        """Set something about the twin: `settings`, `faults`."""
        async with aiohttp.ClientSession() as session:
            url = f"{self.url}/_sandbox/{path}"
            async with session.request(method, url, json=given) as reply:
                assert reply.status < 300, await reply.text()

    async def settings(self, **given: object) -> None:
        """Set how the project behaves."""
        await self.tell("PUT", f"settings/supabase/{BUSINESS}", given)

    async def fault(self, **given: object) -> None:
        """Make it misbehave."""
        await self.tell("PUT", f"faults/supabase/{BUSINESS}", given)

    def run(self, script: str) -> None:
        """Change the schema as somebody with the password would, and tell PostgREST."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(script.encode())
            connection.execute("NOTIFY pgrst, 'reload schema'")


@contextlib.asynccontextmanager
async def running_project(server: str, *, rows: int | None = None) -> AsyncIterator[Project]:
    """
    A sandbox with a project, as long as the block; `rows` is how many items there are. Its database is that of
    the project before it, seeded anew: making one takes longer than most tests.
    """
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            businesses=[BUSINESS],
            state_dir=None,
            ready=started.set_result,
            contacts=0,
            workflows=1,
            database=server,
            rows=rows,
        )
    )
    try:
        yield Project((await started).url, of(server, f"postgres_supabase_{BUSINESS}"))
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
