"""
One Unleashed account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from masterops.config import Connection
from masterops.connectors import circuit
from masterops.connectors.client import ResourceClient
from masterops.connectors.connector import PULSE, Capability, Changed, Pulse
from masterops.connectors.unleashed import limits, problems
from masterops.connectors.unleashed.capabilities import capabilities
from masterops.connectors.unleashed.moments import whole
from masterops.connectors.unleashed.products import PRODUCTS
from masterops.connectors.unleashed.purchases import PURCHASE_ORDERS, SUPPLIERS
from masterops.connectors.unleashed.records import RecordClient
from masterops.connectors.unleashed.sales import CUSTOMERS, SALES_ORDERS, SalesOrders
from masterops.connectors.unleashed.settled import CREDIT_NOTES, INVOICES
from masterops.connectors.unleashed.signature import sign
from masterops.connectors.unleashed.stock import STOCK_ADJUSTMENTS, STOCK_ON_HAND, WAREHOUSES
from masterops.connectors.unleashed.webhooks import SUBSCRIPTIONS, Webhooks
from masterops.core.budgets import INTERACTIVE
from masterops.core.spelling import unknown
from masterops.transport import Request, Target, Transport, in_lane


class Unleashed:
    """
    The connector: one resource an attribute.
    """

    service = "unleashed"
    # What a cycle looks for. Each look is a call of the month, so the rest is read when it is wanted.
    watched = ("products", "customers", "sales_orders", "stock_on_hand")

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection.id
        minutes = connection.values.get("changes_every_minutes")
        self.changes_every = timedelta(minutes=minutes if isinstance(minutes, int) else 0)
        where = transport, target(connection)
        self.products = RecordClient(*where, PRODUCTS)
        self.customers = RecordClient(*where, CUSTOMERS)
        self.sales_orders = SalesOrders(*where, SALES_ORDERS)
        self.stock_on_hand = ResourceClient(*where, STOCK_ON_HAND)
        self.stock_adjustments = RecordClient(*where, STOCK_ADJUSTMENTS)
        self.warehouses = ResourceClient(*where, WAREHOUSES)
        self.suppliers = ResourceClient(*where, SUPPLIERS)
        self.purchase_orders = ResourceClient(*where, PURCHASE_ORDERS)
        self.invoices = ResourceClient(*where, INVOICES)
        self.credit_notes = ResourceClient(*where, CREDIT_NOTES)
        self.webhooks = Webhooks(*where, SUBSCRIPTIONS)

    @property
    def resources(self) -> Mapping[str, ResourceClient[Any]]:
        """Every resource that can be listed, by name."""
        every = (
            self.products,
            self.customers,
            self.sales_orders,
            self.stock_on_hand,
            self.stock_adjustments,
            self.warehouses,
            self.suppliers,
            self.purchase_orders,
            self.invoices,
            self.credit_notes,
        )
        return {each.resource.name: each for each in every}

    async def ping(self) -> Pulse:
        """One warehouse is enough to see that network, signature and service are well."""
        with in_lane(INTERACTIVE):
            await self.warehouses.bounded(PULSE).page(size=1)
        return Pulse()

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every record of `resource` changed at or after `since`, each once."""
        if resource not in self.resources:
            raise unknown("Unleashed resource", resource, self.resources)
        return await self.resources[resource].changed_since(whole(since))

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration unleashed` tries."""
        return capabilities(self)


def target(connection: Connection) -> Target:
    """The transport's view of an Unleashed connection. Raises ConfigReference when it has no credentials."""
    id, key = connection.secret("api_id"), connection.secret("api_key")

    def headers() -> dict[str, str]:
        return {"api-auth-id": id.reveal()}

    def signature(request: Request) -> dict[str, str]:
        return {"api-auth-signature": sign(request.query_string.encode(), key)}

    return Target(
        connection=connection.id,
        service="unleashed",
        business=connection.slug,
        base_url=str(connection.values["base_url"]),
        headers=headers,
        explain=problems.explain,
        limits=limits.limits(connection),
        sign=signature,
        circuit=circuit.rules(connection),
    )
