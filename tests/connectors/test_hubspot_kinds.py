"""
Tickets, products, line items, and objects by name: every kind has every verb.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from masterops import errors
from masterops.connectors.hubspot import Association, AssociationType, Filter, HubSpot, Labels, NewProperty
from masterops.core import clock
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer

CAR = [
    NewProperty("plate", "Plate", has_unique_value=True),
    NewProperty("seats", "Seats", "number", "number"),
]


@pytest.mark.parametrize(
    ("kind", "given", "property", "expected"),
    [
        (
            "tickets",
            {"subject": "Late", "hs_pipeline": "0", "hs_pipeline_stage": "1", "hs_ticket_priority": "HIGH"},
            "hs_ticket_priority",
            "HIGH",
        ),
        ("products", {"name": "Lion's mane", "price": "19.50"}, "price", Decimal("19.50")),
        ("line_items", {"name": "Lion's mane", "quantity": "2", "price": "19.5"}, "quantity", Decimal(2)),
    ],
    ids=["tickets", "products", "line items"],
)
async def test_a_record_of_each_kind_is_made_found_and_archived(
    hub: HubSpot, kind: str, given: dict[str, str], property: str, expected: object
) -> None:
    """
    By id, by list, by search and as a change; its properties typed.
    """
    client = getattr(hub, kind)
    before = clock.now() - timedelta(seconds=5)

    made = await client.create(given)
    read = await client.get(made.id)
    listed = [row.id async for row in client.list()]
    found = [row.id async for row in client.search([Filter("hs_object_id", "EQ", made.id)])]
    changed = [each.id for each in await hub.changed_since(kind, before)]
    await client.archive(made.id)

    assert expected == getattr(read.properties, property)
    assert (True, [made.id], [made.id]) == (made.id in listed, found, changed)
    with pytest.raises(errors.NotFound):
        await client.get(made.id)


async def test_a_custom_object_is_like_any_other(hub: HubSpot) -> None:
    """
    Defined, filled, read by a property of its own, emptied, and archived; by each of its names.
    """
    schema = await hub.schemas.create("cars", Labels("Car", "Cars"), CAR, required=["plate"])
    cars = hub.objects("cars", ["plate", "seats"])

    made = await cars.batch_create([{"plate": f"P-{n}", "seats": str(n)} for n in range(3)])
    one = await cars.get("P-2", id_property="plate")
    names = ["cars", "p_cars", schema.object_type_id, schema.fully_qualified_name]
    counts = [len([row async for row in hub.objects(name).list()]) for name in names]
    listed = [each.name for each in await hub.schemas.list()]
    with pytest.raises(errors.Invalid):
        await hub.schemas.archive("cars")
    await cars.batch_archive([row.id for row in made.rows])
    await hub.schemas.archive(schema.object_type_id)

    assert ({"plate": "P-2", "seats": "2"}, [3, 3, 3, 3]) == (
        {name: one.extra[name] for name in ("plate", "seats")},
        counts,
    )
    assert (["cars"], []) == (listed, await hub.schemas.list())


async def test_a_record_is_associated_from_the_start(hub: HubSpot) -> None:
    """
    With its types; one without any is refused.
    """
    firm = await hub.companies.create({"name": "Firm"})
    primary = AssociationType(1)

    made = await hub.contacts.create(
        {"email": "a@example.com"}, associations=[Association(firm.id, (primary,))]
    )
    [held] = [each async for each in hub.associations.list("contacts", made.id, "companies")]

    assert (firm.id, {1, 279}) == (held.id, {each.type_id for each in held.types})
    with pytest.raises(errors.Invalid):
        await hub.contacts.create({"email": "b@example.com"}, associations=[Association(firm.id)])


async def test_two_records_become_one_and_both_ids_lead_to_it(hub: HubSpot) -> None:
    """
    The primary's values win.
    """
    one = await hub.companies.create({"name": "One", "city": "Perth"})
    two = await hub.companies.create({"name": "Two", "phone": "5"})

    merged = await hub.companies.merge(one.id, two.id)

    assert ("One", "Perth", "5") == (merged.properties.name, merged.properties.city, merged.properties.phone)
    assert [merged.id] * 2 == [(await hub.companies.get(each.id, coalesce=False)).id for each in (one, two)]


async def test_a_merge_is_sent_once(rig: Rig, scripted: HubSpot) -> None:
    """
    A second one would be refused, and say nothing of the first.
    """
    rig.answers = [answer(500, body=b"{}")]

    with pytest.raises(errors.OutcomeUnknown):
        await scripted.companies.merge("1", "2")

    assert 1 == len(rig.asked)


@pytest.mark.parametrize("archived", [False, True], ids=["there", "archived before"])
async def test_a_person_is_deleted_for_good(hub: HubSpot, archived: bool) -> None:
    """
    By id or by address; not even the recycle bin keeps them.
    """
    one = await hub.contacts.create({"email": "one@example.com"})
    two = await hub.contacts.create({"email": "two@example.com"})
    if archived:
        await hub.contacts.archive(one.id)

    await hub.gdpr_delete(one.id)
    await hub.gdpr_delete("two@example.com", id_property="email")
    await hub.gdpr_delete("two@example.com", id_property="email")
    left = {row.id async for row in hub.contacts.list()} | {
        row.id async for row in hub.contacts.list(archived=True)
    }

    assert left.isdisjoint({one.id, two.id})
    with pytest.raises(errors.NotFound):
        await hub.gdpr_delete(one.id)


async def test_without_properties_hubspot_chooses(hub: HubSpot) -> None:
    """
    Of an object whose properties nobody named: alone, listed, searched, many at once, and as changes.
    """
    orders = hub.objects("products")
    one = (await orders.page(limit=1)).results[0]
    since = clock.now() - timedelta(minutes=1)
    await hub.products.update(one.id, {"name": "Reishi"})

    rows = [
        await orders.get(one.id),
        await orders.get(one.id, coalesce=False),
        *(await orders.batch_read([one.id])).rows,
        *[row async for row in orders.search([Filter("hs_object_id", "EQ", one.id)])],
        *[row async for page in orders.changes(since) for row in page.rows],
    ]

    assert ["Reishi"] * 5 == [row.values["name"] for row in rows]


async def test_the_same_name_is_the_same_client(hub: HubSpot) -> None:
    """
    So that gets of different callers still travel together.
    """
    assert hub.objects("cars") is hub.objects("Cars")
    assert hub.objects("cars") is not hub.objects("cars", ["plate"])


@pytest.mark.parametrize("name", ["", "..", "cars/1", "p_{x}", "-cars", "a b"])
async def test_what_is_no_name_of_an_object_is_not_sent(twin: Twin, hub: HubSpot, name: str) -> None:
    """
    It would be another path.
    """
    with pytest.raises(errors.BadValue, match="HubSpot object"):
        hub.objects(name)
    with pytest.raises(errors.BadValue, match="HubSpot object"):
        await hub.properties.list(name)

    assert [] == twin.metrics
