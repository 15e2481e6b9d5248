"""
The kinds of CRM objects that the twin keeps: a kind is one row here and its properties in `definitions`.
"""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """
    What differs between contacts, companies and the others.
    """

    name: str  # in paths: contacts
    singular: str  # in messages: CONTACT
    type_id: str  # in paths too: 0-1
    changed: str  # the property that holds the time of the last change
    default: tuple[str, ...]  # the properties of an answer when none were asked for
    searched: tuple[str, ...]  # where the `query` of a search looks
    unique: tuple[str, ...] = ()  # properties of HubSpot's own that identify a record
    group: str = ""  # the group of its own properties


KINDS = (
    Kind(
        "contacts",
        "CONTACT",
        "0-1",
        "lastmodifieddate",  # contacts alone; all others use hs_lastmodifieddate
        ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
        ("firstname", "lastname", "email", "phone", "company"),
        unique=("email",),
        group="contactinformation",
    ),
    Kind(
        "companies",
        "COMPANY",
        "0-2",
        "hs_lastmodifieddate",
        ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
        ("name", "domain", "phone", "website"),
        group="companyinformation",
    ),
    Kind(
        "deals",
        "DEAL",
        "0-3",
        "hs_lastmodifieddate",
        (
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ),
        ("dealname", "dealtype", "description"),
        group="dealinformation",
    ),
    Kind(
        "tickets",
        "TICKET",
        "0-5",
        "hs_lastmodifieddate",
        (
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_priority",
            "subject",
        ),
        ("subject", "content"),
        group="ticketinformation",
    ),
    Kind(
        "products",
        "PRODUCT",
        "0-7",
        "hs_lastmodifieddate",
        ("createdate", "description", "hs_lastmodifieddate", "hs_object_id", "name", "price"),
        ("name", "description", "price", "hs_sku"),
        group="productinformation",
    ),
    Kind(
        "line_items",
        "LINE_ITEM",
        "0-8",
        "hs_lastmodifieddate",
        ("amount", "createdate", "hs_lastmodifieddate", "hs_object_id", "quantity"),
        ("name", "hs_sku"),
        group="lineiteminformation",
    ),
)

# A path may name a kind in the plural, in the singular or by its type id, in any case.
BY_NAME = {alias: kind for kind in KINDS for alias in (kind.name, kind.singular.lower(), kind.type_id)}


class AssociationType(msgspec.Struct, frozen=True):
    """
    One direction of a relation that HubSpot defines.
    """

    id: int
    left: str
    right: str
    label: str
    back: int  # the type of the same relation seen from the other side


ASSOCIATION_TYPES = {
    row.id: row
    for row in (
        AssociationType(1, "contacts", "companies", "contact_to_company", 2),
        AssociationType(2, "companies", "contacts", "company_to_contact", 1),
        AssociationType(279, "contacts", "companies", "contact_to_company_unlabeled", 280),
        AssociationType(280, "companies", "contacts", "company_to_contact_unlabeled", 279),
        AssociationType(3, "deals", "contacts", "deal_to_contact", 4),
        AssociationType(4, "contacts", "deals", "contact_to_deal", 3),
        AssociationType(5, "deals", "companies", "deal_to_company", 6),
        AssociationType(6, "companies", "deals", "company_to_deal", 5),
        AssociationType(341, "deals", "companies", "deal_to_company_unlabeled", 342),
        AssociationType(342, "companies", "deals", "company_to_deal_unlabeled", 341),
        AssociationType(15, "contacts", "tickets", "contact_to_ticket", 16),
        AssociationType(16, "tickets", "contacts", "ticket_to_contact", 15),
        AssociationType(19, "deals", "line_items", "deal_to_line_item", 20),
        AssociationType(20, "line_items", "deals", "line_item_to_deal", 19),
        AssociationType(25, "companies", "tickets", "company_to_ticket", 26),
        AssociationType(26, "tickets", "companies", "ticket_to_company", 25),
        AssociationType(27, "deals", "tickets", "deal_to_ticket", 28),
        AssociationType(28, "tickets", "deals", "ticket_to_deal", 27),
    )
}
