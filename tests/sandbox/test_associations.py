"""
Associations, over HTTP.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import COMPANIES, CONTACTS, Desk

BATCH = "/crm/associations/2026-03/contacts/companies"
V4 = "/crm/v4/associations/contacts/companies"
PLAIN = {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
PRIMARY = {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"}


async def pair(desk: Desk) -> tuple[str, str]:
    """A contact and a company that know nothing of each other."""
    contact = await desk.contact(email="pair@example.com")
    company = await desk.post(COMPANIES, {"properties": {"name": "Pair"}})
    return contact["id"], company.body["id"]


def joined(contact: str, company: str, *types: int) -> dict[str, Any]:
    """One input of a batch."""
    given = {
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": each} for each in types]
    }
    return {"from": {"id": contact}, "to": {"id": company}} | (given if types else {})


async def test_a_default_association_shows_on_both_sides_and_in_lists(desk: Desk) -> None:
    """
    In the form of its version, and as `associations` of a record.
    """
    contact, company = await pair(desk)
    made = await desk.call("PUT", f"{CONTACTS}/{contact}/associations/default/companies/{company}")
    dated = await desk.get(f"{CONTACTS}/{contact}/associations/companies")
    legacy = await desk.get(f"/crm/v4/objects/companies/{company}/associations/contacts")
    shown = (await desk.get(f"{CONTACTS}/{contact}?associations=companies")).body["associations"]
    rows = (await desk.get(f"{CONTACTS}?limit=100&associations=companies")).body["results"]

    assert (200, 2) == (made.status, len(made.body["results"]))
    assert [{"toObjectId": company, "associationTypes": [PLAIN]}] == dated.body["results"]
    assert [(int(contact), [280])] == [
        (each["toObjectId"], [kind["typeId"] for kind in each["associationTypes"]])
        for each in legacy.body["results"]
    ]
    assert [{"id": company, "type": "contact_to_company_unlabeled"}] == shown["companies"]["results"]
    assert shown == next(each["associations"] for each in rows if each["id"] == contact)


async def test_a_labeled_association_brings_the_plain_one_and_goes_alone(desk: Desk) -> None:
    """
    Taking the plain one away takes the label too.
    """
    contact, company = await pair(desk)
    path = f"{CONTACTS}/{contact}/associations/companies"
    made = await desk.call(
        "PUT", f"{path}/{company}", [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    )
    both = (await desk.get(path)).body["results"][0]["associationTypes"]
    await desk.post(f"{BATCH}/batch/labels/archive", {"inputs": [joined(contact, company, 1)]})
    one = (await desk.get(path)).body["results"][0]["associationTypes"]
    await desk.post(f"{V4}/batch/create", {"inputs": [joined(contact, company, 1)]})
    await desk.post(f"{BATCH}/batch/labels/archive", {"inputs": [joined(contact, company, 279)]})

    assert (201, ["Primary"]) == (made.status, made.body["labels"])
    assert [PRIMARY, PLAIN] == both
    assert [PLAIN] == one
    assert [] == (await desk.get(path)).body["results"]


async def test_a_batch_read_reports_records_without_associations_as_errors(desk: Desk) -> None:
    """
    207: neither an empty result nor a refusal.
    """
    contact, company = await pair(desk)
    other = (await desk.contact(email="alone@example.com"))["id"]
    made = await desk.post(f"{BATCH}/batch/create", {"inputs": [joined(contact, company, 279)]})
    read = await desk.post(f"{BATCH}/batch/read", {"inputs": [{"id": contact}, {"id": other}, {"id": "1"}]})

    assert (201, "0-1", "0-2") == (
        made.status,
        made.body["results"][0]["fromObjectTypeId"],
        made.body["results"][0]["toObjectTypeId"],
    )
    assert 207 == read.status
    assert [contact] == [each["from"]["id"] for each in read.body["results"]]
    assert [
        (other, "crm.associations.NO_ASSOCIATIONS_FOUND"),
        ("1", "crm.associations.NO_ASSOCIATIONS_FOUND"),
    ] == [(each["context"]["fromObjectId"][0], each["subCategory"]) for each in read.body["errors"]]


async def test_a_batch_create_makes_what_it_can(desk: Desk) -> None:
    """
    A record that is not there fails alone; a type that does not fit fails them all.
    """
    contact, company = await pair(desk)
    inputs = [joined(contact, company), joined(contact, "1")]
    some = await desk.post(f"{BATCH}/batch/associate/default", {"inputs": inputs})
    none = await desk.post(
        f"{BATCH}/batch/create", {"inputs": [joined(contact, company, 1), joined(contact, company, 3)]}
    )
    held = (await desk.get(f"{CONTACTS}/{contact}/associations/companies")).body["results"]

    assert (207, 2, 1) == (some.status, len(some.body["results"]), some.body["numErrors"])
    assert 400 == none.status
    assert [279] == [kind["typeId"] for each in held for kind in each["associationTypes"]]


@pytest.mark.parametrize(
    ("verb", "most"), [("read", 1_000), ("create", 2_000), ("associate/default", 2_000), ("archive", 100)]
)
async def test_a_batch_is_as_large_as_hubspot_allows(desk: Desk, verb: str, most: int) -> None:
    """
    One more is refused whole.
    """
    each: dict[str, Any] = {"id": "1"} if verb == "read" else joined("1", "1", 279)
    each = {"from": {"id": "1"}, "to": [{"id": "1"}]} if verb == "archive" else each
    fits = await desk.post(f"{BATCH}/batch/{verb}", {"inputs": [each] * most})
    over = await desk.post(f"{BATCH}/batch/{verb}", {"inputs": [each] * (most + 1)})

    assert fits.status in (200, 207)
    assert 400 == over.status


async def test_many_associations_come_in_pages(desk: Desk) -> None:
    """
    The cursor of a batch read goes with the id it came with.
    """
    contact = (await desk.contact(email="many@example.com"))["id"]
    for start in range(0, 600, 100):
        names = [{"properties": {"name": f"C{start + each}"}} for each in range(100)]
        made = (await desk.post(f"{COMPANIES}/batch/create", {"inputs": names})).body["results"]
        pairs = [joined(contact, each["id"]) for each in made]
        await desk.post(f"{BATCH}/batch/associate/default", {"inputs": pairs})
    first = (await desk.post(f"{BATCH}/batch/read", {"inputs": [{"id": contact}]})).body["results"][0]
    after = first["paging"]["next"]["after"]
    second = (await desk.post(f"{BATCH}/batch/read", {"inputs": [{"id": contact, "after": after}]})).body[
        "results"
    ][0]
    page = (await desk.get(f"{CONTACTS}/{contact}/associations/companies?limit=2")).body

    ids = [each["toObjectId"] for each in first["to"] + second["to"]]
    assert (500, 100, 600) == (len(first["to"]), len(second["to"]), len(set(ids)))
    assert "paging" not in second
    assert ids[:2] == [each["toObjectId"] for each in page["results"]]


async def test_people_make_labels_in_pairs(desk: Desk) -> None:
    """
    A pair has a type each way; deleting one takes it from the records.
    """
    contact, company = await pair(desk)
    draft = {"name": "supplier", "label": "Supplier", "inverseLabel": "Supplied"}
    there, back = (await desk.post(f"{BATCH}/labels", draft)).body["results"]
    types = [{"associationCategory": "USER_DEFINED", "associationTypeId": there["typeId"]}]
    path = f"{CONTACTS}/{contact}/associations/companies"
    await desk.call("PUT", f"{path}/{company}", types)
    seen = (await desk.get(f"{COMPANIES}/{company}/associations/contacts")).body["results"][0][
        "associationTypes"
    ]
    await desk.call("PUT", f"{BATCH}/labels", {"associationTypeId": there["typeId"], "label": "Vendor"})
    listed = (await desk.get(f"{BATCH}/labels")).body["results"]
    gone = await desk.call("DELETE", f"{BATCH}/labels/{there['typeId']}")
    own = await desk.call("DELETE", f"{BATCH}/labels/279")

    assert ["Supplied", None] == [each["label"] for each in seen]
    assert ("Supplied", "USER_DEFINED") == (back["label"], back["category"])
    assert ["Primary", None, "Vendor"] == [each["label"] for each in listed]
    assert (204, 400) == (gone.status, own.status)
    assert [PLAIN] == (await desk.get(path)).body["results"][0]["associationTypes"]


async def test_parting_two_records_is_no_error_when_they_never_met(desk: Desk) -> None:
    """
    One at a time and in batches.
    """
    contact, company = await pair(desk)
    await desk.call("PUT", f"{CONTACTS}/{contact}/associations/default/companies/{company}")
    fan = {"inputs": [{"from": {"id": contact}, "to": [{"id": company}, {"id": "1"}]}]}
    parted = await desk.post(f"{BATCH}/batch/archive", fan)
    again = await desk.call("DELETE", f"{CONTACTS}/{contact}/associations/companies/{company}")
    legacy = await desk.post(f"{V4}/batch/archive", fan)

    assert (200, [], 204, 204) == (parted.status, parted.body["results"], legacy.status, again.status)
    assert [] == (await desk.get(f"{CONTACTS}/{contact}/associations/companies")).body["results"]
