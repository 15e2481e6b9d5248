"""
HubSpot line items: what a deal, quote or order is made of.

Each belongs to one parent alone: a deal that shares its line items with another would lose them.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class LineItemProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    name: str | None = None
    hs_product_id: str | None = None
    hs_sku: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    amount: Decimal | None = None
    createdate: datetime | None = None
    hs_lastmodifieddate: datetime | None = None


class LineItem(CrmRecord[LineItemProperties], frozen=True, dict=True):
    """
    One line item.
    """

    kind = LineItemProperties


LINE_ITEMS = Resource(
    name="line_items",
    row=LineItem,
    properties=LineItemProperties.__struct_fields__,
    changed="hs_lastmodifieddate",
)
