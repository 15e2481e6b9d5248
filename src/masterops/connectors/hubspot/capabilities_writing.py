"""
What `ops test-integration hubspot --write` tries: each makes something with a marked, unique name and removes
it again, whatever happens in between.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

from masterops import errors
from masterops.connectors.connector import Capability
from masterops.connectors.hubspot.imports import ImportColumn, ImportFile
from masterops.connectors.hubspot.links import Link
from masterops.connectors.hubspot.pipelines import NewStage
from masterops.connectors.hubspot.properties import Property
from masterops.connectors.hubspot.property_groups import PropertyGroup
from masterops.connectors.hubspot.search import Filter
from masterops.connectors.hubspot.wire import Input

if TYPE_CHECKING:
    from masterops.connectors.hubspot.connector import HubSpot


PATIENCE = 90.0  # seconds, for what HubSpot does in its own time


def writing(hub: HubSpot) -> list[Capability]:
    """Every capability that writes."""
    return [
        Capability("contacts.write", lambda: _write(hub), writes=True),
        Capability("contacts.batch_write", lambda: _batch_write(hub), writes=True),
        Capability("line_items.write", lambda: _line_item(hub), writes=True),
        Capability("associations.write", lambda: _associations(hub), writes=True),
        Capability("properties.write", lambda: _properties(hub), writes=True),
        Capability("pipelines.write", lambda: _pipeline(hub), writes=True),
        Capability("imports.write", lambda: _import(hub), writes=True),
        Capability("exports.write", lambda: _export(hub), writes=True),
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
        expect(hub, made.id == found.id, "the record read is not the one made")
        expect(hub, changed.properties.firstname == "Changed", "the change was not kept")
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
        expect(hub, len(changed.rows) == len(ids), "a batch update left records out")
    finally:
        await hub.contacts.batch_archive(ids)
    return f"{len(ids)} records created, updated, archived"


async def _line_item(hub: HubSpot) -> str:
    """Create and archive one."""
    made = await hub.line_items.create({"name": _name(), "quantity": "2", "price": "1.50"})
    try:
        expect(hub, made.properties.quantity == 2, "the quantity was not kept")
    finally:
        await hub.line_items.archive(made.id)
    return "create, archive"


async def _associations(hub: HubSpot) -> str:
    """Associate a contact and a company, one by one and in a batch, and part them."""
    async with AsyncExitStack() as made:
        person = await hub.contacts.create({"email": _email(), "lastname": "connection test"})
        made.push_async_callback(hub.contacts.archive, person.id)
        firm = await hub.companies.create({"name": _name()})
        made.push_async_callback(hub.companies.archive, firm.id)
        await hub.associations.associate("contacts", person.id, "companies", firm.id)
        held = [each.id async for each in hub.associations.list("contacts", person.id, "companies")]
        expect(hub, held == [firm.id], "the association was not kept")
        await hub.associations.remove("contacts", person.id, "companies", firm.id)
        linked = await hub.associations.batch_associate("contacts", "companies", [Link(person.id, firm.id)])
        linked.raise_for_errors(hub.connection)
        await hub.associations.batch_remove("contacts", "companies", [Link(person.id, firm.id)])
    return "associate, list, remove, both in batches"


async def _properties(hub: HubSpot) -> str:
    """Create a group and a property in it, change both, archive both."""
    name = _name()
    await hub.property_groups.create("contacts", PropertyGroup(name, "Master-Ops connection test"))
    try:
        await hub.properties.create("contacts", Property(name, "Connection test", group_name=name))
        try:
            changed = await hub.properties.update("contacts", name, {"label": "Changed"})
            expect(hub, changed.label == "Changed", "the change was not kept")
            await hub.property_groups.update("contacts", name, label="Changed")
        finally:
            await hub.properties.archive("contacts", name)
    finally:
        await hub.property_groups.archive("contacts", name)
    return "group and property created, changed, archived"


async def _pipeline(hub: HubSpot) -> str:
    """Create a pipeline of deals with a stage, add one, delete all. Some plans allow no second pipeline."""
    first = NewStage("First", 0, {"probability": "0.1"})
    try:
        made = await hub.pipelines.create("deals", _name(), [first], display_order=99)
    except (errors.Forbidden, errors.Invalid) as error:
        return f"not tried: {error.message}"
    try:
        added = await hub.pipelines.create_stage(
            "deals", made.id, NewStage("Last", 1, {"probability": "1.0"})
        )
        await hub.pipelines.delete_stage("deals", made.id, added.id)
    finally:
        await hub.pipelines.delete("deals", made.id)
    return "pipeline and stage created, deleted"


async def _import(hub: HubSpot) -> str:
    """Import a file of one contact, wait for it, and archive the contact."""
    email = _email()
    columns = [ImportColumn("Email", "email", key=True), ImportColumn("Last name", "lastname")]
    file = ImportFile("test.csv", f"Email,Last name\n{email},connection test\n".encode(), "0-1", columns)
    started = await hub.imports.start("Master-Ops connection test", [file])
    done = await hub.imports.wait(started.id, patience=PATIENCE)
    problems = [each.error_type async for each in hub.imports.errors(started.id)]
    expect(hub, done.state == "DONE" and not problems, f"the import is {done.state}: {problems}")
    made = await hub.contacts.get(email, id_property="email")
    await hub.contacts.archive(made.id)
    return "one record imported, archived"


async def _export(hub: HubSpot) -> str:
    """Export a filter that finds nobody, and wait for the file's address; the log of exports keeps it."""
    nobody = Filter("email", "EQ", _email())
    id = await hub.exports.start("contacts", ["email"], name="Master-Ops connection test", filters=[nobody])
    done = await hub.exports.wait(id, patience=PATIENCE)
    expect(hub, done.result is not None, f"the export is {done.status} and has no file")
    return "a file without records, its address told"


def expect(hub: HubSpot, holds: bool, otherwise: str) -> None:
    """Raise UnexpectedAnswer unless something holds."""
    if not holds:
        raise _broken(hub, otherwise)


def _email() -> str:
    return f"masterops-test-{uuid4().hex[:12]}@example.com"


def _name() -> str:
    return f"masterops_test_{uuid4().hex[:12]}"


def _broken(hub: HubSpot, reason: str) -> errors.UnexpectedAnswer:
    return errors.UnexpectedAnswer(service=hub.connection, reason=reason)
