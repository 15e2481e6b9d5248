"""
Unleashed's connector, put through the standard suite.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.unleashed import Product, Unleashed
from masterops.connectors.unleashed.records import PAGE
from masterops.sandbox import Running, serve, service_key_for, token_for
from masterops.testing import Kit, Said, connector_suite
from masterops.transport import Transport

ID = token_for("unleashed", "teelixir")


class UnleashedKit(Kit):
    """
    Products, and Unleashed's twin.
    """

    service = "unleashed"
    page_size = PAGE
    other_secrets = (ID,)
    request_id = None  # Unleashed documents none
    means = {403: errors.Unauthenticated}  # a wrong signature
    lacks = {
        "delete": "products become obsolete",
        "stable pages": "its pages are numbers",
        "more pages after an empty one": "its pages are numbers",
        "unsafe create": "a product is made under a GUID of ours",
        "batches": "it has none",
        "limits": "its only windows are a minute and a month",
        "refresh": "its key does not run out",
    }

    def connect(self, url: str, transport: Transport) -> Unleashed:
        values = {
            "api_id": Secret(ID),
            "api_key": Secret(self.secret),
            "base_url": url,
            "calls_per_minute": 9_999,
        }
        return Unleashed(Connection("unleashed/teelixir", "unleashed", "teelixir", values), transport)

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(
                businesses=["teelixir"],
                state_dir=None,
                ready=started.set_result,
                contacts=0,
                products=records,
            )
        )
        try:
            yield f"{(await started).url}/unleashed", service_key_for("unleashed", "teelixir")
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving

    def records(self, connector: Unleashed) -> AsyncIterator[Product]:
        return connector.products.list()

    async def get(self, connector: Unleashed, id: str) -> Product:
        return await connector.products.get(id)

    async def create(self, connector: Unleashed, number: int) -> Product:
        return await connector.products.create(
            {"ProductCode": f"SUITE-{number}", "ProductDescription": f"Tea {number}"}
        )

    def id_of(self, record: Product) -> str:
        return record.guid

    def record(self, id: str) -> Said:
        return Said.json(200, {"Guid": id, "ProductCode": "TEA"})

    def page(self, ids: Sequence[str], number: int, *, more: bool) -> Said:
        told = {
            "NumberOfItems": len(ids),
            "PageSize": PAGE,
            "PageNumber": number + 1,
            "NumberOfPages": number + 1 + more,
        }
        items: list[Any] = [{"Guid": id, "ProductCode": f"P{id}"} for id in ids]
        return Said.json(200, {"Pagination": told, "Items": items})

    def error(self, status: int, message: str) -> Said:
        return Said.json(status, {"Description": message, "Errors": []})


TestUnleashed = connector_suite(UnleashedKit())
