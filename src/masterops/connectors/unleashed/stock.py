"""
Stock: what there is (`/StockOnHand`), corrections of it (`/StockAdjustments`), and where (`/Warehouses`).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from masterops.connectors.unleashed.moments import Moment
from masterops.connectors.unleashed.records import Dated, Record, Reference, resource


class StockOnHand(Dated, frozen=True, kw_only=True, rename="pascal"):
    """
    The stock of one product: in all warehouses together, or in one where the list was asked for one
    (`query={"warehouseCode": "MAIN"}`). A product that was never bought, sold or counted has none.

    Available is what is on hand, less what is allocated to orders, with what can be assembled.
    """

    product_guid: str
    product_code: str
    product_description: str | None = None
    product_group_name: str | None = None
    warehouse_id: str | None = None
    warehouse_code: str | None = None
    warehouse: str | None = None
    days_since_last_sale: int | None = None
    on_purchase: Decimal | None = None
    allocated_qty: Decimal
    available_qty: Decimal
    qty_on_hand: Decimal
    avg_cost: Decimal | None = None
    total_cost: Decimal | None = None


class AdjustmentLine(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """
    What there is of one product from now on.
    """

    guid: str | None = None
    line_number: int | None = None
    product: Reference | None = None
    new_quantity: Decimal | None = None
    new_actual_value: Decimal | None = None
    comments: str | None = None


class StockAdjustment(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One correction of the stock.
    """

    account_code: str | None = None
    adjustment_date: Moment | None = None
    adjustment_number: str | None = None
    adjustment_reason: str | None = None
    status: str | None = None
    warehouse: Reference | None = None
    stock_adjustment_lines: tuple[AdjustmentLine, ...] | None = ()


class Warehouse(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One place where goods are.
    """

    warehouse_code: str | None = None
    warehouse_name: str | None = None
    obsolete: bool | None = None


STOCK_ON_HAND = resource("stock_on_hand", "/StockOnHand", StockOnHand, key="product_guid")
STOCK_ADJUSTMENTS = resource("stock_adjustments", "/StockAdjustments", StockAdjustment)
WAREHOUSES = resource("warehouses", "/Warehouses", Warehouse)
