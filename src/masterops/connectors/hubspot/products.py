"""
HubSpot products: the library that line items are taken from.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class ProductProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    name: str | None = None
    description: str | None = None
    price: Decimal | None = None
    hs_sku: str | None = None
    hs_cost_of_goods_sold: Decimal | None = None
    createdate: datetime | None = None
    hs_lastmodifieddate: datetime | None = None


class Product(CrmRecord[ProductProperties], frozen=True, dict=True):
    """
    One product.
    """

    kind = ProductProperties


PRODUCTS = Resource(
    name="products",
    row=Product,
    properties=ProductProperties.__struct_fields__,
    changed="hs_lastmodifieddate",
)
