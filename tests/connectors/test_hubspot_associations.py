"""
Associations through the connector, under dated paths and those of v4.
"""

from __future__ import annotations

import msgspec
import pytest

from masterops import errors
from masterops.connectors.hubspot import AssociationType, HubSpot, Link
from masterops.transport import Transport
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer


async def _records(hub: HubSpot, contacts: int = 1, companies: int = 1) -> tuple[list[str], list[str]]:
    people = await hub.contacts.batch_create([{"email": f"link-{n}@example.com"} for n in range(contacts)])
    firms = await hub.companies.batch_create([{"name": f"Firm {n}"} for n in range(companies)])
    return [row.id for row in people.rows], [row.id for row in firms.rows]


@pytest.mark.parametrize("version", ["2026-03", "2026-09", "v3"])
async def test_two_records_are_associated_and_parted(twin: Twin, transport: Transport, version: str) -> None:
    """
    Plainly, with a label, and again: nothing changes the second time.
    """
    hub = twin.connector(transport, version=version)
    [person], [firm] = await _records(hub)
    made = await hub.associations.create_label("contacts", "companies", "buyer", "Buyer", inverse="Bought by")
    buyer = next(each for each in made if each.label == "Buyer")

    for _ in range(2):
        await hub.associations.associate("contacts", person, "companies", firm)
        await hub.associations.associate("contacts", person, "companies", firm, buyer)
    held = [each async for each in hub.associations.list("contacts", person, "companies")]
    seen = [each async for each in hub.associations.list("companies", firm, "contacts")]
    for _ in range(2):
        await hub.associations.remove("contacts", person, "companies", firm)
    gone = [each async for each in hub.associations.list("contacts", person, "companies")]

    assert ([firm], {None, "Buyer"}) == ([each.id for each in held], {t.label for t in held[0].types})
    assert ([person], {None, "Bought by"}) == ([each.id for each in seen], {t.label for t in seen[0].types})
    assert [] == gone


async def test_a_label_is_called_otherwise_and_removed(hub: HubSpot) -> None:
    """
    HubSpot's own types stay beside it.
    """
    before = await hub.associations.labels("contacts", "companies")
    made = await hub.associations.create_label("contacts", "companies", "buyer", "Buyer")
    await hub.associations.update_label("contacts", "companies", made[0].type_id, "Shopper")
    named = await hub.associations.labels("contacts", "companies")
    await hub.associations.remove_label("contacts", "companies", made[0].type_id)

    assert "Shopper" in [each.label for each in named]
    assert before == await hub.associations.labels("contacts", "companies")
    assert AssociationType(279, "HUBSPOT_DEFINED", None) in before


async def test_many_are_associated_read_and_parted_in_batches(twin: Twin, hub: HubSpot) -> None:
    """
    Those with types and those without; the answer to a read has every record that was asked for.
    """
    people, firms = await _records(hub, 6, 2)
    primary = AssociationType(1)
    links = [Link(person, firms[0], (primary,) if n % 2 else ()) for n, person in enumerate(people[:5])]

    result = await hub.associations.batch_associate("contacts", "companies", links)
    read = await hub.associations.batch_read("contacts", "companies", people)
    await hub.associations.batch_remove_labels(
        "contacts", "companies", [Link(people[1], firms[0], (primary,))]
    )
    bare = await hub.associations.batch_read("contacts", "companies", [people[1]])
    await hub.associations.batch_remove("contacts", "companies", links)
    parted = await hub.associations.batch_read("companies", "contacts", firms)

    assert (5, []) == (result.done, result.errors)
    assert [1, 1, 1, 1, 1, 0] == [len(read.found[person]) for person in people]
    assert {279, 1} == {each.type_id for each in read.found[people[1]][0].types}
    assert [279] == [each.type_id for each in bare.found[people[1]][0].types]
    assert ({firms[0]: [], firms[1]: []}, []) == (parted.found, parted.errors)


async def test_a_pair_that_cannot_be_associated_costs_itself(hub: HubSpot) -> None:
    """
    Its place in what was given is told, whatever was sent beside it.
    """
    people, firms = await _records(hub, 3, 1)
    links = [
        Link(people[0], firms[0]),
        Link("999999999", firms[0]),
        Link(people[1], "999999998", (AssociationType(1),)),
    ]

    result = await hub.associations.batch_associate(
        "contacts", "companies", [*links, Link(people[2], firms[0])]
    )

    assert (2, [1, 2]) == (result.done, sorted(each.index or 0 for each in result.errors))
    with pytest.raises(errors.Invalid, match="2 of the batch failed"):
        result.raise_for_errors(hub.connection)


async def test_more_than_a_page_of_associations_is_read_to_its_end(hub: HubSpot) -> None:
    """
    One record's by pages of 500, and within a batch by its own cursor.
    """
    people, [firm] = await _records(hub, 620, 1)
    links = [Link(person, firm) for person in people]
    assert 620 == (await hub.associations.batch_associate("contacts", "companies", links)).done

    listed = [each.id async for each in hub.associations.list("companies", firm, "contacts")]
    read = await hub.associations.batch_read("companies", "contacts", [firm])

    assert sorted(people) == sorted(listed)
    assert sorted(people) == sorted(each.id for each in read.found[firm])


async def test_an_error_means_the_pairs_whose_ends_it_names(rig: Rig, scripted: HubSpot) -> None:
    """
    Both ends, one, or either; an error that names nobody has no place.
    """
    entries = [
        {"message": "both", "context": {"fromObjectId": ["1"], "toObjectId": ["8"]}},
        {"message": "from", "context": {"fromObjectId": ["2"]}},
        {"message": "to", "context": {"toObjectId": ["9"]}},
        {"message": "either", "context": {"id": ["3"]}},
        {"message": "nobody"},
    ]
    rig.answers = [answer(207, body=msgspec.json.encode({"results": [], "errors": entries}))]
    links = [
        Link("1", "7"),
        Link("1", "8"),
        Link("2", "7"),
        Link("4", "9"),
        Link("5", "3"),
        Link("5", "7"),
        Link("6", "8"),
    ]

    result = await scripted.associations.batch_associate("contacts", "companies", links)

    assert [(1, "both"), (2, "from"), (3, "to"), (4, "either"), (None, "nobody")] == [
        (each.index, each.reason) for each in result.errors
    ]


async def test_an_error_of_a_read_that_is_none_of_absence_is_told(rig: Rig, scripted: HubSpot) -> None:
    """
    Only "there are none" is an empty list; a body with anything else in it is read as far as it goes.
    """
    rig.answers = [
        answer(
            207,
            body=b'{"results": [], "errors": ['
            b'{"message": "none", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"},'
            b'{"message": "broken", "category": "VALIDATION_ERROR", "subCategory": 7}, null]}',
        )
    ]

    read = await scripted.associations.batch_read("contacts", "companies", ["1"])

    assert ({"1": []}, ["broken", ""]) == (read.found, [each.reason for each in read.errors])
