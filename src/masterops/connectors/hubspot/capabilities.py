"""
What `ops test-integration hubspot` tries, each against the account itself.

The ones that write are in `capabilities_writing`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from masterops.connectors.connector import Capability
from masterops.connectors.hubspot.capabilities_writing import expect, writing
from masterops.connectors.hubspot.links import Associated
from masterops.connectors.hubspot.search import Filter

if TYPE_CHECKING:
    from masterops.connectors.hubspot.connector import HubSpot


def capabilities(hub: HubSpot) -> list[Capability]:
    """Every capability of the connector, the reading ones first."""

    async def account() -> str:
        found = await hub.account()
        return f"portal {found.portal_id}, {found.time_zone or 'no time zone'}"

    async def usage() -> str:
        rows = [row for row in await hub.usage() if row.usage_limit]
        return (
            f"{rows[0].current_usage or 0:,} of {rows[0].usage_limit:,} calls today" if rows else "not told"
        )

    async def owners() -> str:
        return f"{await _count(hub.owners.list())} owners"

    async def owner() -> str:
        one = await anext(hub.owners.list(), None)
        if one is None:
            return "no owners"
        expect(hub, one == await hub.owners.get(one.id), "an owner reads otherwise alone than in the list")
        found = await hub.owners.by_email(one.email) if one.email else None
        return "by id, by e-mail" if found else "by id"

    async def listing() -> str:
        return f"{await _count(hub.contacts.list(limit=250))} contacts over several pages"

    async def companies() -> str:
        return f"{await _count(hub.companies.list(limit=100))} companies"

    async def deals() -> str:
        return f"{await _count(hub.deals.list(limit=100))} deals"

    async def tickets() -> str:
        return f"{await _count(hub.tickets.list(limit=100))} tickets"

    async def products() -> str:
        return f"{await _count(hub.products.list(limit=100))} products"

    async def line_items() -> str:
        return f"{await _count(hub.line_items.list(limit=100))} line items"

    async def schemas() -> str:
        found = await hub.schemas.list()
        counts = [await _count(hub.objects(each.object_type_id).list(limit=100)) for each in found[:3]]
        return f"{len(found)} custom objects, {sum(counts)} records of the first {len(counts)}"

    async def pipelines() -> str:
        found = [pipeline for kind in ("deals", "tickets") for pipeline in await hub.pipelines.list(kind)]
        return f"{len(found)} pipelines, {sum(len(each.stages) for each in found)} stages"

    async def labels() -> str:
        return f"{len(await hub.associations.labels('contacts', 'companies'))} types, contacts to companies"

    async def associations() -> str:
        ids = [row.id async for row in hub.contacts.list(limit=100)]
        read = await hub.associations.batch_read("contacts", "companies", ids) if ids else Associated()
        linked = sum(bool(held) for held in read.found.values())
        return f"{linked} of {len(read.found)} contacts have a company"

    async def lists() -> str:
        found = [each async for each in hub.lists.list()]
        members = await _count(hub.lists.members(found[0].list_id)) if found else 0
        return f"{len(found)} lists, {members} records in the first"

    async def imports() -> str:
        return f"{await _count(hub.imports.list())} imports"

    async def properties() -> str:
        groups, found = await hub.property_groups.list("contacts"), await hub.properties.list("contacts")
        return f"{len(found)} contact properties in {len(groups)} groups"

    async def search() -> str:
        found = await _count(hub.contacts.search([Filter("email", "HAS_PROPERTY")], limit=200))
        return f"{found} contacts with an e-mail address"

    async def batch_read() -> str:
        ids = [row.id async for row in hub.contacts.list(limit=100)]
        if not ids:
            return "no contacts to read"
        result = await hub.contacts.batch_read(ids)
        result.raise_for_errors(hub.connection)
        return f"{len(result.rows)} contacts in one call"

    return [
        Capability("account", account),
        Capability("usage", usage),
        Capability("owners", owners),
        Capability("owners.get", owner),
        Capability("contacts.list", listing),
        Capability("companies.list", companies),
        Capability("deals.list", deals),
        Capability("tickets.list", tickets),
        Capability("products.list", products),
        Capability("line_items.list", line_items),
        Capability("custom_objects.list", schemas),
        Capability("pipelines.list", pipelines),
        Capability("associations.labels", labels),
        Capability("associations.batch_read", associations),
        Capability("lists", lists),
        Capability("imports.list", imports),
        Capability("properties.list", properties),
        Capability("contacts.search", search),
        Capability("contacts.batch_read", batch_read),
        *writing(hub),
    ]


async def _count(rows: AsyncIterator[Any]) -> int:
    return len([row async for row in rows])
