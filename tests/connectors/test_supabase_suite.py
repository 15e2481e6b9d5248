"""
Supabase's connector, put through the standard suite.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from masterops.config import Connection, Secret
from masterops.connectors.supabase import Supabase, column
from masterops.sandbox import token_for
from masterops.testing import Kit, Said, connector_suite
from masterops.transport import Transport
from tests.connectors.project import running_project

CALLS = 5
PAGE = 100
MOMENT = "2026-11-26T01:02:03+00:00"


class SupabaseKit(Kit):
    """
    Rows, and Supabase's twin on the tests' own PostgreSQL.
    """

    service = "supabase"
    page_size = PAGE
    server = ""
    lacks = {
        "more pages after an empty one": "rows are read behind the last key, to the page that is empty",
        "batches": "a request is one statement, done whole or not at all",
        "refresh": "a key does not run out",
    }

    def connect(self, url: str, transport: Transport, **more: Any) -> Supabase:
        values = {
            "service_role_key": Secret(self.secret),
            "url": url,
            "changes": "items=updated_at",
            "calls_per_second": 9_999,
            **more,
        }
        return Supabase(Connection("supabase/teelixir", "supabase", "teelixir", values), transport)

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        async with running_project(self.server, rows=records) as project:
            yield f"{project.url}/supabase", token_for("supabase", "teelixir")

    def connect_limited(self, url: str, transport: Transport) -> tuple[Supabase, int, float]:
        return self.connect(url, transport, calls_per_second=CALLS), CALLS, 1.0

    def records(self, connector: Supabase) -> AsyncIterator[Any]:
        return connector.table("items", key="id").select().rows(size=PAGE)

    async def get(self, connector: Supabase, id: str) -> Any:
        return await connector.table("items", key="id").get(id)

    async def create(self, connector: Supabase, number: int) -> Any:
        return await connector.table("items", key="id").insert({"name": f"Suite {number}"})

    async def delete(self, connector: Supabase, id: str) -> None:
        await connector.table("items", key="id").delete(column("id").eq(id))

    async def spend(self, connector: Supabase) -> None:
        await connector.table("items", key="id").select().page(1)

    def id_of(self, record: Any) -> str:
        return str(record["id"])

    def record(self, id: str) -> Said:
        return Said.json(200, [{"id": id, "name": "Tea", "updated_at": MOMENT}])

    def made(self, id: str) -> Said:
        return Said(201, self.record(id).body, {"Content-Type": "application/json"})

    def page(self, ids: Sequence[str], number: int, *, more: bool) -> Said:
        return Said.json(200, [{"id": id, "name": f"Tea {id}", "updated_at": MOMENT} for id in ids])

    def error(self, status: int, message: str) -> Said:
        return Said.json(status, {"message": message}, sb_request_id=self.request_id or "")


KIT = SupabaseKit()


@pytest.fixture(autouse=True)
def _server(server: str) -> Iterator[None]:
    """The kit is told where the tests' PostgreSQL is."""
    KIT.server = server
    yield


TestSupabase = connector_suite(KIT)
