"""
What `ops test-integration unleashed` tries, each against the account itself.

A call is one of the month's: each of these reads one page, the smallest that will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from masterops import errors
from masterops.connectors.client import ResourceClient
from masterops.connectors.connector import Capability

if TYPE_CHECKING:
    from masterops.connectors.unleashed.connector import Unleashed

SAMPLE = 20


def capabilities(unleashed: Unleashed) -> list[Capability]:
    """Every capability of the connector, the reading ones first."""

    def reading(name: str, client: ResourceClient[Any]) -> Capability:
        async def run() -> str:
            found = await client.page(size=SAMPLE)
            more = " and more" if found.after else ""
            return f"{len(found.rows)}{more}"

        return Capability(f"{name}.list", run)

    async def one() -> str:
        found = await unleashed.products.page(size=1)
        if not found.rows:
            return "no products"
        read = await unleashed.products.get(found.rows[0].guid)
        expect(unleashed, read == found.rows[0], "a product reads otherwise alone than in the list")
        return "by GUID"

    async def webhooks() -> str:
        return f"{len([row async for row in unleashed.webhooks.list()])} subscriptions"

    return [
        *(reading(name, client) for name, client in unleashed.resources.items()),
        Capability("products.get", one),
        Capability("webhooks.list", webhooks),
        Capability("sales_orders.write", lambda: _write(unleashed), writes=True),
    ]


async def _write(unleashed: Unleashed) -> str:
    """
    Make a parked order, change and delete it: of all records orders alone can be deleted. It moves no stock.
    """
    customers = await unleashed.customers.page(size=1)
    products = await unleashed.products.page(size=1)
    if not customers.rows or not products.rows:
        return "not tried: it takes a customer and a product"
    line = {
        "LineNumber": 1,
        "Product": {"ProductCode": products.rows[0].product_code},
        "OrderQuantity": 1,
        "UnitPrice": 1,
        "LineTotal": 1,
    }
    fields = {
        "OrderStatus": "Parked",
        "Customer": {"CustomerCode": customers.rows[0].customer_code},
        "CustomerRef": f"masterops-test-{uuid4().hex[:12]}",
        "SalesOrderLines": [line],
    }
    made = await unleashed.sales_orders.create(fields)
    try:
        found = await unleashed.sales_orders.get(made.guid)
        changed = await unleashed.sales_orders.update(made.guid, {**fields, "Comments": "Changed"})
        expect(unleashed, found.customer_ref == fields["CustomerRef"], "the order read is not the one made")
        expect(unleashed, changed.comments == "Changed", "the change was not kept")
    finally:
        await unleashed.sales_orders.delete(made.guid)
    return "create, get, update, delete"


def expect(unleashed: Unleashed, holds: bool, otherwise: str) -> None:
    """Raise UnexpectedAnswer unless something holds."""
    if not holds:
        raise errors.UnexpectedAnswer(service=unleashed.connection, reason=otherwise)
