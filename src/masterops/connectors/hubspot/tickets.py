"""
HubSpot tickets.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class TicketProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    subject: str | None = None
    content: str | None = None
    hs_pipeline: str | None = None
    hs_pipeline_stage: str | None = None
    hs_ticket_priority: str | None = None
    hubspot_owner_id: str | None = None
    createdate: datetime | None = None
    hs_lastmodifieddate: datetime | None = None


class Ticket(CrmRecord[TicketProperties], frozen=True, dict=True):
    """
    One ticket.
    """

    kind = TicketProperties


TICKETS = Resource(
    name="tickets",
    row=Ticket,
    properties=TicketProperties.__struct_fields__,
    changed="hs_lastmodifieddate",
)
