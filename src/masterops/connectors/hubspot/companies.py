"""
HubSpot companies.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource


class CompanyProperties(msgspec.Struct, frozen=True):
    """
    The properties that Master-Ops reads by default; others are asked for by name.
    """

    name: str | None = None
    domain: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None
    industry: str | None = None
    lifecyclestage: str | None = None
    createdate: datetime | None = None
    hs_lastmodifieddate: datetime | None = None


class Company(CrmRecord[CompanyProperties], frozen=True, dict=True):
    """
    One company.
    """

    kind = CompanyProperties


COMPANIES = Resource(
    name="companies",
    row=Company,
    properties=CompanyProperties.__struct_fields__,
    changed="hs_lastmodifieddate",
)
