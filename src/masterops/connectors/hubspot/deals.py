"""
HubSpot deals.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class DealProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    dealname: str | None = None
    amount: Decimal | None = None
    dealstage: str | None = None
    pipeline: str | None = None
    closedate: datetime | None = None
    hubspot_owner_id: str | None = None
    createdate: datetime | None = None
    hs_lastmodifieddate: datetime | None = None


class Deal(CrmRecord[DealProperties], frozen=True, dict=True):
    """
    One deal.
    """

    kind = DealProperties


DEALS = Resource(
    name="deals",
    row=Deal,
    properties=DealProperties.__struct_fields__,
    changed="hs_lastmodifieddate",
)
