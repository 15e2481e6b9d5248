"""
HubSpot (CRM): contacts, companies, deals, properties, owners, account.
"""

from masterops.connectors.batches import BatchResult, RowError
from masterops.connectors.hubspot.companies import Company, CompanyProperties
from masterops.connectors.hubspot.connector import HubSpot
from masterops.connectors.hubspot.contacts import Contact, ContactProperties
from masterops.connectors.hubspot.deals import Deal, DealProperties
from masterops.connectors.hubspot.objects import ObjectClient
from masterops.connectors.hubspot.properties import Property
from masterops.connectors.hubspot.search import Filter, Sort
from masterops.connectors.hubspot.wire import Input, Page, Upsert

__all__ = [
    "BatchResult",
    "Company",
    "CompanyProperties",
    "Contact",
    "ContactProperties",
    "Deal",
    "DealProperties",
    "Filter",
    "HubSpot",
    "Input",
    "ObjectClient",
    "Page",
    "Property",
    "RowError",
    "Sort",
    "Upsert",
]
