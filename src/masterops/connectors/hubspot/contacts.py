"""
HubSpot contacts.

Full reads page the list endpoint, which has no end; search stops at 10,000 results.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class ContactProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    phone: str | None = None
    company: str | None = None
    lifecyclestage: str | None = None
    createdate: datetime | None = None
    lastmodifieddate: datetime | None = None


class Contact(CrmRecord[ContactProperties], frozen=True, dict=True):
    """
    One contact.
    """

    kind = ContactProperties


CONTACTS = Resource(
    name="contacts",
    row=Contact,
    properties=ContactProperties.__struct_fields__,
    changed="lastmodifieddate",  # contacts alone; all other objects use hs_lastmodifieddate
)
