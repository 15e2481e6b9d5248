"""
HubSpot (CRM): objects of every kind, their associations, and what an account is made of.
"""

from masterops.connectors.batches import BatchResult, RowError
from masterops.connectors.hubspot.account import Account, Usage
from masterops.connectors.hubspot.companies import Company, CompanyProperties
from masterops.connectors.hubspot.connector import HubSpot
from masterops.connectors.hubspot.contacts import Contact, ContactProperties
from masterops.connectors.hubspot.custom import CustomRecord
from masterops.connectors.hubspot.deals import Deal, DealProperties
from masterops.connectors.hubspot.exports import Export, ExportStatus
from masterops.connectors.hubspot.imports import Import, ImportColumn, ImportFile, ImportProblem
from masterops.connectors.hubspot.line_items import LineItem, LineItemProperties
from masterops.connectors.hubspot.links import Associated, Association, AssociationType, Link, LinkResult
from masterops.connectors.hubspot.lists import Member, Membership, ObjectList
from masterops.connectors.hubspot.objects import ObjectClient
from masterops.connectors.hubspot.owners import Owner, Team
from masterops.connectors.hubspot.pipelines import NewStage, Pipeline, Stage
from masterops.connectors.hubspot.products import Product, ProductProperties
from masterops.connectors.hubspot.properties import Option, Property
from masterops.connectors.hubspot.property_groups import PropertyGroup
from masterops.connectors.hubspot.schemas import Labels, NewProperty, Schema
from masterops.connectors.hubspot.search import Filter, Sort
from masterops.connectors.hubspot.tickets import Ticket, TicketProperties
from masterops.connectors.hubspot.wire import Input, Page, Upsert

__all__ = [
    "Account",
    "Associated",
    "Association",
    "AssociationType",
    "BatchResult",
    "Company",
    "CompanyProperties",
    "Contact",
    "ContactProperties",
    "CustomRecord",
    "Deal",
    "DealProperties",
    "Export",
    "ExportStatus",
    "Filter",
    "HubSpot",
    "Import",
    "ImportColumn",
    "ImportFile",
    "ImportProblem",
    "Input",
    "Labels",
    "LineItem",
    "LineItemProperties",
    "Link",
    "LinkResult",
    "Member",
    "Membership",
    "NewProperty",
    "NewStage",
    "ObjectClient",
    "ObjectList",
    "Option",
    "Owner",
    "Page",
    "Pipeline",
    "Product",
    "ProductProperties",
    "Property",
    "PropertyGroup",
    "RowError",
    "Schema",
    "Sort",
    "Stage",
    "Team",
    "Ticket",
    "TicketProperties",
    "Upsert",
    "Usage",
]
