"""
What the twin keeps, as data: the kinds of records, what makes one, and how a list of them is narrowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Row = dict[str, Any]
Test = Callable[[Row, str], bool]


def _at(row: Row, place: str) -> str:
    value: Any = row
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def begins(place: str) -> Test:
    """The field begins so, in any case."""
    return lambda row, wanted: _at(row, place).lower().startswith(wanted.lower())


def equals(place: str) -> Test:
    """The field is this, in any case."""
    return lambda row, wanted: _at(row, place).lower() == wanted.lower()


def contains(place: str) -> Test:
    """The field has this in it, in any case."""
    return lambda row, wanted: wanted.lower() in _at(row, place).lower()


def one_of(place: str) -> Test:
    """The field is one of these, with commas between."""
    return lambda row, wanted: _at(row, place).lower() in wanted.lower().split(",")


class Kind(msgspec.Struct, frozen=True):
    """
    One kind of record. `code` is what no two may share; `number` is counted up where none is given, with
    `prefix` before it. `alone` are filters that override all others.
    """

    path: str
    needs: tuple[str, ...] = ()
    code: str = ""
    number: str = ""
    prefix: str = ""
    order: str = ""
    writable: bool = False
    filters: Mapping[str, Test] = {}
    alone: Mapping[str, Test] = {}


KINDS = (
    Kind(
        "Products",
        needs=("ProductCode", "ProductDescription"),
        code="ProductCode",
        order="ProductCode",
        writable=True,
        filters={
            "productCode": begins("ProductCode"),
            "productDescription": contains("ProductDescription"),
            "productGroup": equals("ProductGroup.GroupName"),
            "productId": equals("Guid"),
            "ProductBarcode": equals("Barcode"),
        },
    ),
    Kind(
        "Customers",
        needs=("CustomerCode", "CustomerName"),
        code="CustomerCode",
        writable=True,
        filters={
            "customerCode": begins("CustomerCode"),
            "customerName": contains("CustomerName"),
            "contactEmail": equals("Email"),
        },
    ),
    Kind(
        "SalesOrders",
        needs=("Customer", "SalesOrderLines"),
        code="OrderNumber",
        number="OrderNumber",
        prefix="SO-",
        writable=True,
        filters={
            "orderStatus": one_of("OrderStatus"),
            "customerCode": begins("Customer.CustomerCode"),
            "customerId": equals("Customer.Guid"),
            "warehouseCode": equals("Warehouse.WarehouseCode"),
        },
        alone={"orderNumber": equals("OrderNumber"), "sourceId": equals("SourceId")},
    ),
    Kind(
        "StockAdjustments",
        needs=("Warehouse", "AdjustmentReason", "StockAdjustmentLines"),
        code="AdjustmentNumber",
        number="AdjustmentNumber",
        prefix="SA-",
        writable=True,
        filters={"warehouseCode": equals("Warehouse.WarehouseCode")},
    ),
    Kind("Warehouses"),
    Kind("Suppliers"),
    Kind("PurchaseOrders"),
    Kind("Invoices", number="InvoiceNumber", prefix="INV-"),
    Kind("CreditNotes"),
)
BY_NAME = {kind.path.lower(): kind for kind in KINDS}
