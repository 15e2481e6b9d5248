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
    One direction of a relation between two kinds.
    """

    id: int
    left: str
    right: str
    name: str
    back: int  # the type of the same relation seen from the other side
    label: str | None = None  # what people see; None is the relation without a label
    category: str = "HUBSPOT_DEFINED"


# HubSpot's own, from its list of association type ids. Those without a label are the ones a record gets
# when nobody says which.
ASSOCIATION_TYPES = {
    row.id: row
    for row in (
        AssociationType(1, "contacts", "companies", "contact_to_company", 2, "Primary"),
        AssociationType(2, "companies", "contacts", "company_to_contact", 1, "Primary"),
        AssociationType(279, "contacts", "companies", "contact_to_company_unlabeled", 280),
        AssociationType(280, "companies", "contacts", "company_to_contact_unlabeled", 279),
        AssociationType(3, "deals", "contacts", "deal_to_contact", 4),
        AssociationType(4, "contacts", "deals", "contact_to_deal", 3),
        AssociationType(5, "deals", "companies", "deal_to_company", 6, "Primary"),
        AssociationType(6, "companies", "deals", "company_to_deal", 5, "Primary"),
        AssociationType(341, "deals", "companies", "deal_to_company_unlabeled", 342),
        AssociationType(342, "companies", "deals", "company_to_deal_unlabeled", 341),
        AssociationType(13, "companies", "companies", "parent_to_child_company", 14, "Child Company"),
        AssociationType(14, "companies", "companies", "child_to_parent_company", 13, "Parent Company"),
        AssociationType(15, "contacts", "tickets", "contact_to_ticket", 16),
        AssociationType(16, "tickets", "contacts", "ticket_to_contact", 15),
        AssociationType(19, "deals", "line_items", "deal_to_line_item", 20),
        AssociationType(20, "line_items", "deals", "line_item_to_deal", 19),
        AssociationType(25, "companies", "tickets", "company_to_ticket", 26, "Primary"),
        AssociationType(26, "tickets", "companies", "ticket_to_company", 25, "Primary"),
        AssociationType(339, "tickets", "companies", "ticket_to_company_unlabeled", 340),
        AssociationType(340, "companies", "tickets", "company_to_ticket_unlabeled", 339),
        AssociationType(27, "deals", "tickets", "deal_to_ticket", 28),
        AssociationType(28, "tickets", "deals", "ticket_to_deal", 27),
        AssociationType(449, "contacts", "contacts", "contact_to_contact", 449),
        AssociationType(450, "companies", "companies", "company_to_company", 450),
        AssociationType(451, "deals", "deals", "deal_to_deal", 451),
        AssociationType(452, "tickets", "tickets", "ticket_to_ticket", 452),
    )
}
