"""
Records one at a time and in pages, over HTTP.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.desk import COMPANIES, CONTACTS, DEALS, Desk


@pytest.mark.parametrize(
    "path",
    [
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2026-09/contacts",
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contact",
        "/crm/v3/objects/0-1",
        "/hubspot/crm/objects/2026-03/contacts",
    ],
)
async def test_every_form_of_a_path_leads_to_the_same_records(desk: Desk, path: str) -> None:
    """
    Dated, legacy, singular, by type id, with and without the service's base path.
    """
    plain = await desk.get(CONTACTS)
    other = await desk.get(path)

    assert plain.body["results"] == other.body["results"]


async def test_a_list_has_ten_rows_and_its_cursor_leads_to_the_end(desk: Desk) -> None:
    """
    Every record once, in the order of ids, and the last page has no cursor.
    """
    ids, after, sizes = [], None, []
    while True:
        page = (await desk.get(CONTACTS + (f"?after={after}" if after else ""))).body
        sizes.append(len(page["results"]))
        ids += [row["id"] for row in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]

    assert [10, 10, 10] == sizes
    assert sorted(set(ids), key=int) == ids


async def test_paging_goes_on_when_the_record_under_the_cursor_is_archived(desk: Desk) -> None:
    """
    The cursor is a place, not a record: nothing is skipped or doubled.
    """
    everything = [row["id"] for row in (await desk.get(f"{CONTACTS}?limit=100")).body["results"]]
    after = (await desk.get(f"{CONTACTS}?limit=3")).body["paging"]["next"]["after"]
    await desk.call("DELETE", f"{CONTACTS}/{everything[3]}")

    rest = [row["id"] for row in (await desk.get(f"{CONTACTS}?limit=100&after={after}")).body["results"]]

    assert everything[4:] == rest


async def test_without_properties_the_default_set_comes(desk: Desk) -> None:
    """
    Each kind has its own, and contacts alone say lastmodifieddate.
    """
    contact = (await desk.get(f"{CONTACTS}?limit=1")).body["results"][0]
    deal = (await desk.get(f"{DEALS}?limit=1")).body["results"][0]

    assert {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"} == set(
        contact["properties"]
    )
    own = {"amount", "closedate", "dealname", "dealstage", "pipeline"}
    assert {"createdate", "hs_lastmodifieddate", "hs_object_id"} | own == set(deal["properties"])
    assert {"id", "properties", "createdAt", "updatedAt", "archived"} == set(contact)


async def test_asked_properties_come_with_null_and_unknown_ones_not_at_all(desk: Desk) -> None:
    """
    HubSpot ignores a name it does not know when reading.
    """
    row = (await desk.get(f"{CONTACTS}?limit=1&properties=jobtitle,nonsense&properties=website")).body[
        "results"
    ][0]

    assert {"website": None} == {name: row["properties"][name] for name in ["website"]}
    assert {"jobtitle", "website", "createdate", "lastmodifieddate", "hs_object_id"} == set(row["properties"])


async def test_a_record_lives_from_create_to_archive(desk: Desk) -> None:
    """
    Created, read, changed, archived, gone from the list and found in the archive.
    """
    made = await desk.contact(email="New.One@example.com", firstname="New")
    path = f"{CONTACTS}/{made['id']}"
    desk.clock.move(60)
    changed = await desk.call("PATCH", path, {"properties": {"firstname": "Newer", "phone": ""}})
    read = await desk.get(f"{path}?properties=firstname,phone,email")
    gone = [await desk.call("DELETE", path), await desk.call("DELETE", path), await desk.get(path)]
    archived = await desk.get(f"{CONTACTS}?archived=true")

    assert "2026-11-02T01:30:00Z" == made["properties"]["createdate"] == made["createdAt"]
    assert (
        "2026-11-02T01:31:00Z" == changed.body["properties"]["lastmodifieddate"] == changed.body["updatedAt"]
    )
    assert ("Newer", None, "new.one@example.com") == tuple(
        read.body["properties"][name] for name in ("firstname", "phone", "email")
    )
    assert [204, 204, 404] == [reply.status for reply in gone]
    assert [made["id"]] == [row["id"] for row in archived.body["results"]]
    assert "2026-11-02T01:31:00Z" == archived.body["results"][0]["archivedAt"]


async def test_accounts_of_businesses_share_nothing(desk: Desk) -> None:
    """
    The token alone says whose record it is.
    """
    made = await desk.contact(email="mine@example.com")

    other = await desk.get(f"{CONTACTS}/{made['id']}", business="red-hill-fresh")
    same = await desk.post(CONTACTS, {"properties": {"email": "mine@example.com"}}, business="red-hill-fresh")

    assert (404, 201) == (other.status, same.status)


async def test_an_email_belongs_to_one_contact_whatever_its_case(desk: Desk) -> None:
    """
    409 names the owner; archiving frees the address; keeping one's own is no conflict.
    """
    first = await desk.contact(email="one@example.com")
    second = await desk.contact(email="two@example.com")
    again = await desk.post(CONTACTS, {"properties": {"email": "ONE@example.com"}})
    taken = await desk.call(
        "PATCH", f"{CONTACTS}/{second['id']}", {"properties": {"email": "one@example.com"}}
    )
    own = await desk.call("PATCH", f"{CONTACTS}/{first['id']}", {"properties": {"email": "One@example.com"}})
    await desk.call("DELETE", f"{CONTACTS}/{first['id']}")
    freed = await desk.post(CONTACTS, {"properties": {"email": "one@example.com"}})

    assert [409, 409, 200, 201] == [reply.status for reply in (again, taken, own, freed)]
    assert f"Contact already exists. Existing ID: {first['id']}" == again.body["message"]
    assert "CONFLICT" == again.body["category"]


async def test_companies_and_deals_may_have_doubles(desk: Desk) -> None:
    """
    Only contacts are unique.
    """
    body = {"properties": {"name": "Same", "domain": "same.example"}}

    assert [201, 201] == [(await desk.post(COMPANIES, body)).status for _ in range(2)]


async def test_a_contact_is_read_and_changed_by_its_email(desk: Desk) -> None:
    """
    `idProperty` takes a unique property and nothing else.
    """
    made = await desk.contact(email="by+mail@example.com", firstname="By")
    path = f"{CONTACTS}/{quote('By+Mail@example.com')}"

    read = await desk.get(f"{path}?idProperty=email")
    changed = await desk.call("PATCH", f"{path}?idProperty=email", {"properties": {"firstname": "Bye"}})
    refused = await desk.get(f"{CONTACTS}/By?idProperty=firstname")

    assert [made["id"]] * 2 == [read.body["id"], changed.body["id"]]
    assert 400 == refused.status


async def test_associations_are_made_with_a_record_and_shown_on_both_sides(desk: Desk) -> None:
    """
    Until one side is archived.
    """
    company = (await desk.post(COMPANIES, {"properties": {"name": "Shop"}})).body["id"]
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    made = await desk.post(
        CONTACTS,
        {
            "properties": {"email": "at@shop.example"},
            "associations": [{"to": {"id": company}, "types": [kind]}],
        },
    )
    contact = made.body["id"]
    here = await desk.get(f"{CONTACTS}/{contact}?associations=companies")
    there = await desk.get(f"{COMPANIES}/{company}?associations=contacts,deals")
    await desk.call("DELETE", f"{COMPANIES}/{company}")
    after = await desk.get(f"{CONTACTS}/{contact}?associations=companies")

    assert [company] == [row["id"] for row in here.body["associations"]["companies"]["results"]]
    assert [contact] == [row["id"] for row in there.body["associations"]["contacts"]["results"]]
    assert "associations" not in after.body


@pytest.mark.parametrize(
    "association",
    [
        pytest.param({"to": {"id": "1"}, "types": [{"associationTypeId": 279}]}, id="no such company"),
        pytest.param({"to": {"id": "1"}, "types": [{"associationTypeId": 3}]}, id="a deal's type"),
        pytest.param({"to": {"id": "1"}, "types": []}, id="no type"),
    ],
)
async def test_a_wrong_association_makes_no_record(desk: Desk, association: dict[str, object]) -> None:
    """
    The record is refused with it.
    """
    body = {"properties": {"email": "lonely@example.com"}, "associations": [association]}
    refused = await desk.post(CONTACTS, body)
    found = await desk.get(f"{CONTACTS}/lonely@example.com?idProperty=email")

    assert refused.status in (400, 404)
    assert 404 == found.status


async def test_history_shows_every_value_the_newest_first(desk: Desk) -> None:
    """
    A page with history is at most 50 rows.
    """
    made = await desk.contact(email="past@example.com", city="Perth")
    desk.clock.move(1)
    await desk.call("PATCH", f"{CONTACTS}/{made['id']}", {"properties": {"city": "Hobart"}})

    read = await desk.get(f"{CONTACTS}/{made['id']}?propertiesWithHistory=city,email")
    many = await desk.get(f"{CONTACTS}?limit=51&propertiesWithHistory=city")

    assert ["Hobart", "Perth"] == [each["value"] for each in read.body["propertiesWithHistory"]["city"]]
    assert ["past@example.com"] == [each["value"] for each in read.body["propertiesWithHistory"]["email"]]
    assert 400 == many.status


async def test_owners_and_the_account_can_be_asked(desk: Desk) -> None:
    """
    Under dated and legacy paths; records are owned by these owners.
    """
    owners = (await desk.get("/crm/owners/2026-03")).body["results"]
    legacy = (await desk.get("/crm/v3/owners/?limit=2")).body
    rest = (await desk.get(f"/crm/v3/owners?limit=2&after={legacy['paging']['next']['after']}")).body
    one = await desk.get(f"/crm/owners/2026-03/{owners[0]['id']}")
    account = (await desk.get("/account-info/2026-03/details")).body
    rows = (await desk.get(f"{DEALS}?limit=100&properties=hubspot_owner_id")).body["results"]

    assert owners == legacy["results"] + rest["results"]
    assert owners[0] == one.body
    assert ("Australia/Sydney", "+11:00") == (account["timeZone"], account["utcOffset"])
    assert {row["properties"]["hubspot_owner_id"] for row in rows} <= {owner["id"] for owner in owners}


@pytest.mark.parametrize("kind", ["tickets", "products", "line_items"])
async def test_the_other_kinds_work_the_same(desk: Desk, kind: str) -> None:
    """
    A kind is a row of a table.
    """
    path = f"/crm/objects/2026-03/{kind}"
    name = "subject" if kind == "tickets" else "name"
    made = await desk.post(path, {"properties": {name: "A thing"}})
    read = await desk.get(f"{path}/{made.body['id']}?properties={name}")

    assert "A thing" == read.body["properties"][name]
