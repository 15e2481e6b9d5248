"""
Suppliers and purchase orders: `/Suppliers`, `/PurchaseOrders`. Read only.
"""

from __future__ import annotations

from decimal import Decimal

from masterops.connectors.unleashed.moments import Moment
from masterops.connectors.unleashed.records import Record, Reference, resource


class Supplier(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One supplier.
    """

    supplier_code: str | None = None
    supplier_name: str | None = None
    email: str | None = None
    obsolete: bool | None = None


class PurchaseOrder(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One order that the business placed.
    """

    order_number: str | None = None
    order_status: str | None = None
    order_date: Moment | None = None
    required_date: Moment | None = None
    completed_date: Moment | None = None
    supplier: Reference | None = None
    warehouse: Reference | None = None
    sub_total: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None


SUPPLIERS = resource("suppliers", "/Suppliers", Supplier)
PURCHASE_ORDERS = resource("purchase_orders", "/PurchaseOrders", PurchaseOrder)
