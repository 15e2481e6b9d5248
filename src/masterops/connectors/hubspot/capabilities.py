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


# What is listed, and how many of it at most.
LISTED = (
    ("contacts", 250),
    ("companies", 100),
    ("deals", 100),
    ("tickets", 100),
    ("products", 100),
    ("line_items", 100),
)


def capabilities(hub: HubSpot) -> list[Capability]:
    """Every capability of the connector, the reading ones first."""
    return [
        *_of_the_account(hub),
        *[_listing(hub, name, most) for name, most in LISTED],
        *_of_its_make(hub),
        *_of_many(hub),
        *writing(hub),
    ]


def _of_the_account(hub: HubSpot) -> list[Capability]:
    """Who it is, what is left of the day, who works there."""

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

    return [
        Capability("account", account),
        Capability("usage", usage),
        Capability("owners", owners),
        Capability("owners.get", owner),
    ]


def _listing(hub: HubSpot, name: str, most: int) -> Capability:
    """The first records of one object; with more than a hundred, over several pages."""

    async def listing() -> str:
        found = await _count(getattr(hub, name).list(limit=most))
        return f"{found} {name.replace('_', ' ')}{' over several pages' if found > 100 else ''}"

    return Capability(f"{name}.list", listing)


def _of_its_make(hub: HubSpot) -> list[Capability]:
    """What the account is made of beside the usual objects."""

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

    return [
        Capability("custom_objects.list", schemas),
        Capability("pipelines.list", pipelines),
        Capability("associations.labels", labels),
        Capability("associations.batch_read", associations),
        Capability("lists", lists),
        Capability("imports.list", imports),
        Capability("properties.list", properties),
    ]


def _of_many(hub: HubSpot) -> list[Capability]:
    """Many contacts at once."""

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
        Capability("contacts.search", search),
        Capability("contacts.batch_read", batch_read),
    ]


async def _count(rows: AsyncIterator[Any]) -> int:
    return len([row async for row in rows])
