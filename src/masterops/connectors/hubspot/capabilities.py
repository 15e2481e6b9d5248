"""
What `ops test-integration hubspot` tries, each against the account itself.

The ones that write make a record with a marked, unique e-mail address and archive it again, whatever
happens in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from masterops import errors
from masterops.connectors.connector import Capability
from masterops.connectors.hubspot.search import Filter
from masterops.connectors.hubspot.wire import Input

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

    async def listing() -> str:
        return f"{await _count(hub.contacts.list(limit=250))} contacts over several pages"

    async def companies() -> str:
        return f"{await _count(hub.companies.list(limit=100))} companies"

    async def deals() -> str:
        return f"{await _count(hub.deals.list(limit=100))} deals"

    async def properties() -> str:
        return f"{len(await hub.properties.list('contacts'))} contact properties"

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
        Capability("contacts.list", listing),
        Capability("companies.list", companies),
        Capability("deals.list", deals),
        Capability("properties.list", properties),
        Capability("contacts.search", search),
        Capability("contacts.batch_read", batch_read),
        Capability("contacts.write", lambda: _write(hub), writes=True),
        Capability("contacts.batch_write", lambda: _batch_write(hub), writes=True),
    ]


async def _write(hub: HubSpot) -> str:
    """Create, read by e-mail, update, archive, and see that it is gone."""
    email = _email()
    made = await hub.contacts.create(
        {"email": email, "firstname": "Master-Ops", "lastname": "connection test"}
    )
    try:
        found = await hub.contacts.get(email, id_property="email")
        changed = await hub.contacts.update(found.id, {"firstname": "Changed"})
        _expect(hub, made.id == found.id, "the record read is not the one made")
        _expect(hub, changed.properties.firstname == "Changed", "the change was not kept")
    finally:
        await hub.contacts.archive(made.id)
    try:
        await hub.contacts.get(made.id)
    except errors.NotFound:
        return "create, get, update, archive"
    raise _broken(hub, "an archived record can still be read")


async def _batch_write(hub: HubSpot) -> str:
    """Create, update and archive a few records in batches."""
    made = await hub.contacts.batch_create(
        [{"email": _email(), "lastname": "connection test"} for _ in range(5)]
    )
    ids = [row.id for row in made.rows]
    try:
        made.raise_for_errors(hub.connection)
        changed = await hub.contacts.batch_update([Input(id, {"firstname": "Changed"}) for id in ids])
        changed.raise_for_errors(hub.connection)
        _expect(hub, len(changed.rows) == len(ids), "a batch update left records out")
    finally:
        await hub.contacts.batch_archive(ids)
    return f"{len(ids)} records created, updated, archived"


def _email() -> str:
    return f"masterops-test-{uuid4().hex[:12]}@example.com"


def _expect(hub: HubSpot, holds: bool, otherwise: str) -> None:
    if not holds:
        raise _broken(hub, otherwise)


def _broken(hub: HubSpot, reason: str) -> errors.UnexpectedAnswer:
    return errors.UnexpectedAnswer(service=hub.connection, reason=reason)


async def _count(rows: AsyncIterator[Any]) -> int:
    return len([row async for row in rows])
