"""
n8n's connector, put through the standard suite.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from masterops.connectors.n8n.paths import PAGE_SIZE
from masterops.sandbox import Running, serve, token_for
from masterops.testing import Kit, Said, connector_suite
from masterops.transport import Transport

CALLS = 5


class N8nKit(Kit):
    """
    Workflows, and n8n's twin.
    """

    service = "n8n"
    page_size = PAGE_SIZE
    request_id = None  # n8n gives a request no name
    lacks = {
        "stable pages": "workflows are paged by how many are passed over",
        "batches": "n8n has none",
        "refresh": "an API key is renewed by hand",
    }

    def connect(self, url: str, transport: Transport, **more: Any) -> N8n:
        values = {"api_key": Secret(self.secret), "base_url": url, "calls_per_second": 9_999, **more}
        return N8n(Connection("n8n/teelixir", "n8n", "teelixir", values), transport)

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(
                businesses=["teelixir"],
                state_dir=None,
                ready=started.set_result,
                contacts=1,
                workflows=records,
            )
        )
        try:
            yield f"{(await started).url}/n8n", token_for("n8n", "teelixir")
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    def connect_limited(self, url: str, transport: Transport) -> tuple[N8n, int, float]:
        return self.connect(url, transport, calls_per_second=CALLS), CALLS, 1.0

    def records(self, connector: N8n) -> AsyncIterator[Any]:
        return connector.workflows.list()

    async def get(self, connector: N8n, id: str) -> Any:
        return await connector.workflows.get(id)

    async def create(self, connector: N8n, number: int) -> Any:
        fields = {"name": f"Suite {number}", "nodes": [], "connections": {}, "settings": {}}
        return await connector.workflows.create(fields)

    async def delete(self, connector: N8n, id: str) -> None:
        await connector.workflows.delete(id)

    async def spend(self, connector: N8n) -> None:
        _ = [row async for row in connector.workflows.list()]

    def record(self, id: str) -> Said:
        return Said.json(200, {"id": id})

    def page(self, ids: Sequence[str], number: int, *, more: bool) -> Said:
        cursor = f"page-{number + 1}" if more else None
        return Said.json(200, {"data": [{"id": id} for id in ids], "nextCursor": cursor})

    def error(self, status: int, message: str) -> Said:
        return Said.json(status, {"message": message})


TestN8n = connector_suite(N8nKit())
