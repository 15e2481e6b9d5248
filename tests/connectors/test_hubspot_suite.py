"""
HubSpot's connector, put through the standard suite.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from masterops.config import Connection, Secret
from masterops.connectors.batches import BatchResult
from masterops.connectors.hubspot import HubSpot
from masterops.sandbox import Running, serve, token_for
from masterops.sandbox.hubspot.limits import Limits
from masterops.testing import Kit, Said, connector_suite
from masterops.transport import Transport

SEARCHES = 5


class HubSpotKit(Kit):
    """
    Contacts, and HubSpot's twin.
    """

    service = "hubspot"
    batch_size = 100
    lacks = {"refresh": "a private app's token does not run out"}

    def connect(self, url: str, transport: Transport, **more: Any) -> HubSpot:
        values = {"access_token": Secret(self.secret), "base_url": url, "calls_per_10_seconds": 9_999, **more}
        return HubSpot(Connection("hubspot/teelixir", "hubspot", "teelixir", values), transport)

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        limits = Limits(burst=9_999, search=9_999)
        serving = asyncio.create_task(
            serve(
                businesses=["teelixir"],
                state_dir=None,
                ready=started.set_result,
                contacts=records,
                limits=limits,
            )
        )
        try:
            yield f"{(await started).url}/hubspot", token_for("hubspot", "teelixir")
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    def connect_limited(self, url: str, transport: Transport) -> tuple[HubSpot, int, float]:
        return self.connect(url, transport, searches_per_second=SEARCHES), SEARCHES, 1.0

    def records(self, connector: HubSpot) -> AsyncIterator[Any]:
        return connector.contacts.list()

    async def get(self, connector: HubSpot, id: str) -> Any:
        return await connector.contacts.get(id)

    async def create(self, connector: HubSpot, number: int) -> Any:
        return await connector.contacts.create({"email": f"suite-{number}@example.com"})

    async def delete(self, connector: HubSpot, id: str) -> None:
        await connector.contacts.archive(id)

    async def spend(self, connector: HubSpot) -> None:
        _ = [row async for row in connector.contacts.search(limit=1)]

    async def batch(self, connector: HubSpot, count: int) -> BatchResult[Any]:
        return await connector.contacts.batch_create([{"email": f"n{n}@example.com"} for n in range(count)])

    def record(self, id: str) -> Said:
        return Said.json(200, {"id": id, "properties": {}})

    def page(self, ids: Sequence[str], number: int, *, more: bool) -> Said:
        after = {"paging": {"next": {"after": f"page-{number + 1}"}}} if more else {}
        return Said.json(200, {"results": [{"id": id, "properties": {}} for id in ids], **after})

    def error(self, status: int, message: str) -> Said:
        body = {"status": "error", "message": message, "correlationId": self.request_id}
        return Said.json(status, body)

    def inputs_of(self, body: bytes) -> Sequence[Any]:
        inputs: list[Any] = msgspec.json.decode(body)["inputs"]
        return inputs

    def batch_said(self, inputs: Sequence[Any], failed: Sequence[int]) -> Said:
        refused = [
            {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "message": "Refused.",
                "context": {"objectWriteTraceId": [inputs[place]["objectWriteTraceId"]]},
            }
            for place in failed
        ]
        done = [{"id": str(place + 1)} for place in range(len(inputs)) if place not in failed]
        return Said.json(207 if refused else 201, {"results": done, "errors": refused})


TestHubSpot = connector_suite(HubSpotKit())
