"""
Customers and sales orders: `/Customers`, `/SalesOrders`.

A list of orders has no deleted ones; `orderNumber` and `sourceId` override every other filter, `customerCode`
is the beginning of a code (apidocs.unleashedsoftware.com, "Sales orders").
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec

from masterops.connectors.resource import Verb
from masterops.connectors.unleashed.moments import Moment
from masterops.connectors.unleashed.records import CLIENT, Record, RecordClient, Reference, resource
from masterops.transport import Request


class Customer(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One customer.
    """

    customer_code: str
    customer_name: str
    email: str | None = None
    contact_first_name: str | None = None
    contact_last_name: str | None = None
    phone_number: str | None = None
    mobile_number: str | None = None
    xero_contact_id: str | None = None
    taxable: bool | None = None
    stop_credit: bool | None = None
    obsolete: bool | None = None


class SalesOrderLine(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """
    One line of an order.
    """

    guid: str | None = None
    line_number: int | None = None
    line_type: str | None = None
    product: Reference | None = None
    order_quantity: Decimal | None = None
    unit_price: Decimal | None = None
    discount_rate: Decimal | None = None
    line_total: Decimal | None = None
    tax_rate: Decimal | None = None
    line_tax: Decimal | None = None
    comments: str | None = None
    due_date: Moment | None = None


class SalesOrder(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One order. Its status is Open, Parked, Placed, Backordered, Completed or Deleted, or the account's own.
    """

    order_number: str
    order_status: str
    order_date: Moment | None = None
    required_date: Moment | None = None
    completed_date: Moment | None = None
    payment_due_date: Moment | None = None
    customer: Reference | None = None
    customer_ref: str | None = None
    warehouse: Reference | None = None
    exchange_rate: Decimal | None = None
    discount_rate: Decimal | None = None
    tax_rate: Decimal | None = None
    sub_total: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None
    source_id: str | None = None
    comments: str | None = None
    sales_order_lines: tuple[SalesOrderLine, ...] | None = ()


CUSTOMERS = resource("customers", "/Customers", Customer)
SALES_ORDERS = replace(
    resource("sales_orders", "/SalesOrders", SalesOrder),
    update=Verb("PUT", "/{id}", name="update", headers=CLIENT),
)


class SalesOrders(RecordClient[SalesOrder]):
    """
    Orders, which alone of all records can be completed and deleted.
    """

    async def complete(self, guid: str) -> None:
        """
        Complete an order: its goods leave the stock and it is invoiced. Raises OutcomeUnknown when nobody
        can say whether it was done (read the order), Invalid for one that cannot be completed.
        """
        request = Request(
            "POST",
            f"{self.resource.path}/{{id}}/Complete",
            f"{self.resource.name}.complete",
            parts={"id": guid},
            body={},
            repeatable=False,
            headers=CLIENT,
        )
        await self._call(request, lambda reply: None)
