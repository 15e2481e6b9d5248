"""
The properties that every account has from the start, by kind of object: HubSpot's own, in short rows.
"""

from __future__ import annotations

from masterops.sandbox.hubspot.kinds import Kind
from masterops.sandbox.hubspot.properties import Option, Property

# name, label, type, field type, then the options of an enumeration as "value" or "value=Label"
Row = tuple[str, str, str, str] | tuple[str, str, str, str, tuple[str, ...]]

LIFECYCLE = (
    "subscriber=Subscriber",
    "lead=Lead",
    "marketingqualifiedlead=Marketing Qualified Lead",
    "salesqualifiedlead=Sales Qualified Lead",
    "opportunity=Opportunity",
    "customer=Customer",
    "evangelist=Evangelist",
    "other=Other",
)
LEAD_STATUS = (
    "NEW=New",
    "OPEN=Open",
    "IN_PROGRESS=In Progress",
    "CONNECTED=Connected",
    "UNQUALIFIED=Unqualified",
)
STAGES = (
    "appointmentscheduled=Appointment Scheduled",
    "qualifiedtobuy=Qualified To Buy",
    "presentationscheduled=Presentation Scheduled",
    "decisionmakerboughtin=Decision Maker Bought-In",
    "contractsent=Contract Sent",
    "closedwon=Closed Won",
    "closedlost=Closed Lost",
)
INDUSTRIES = (
    "FOOD_BEVERAGES=Food & Beverages",
    "FOOD_PRODUCTION=Food Production",
    "HEALTH_WELLNESS_AND_FITNESS=Health, Wellness and Fitness",
    "HOSPITALITY=Hospitality",
    "RESTAURANTS=Restaurants",
    "RETAIL=Retail",
    "SUPERMARKETS=Supermarkets",
    "WHOLESALE=Wholesale",
)
COMPANY_TYPES = ("PROSPECT=Prospect", "PARTNER=Partner", "RESELLER=Reseller", "VENDOR=Vendor", "OTHER=Other")
DEAL_TYPES = ("newbusiness=New Business", "existingbusiness=Existing Business")
TICKET_STAGES = ("1=New", "2=Waiting on contact", "3=Waiting on us", "4=Closed")
PRIORITIES = ("LOW=Low", "MEDIUM=Medium", "HIGH=High", "URGENT=Urgent")
SOURCES = ("CHAT=Chat", "EMAIL=Email", "FORM=Form", "PHONE=Phone")
ADDRESS: tuple[Row, ...] = (
    ("address", "Street Address", "string", "text"),
    ("city", "City", "string", "text"),
    ("state", "State/Region", "string", "text"),
    ("zip", "Postal Code", "string", "text"),
    ("country", "Country/Region", "string", "text"),
)
LIFECYCLE_ROW: Row = ("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", LIFECYCLE)
NUMBER, TEXT = ("number", "number"), ("string", "text")

