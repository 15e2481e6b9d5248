"""
Products: `/Products`, in the order of their codes.
"""

from __future__ import annotations

from decimal import Decimal

from masterops.connectors.unleashed.records import Record, Reference, resource


class Product(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One product.
    """

    product_code: str
    product_description: str | None = None
    barcode: str | None = None
    default_sell_price: Decimal | None = None
    default_purchase_price: Decimal | None = None
    average_land_price: Decimal | None = None
    last_cost: Decimal | None = None
    is_sellable: bool | None = None
    is_purchasable: bool | None = None
    is_assembled_product: bool | None = None
    is_component: bool | None = None
    is_batch_tracked: bool | None = None
    is_serialized: bool | None = None
    never_diminishing: bool | None = None
    obsolete: bool | None = None
    product_group: Reference | None = None
    unit_of_measure: Reference | None = None
    supplier: Reference | None = None


PRODUCTS = resource("products", "/Products", Product)