ROWS: dict[str, tuple[Row, ...]] = {
    "contacts": (
        ("email", "Email", *TEXT),
        ("firstname", "First Name", *TEXT),
        ("lastname", "Last Name", *TEXT),
        ("phone", "Phone Number", "string", "phonenumber"),
        ("mobilephone", "Mobile Phone Number", "string", "phonenumber"),
        ("company", "Company Name", *TEXT),
        ("jobtitle", "Job Title", *TEXT),
        ("website", "Website URL", *TEXT),
        *ADDRESS,
        LIFECYCLE_ROW,
        ("hs_lead_status", "Lead Status", "enumeration", "radio", LEAD_STATUS),
        ("date_of_birth", "Date of birth", *TEXT),
        ("annualrevenue", "Annual Revenue", *TEXT),
        ("closedate", "Close Date", "datetime", "date"),
        ("hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox"),
        ("total_revenue", "Total Revenue", *NUMBER),
        ("num_associated_deals", "Number of Associated Deals", *NUMBER),
    ),
    "companies": (
        ("name", "Company name", *TEXT),
        ("domain", "Company Domain Name", *TEXT),
        ("website", "Website URL", *TEXT),
        ("phone", "Phone Number", "string", "phonenumber"),
        *ADDRESS,
        ("industry", "Industry", "enumeration", "select", INDUSTRIES),
        ("type", "Type", "enumeration", "select", COMPANY_TYPES),
        LIFECYCLE_ROW,
        ("description", "Description", "string", "textarea"),
        ("numberofemployees", "Number of Employees", *NUMBER),
        ("annualrevenue", "Annual Revenue", *NUMBER),
    ),
    "deals": (
        ("dealname", "Deal Name", *TEXT),
        ("amount", "Amount", *NUMBER),
        ("dealstage", "Deal Stage", "enumeration", "radio", STAGES),
        ("pipeline", "Pipeline", "enumeration", "select", ("default=Sales Pipeline",)),
        ("closedate", "Close Date", "datetime", "date"),
        ("dealtype", "Deal Type", "enumeration", "radio", DEAL_TYPES),
        ("description", "Deal Description", "string", "textarea"),
        ("hs_priority", "Priority", "enumeration", "select", ("low=Low", "medium=Medium", "high=High")),
    ),
    "tickets": (
        ("subject", "Ticket name", *TEXT),
        ("content", "Ticket description", "string", "textarea"),
        ("hs_pipeline", "Pipeline", "enumeration", "select", ("0=Support Pipeline",)),
        ("hs_pipeline_stage", "Ticket status", "enumeration", "radio", TICKET_STAGES),
        ("hs_ticket_priority", "Priority", "enumeration", "select", PRIORITIES),
        ("source_type", "Source", "enumeration", "radio", SOURCES),
    ),
    "products": (
        ("name", "Name", *TEXT),
        ("description", "Product description", "string", "textarea"),
        ("price", "Unit price", *NUMBER),
        ("hs_sku", "SKU", *TEXT),
        ("hs_cost_of_goods_sold", "Unit cost", *NUMBER),
    ),
    "line_items": (
        ("name", "Name", *TEXT),
        ("hs_product_id", "Product ID", *NUMBER),
        ("hs_sku", "SKU", *TEXT),
        ("quantity", "Quantity", *NUMBER),
        ("price", "Unit price", *NUMBER),
        ("amount", "Net price", *NUMBER),
    ),
}

# Set by HubSpot itself and read-only to everybody else.
KEPT: tuple[Row, ...] = (
    ("hs_object_id", "Record ID", "number", "number"),
    ("hs_createdate", "Object create date/time", "datetime", "date"),
    ("hs_lastmodifieddate", "Object last modified date/time", "datetime", "date"),
    ("hs_merged_object_ids", "Merged object IDs", "enumeration", "checkbox"),
)


def starting(kind: Kind, owners: tuple[str, ...], created_at: str) -> dict[str, Property]:
    """The properties of `kind` in a new account whose owners have these ids."""
    rows = [*ROWS.get(kind.name, ()), *KEPT]
    made = [_property(row, kind, created_at, read_only=row in KEPT) for row in rows]
    if kind.changed == "lastmodifieddate":
        row = ("lastmodifieddate", "Last Modified Date", "datetime", "date")
        made.append(_property(row, kind, created_at, read_only=True))
    # Of contacts it is the moment they were made; for the others a migration may bring its own.
    row = ("createdate", "Create Date", "datetime", "date")
    made.append(_property(row, kind, created_at, read_only=kind.name == "contacts"))
    made.append(_owner(kind, owners, created_at))
    return {each.name: each for each in made}


def _property(row: Row, kind: Kind, created_at: str, *, read_only: bool) -> Property:
    name, label, type, field_type = row[:4]
    options = row[4] if len(row) == 5 else ()
    return Property(
        name=name,
        label=label,
        type=type,
        field_type=field_type,
        group_name=kind.group,
        options=tuple(_option(text, index) for index, text in enumerate(options)),
        external_options=name == "hs_merged_object_ids",
        has_unique_value=name in kind.unique or name == "hs_object_id",
        hubspot_defined=True,
        read_only=read_only,
        created_at=created_at,
        updated_at=created_at,
    )


def _owner(kind: Kind, owners: tuple[str, ...], created_at: str) -> Property:
    """Its values are the account's owners, which the definition itself does not list."""
    return Property(
        name="hubspot_owner_id",
        label=f"{kind.singular.capitalize()} owner",
        type="enumeration",
        field_type="select",
        group_name=kind.group,
        external_options=True,
        allowed=frozenset(owners),
        hubspot_defined=True,
        created_at=created_at,
        updated_at=created_at,
    )


def _option(text: str, order: int) -> Option:
    value, _, label = text.partition("=")
    return Option(label=label or value, value=value, display_order=order)


# What every custom object has of HubSpot's own.
OWN_OF_CUSTOM = frozenset({*(row[0] for row in KEPT), "createdate", "hubspot_owner_id"})
