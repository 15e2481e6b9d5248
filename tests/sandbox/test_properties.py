"""
Property definitions over HTTP.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, Desk

PROPERTIES = "/crm/properties/2026-03/contacts"
DRAFT = {
    "name": "loyalty",
    "label": "Loyalty",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "contactinformation",
    "options": [{"label": "Gold", "value": "gold"}, {"label": "Silver", "value": "silver"}],
}


async def test_hubspots_own_properties_are_listed_with_all_their_facts(desk: Desk) -> None:
    """
    By either path; the twin's inner facts do not show.
    """
    listed = {each["name"]: each for each in (await desk.get(PROPERTIES)).body["results"]}
    legacy = await desk.get("/crm/v3/properties/contacts/lifecyclestage")

    assert legacy.body == listed["lifecyclestage"]
    assert ("enumeration", "radio", True) == tuple(
        legacy.body[name] for name in ("type", "fieldType", "hubspotDefined")
    )
    assert "customer" in [option["value"] for option in legacy.body["options"]]
    assert listed["hs_object_id"]["modificationMetadata"]["readOnlyValue"]
    assert not {"readOnly", "allowed", "read_only"} & set(legacy.body)


async def test_a_custom_property_lives_from_create_to_archive(desk: Desk) -> None:
    """
    Its values are checked, its options can be changed, and archived it is unknown to writers.
    """
    made = await desk.post(PROPERTIES, DRAFT)
    again = await desk.post(PROPERTIES, DRAFT)
    contact = await desk.contact(email="l@example.com", loyalty="gold")
    wrong = await desk.post(CONTACTS, {"properties": {"loyalty": "bronze"}})
    more = {"label": "Club", "options": [*DRAFT["options"], {"label": "Bronze", "value": "bronze"}]}
    changed = await desk.call("PATCH", f"{PROPERTIES}/loyalty", more)
    right = await desk.post(CONTACTS, {"properties": {"loyalty": "bronze"}})
    gone = await desk.call("DELETE", f"{PROPERTIES}/loyalty")
    late = await desk.post(CONTACTS, {"properties": {"loyalty": "gold"}})
    read = await desk.get(f"{CONTACTS}/{contact['id']}?properties=loyalty")
    archive = (await desk.get(f"{PROPERTIES}?archived=true")).body["results"]

    assert [201, 409, 400, 200, 201, 204, 400] == [
        each.status for each in (made, again, wrong, changed, right, gone, late)
    ]
    assert "Club" == changed.body["label"]
    assert "gold" == contact["properties"]["loyalty"]
    assert "loyalty" not in read.body["properties"]
    assert ["loyalty"] == [each["name"] for each in archive]
    assert 404 == (await desk.get(f"{PROPERTIES}/loyalty")).status


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": "Loyalty Card"}, id="bad name"),
        pytest.param({"type": "colour"}, id="unknown type"),
        pytest.param({"fieldType": "number"}, id="field type of another type"),
        pytest.param({"groupName": "nowhere"}, id="unknown group"),
        pytest.param({"options": [DRAFT["options"][0]] * 2}, id="option twice"),
        pytest.param({"hasUniqueValue": True}, id="unique enumeration"),
        pytest.param({"label": None}, id="no label"),
    ],
)
async def test_a_wrong_definition_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    """
    400, and the property does not exist afterwards.
    """
    refused = await desk.post(PROPERTIES, {**DRAFT, **change})

    assert (400, "VALIDATION_ERROR") == (refused.status, refused.body["category"])
    assert 404 == (await desk.get(f"{PROPERTIES}/loyalty")).status


async def test_hubspots_own_properties_stay(desk: Desk) -> None:
    """
    They can be neither archived nor made anew, and no type can be changed.
    """
    archived = await desk.call("DELETE", f"{PROPERTIES}/email")
    doubled = await desk.post(PROPERTIES, {**DRAFT, "name": "email"})
    retyped = await desk.call("PATCH", f"{PROPERTIES}/city", {"type": "number", "fieldType": "number"})

    assert [400, 409, 400] == [archived.status, doubled.status, retyped.status]


async def test_a_unique_property_keeps_its_values_apart(desk: Desk) -> None:
    """
    And there are ten of them at most.
    """
    unique = {**DRAFT, "type": "string", "fieldType": "text", "options": [], "hasUniqueValue": True}
    made = [(await desk.post(PROPERTIES, {**unique, "name": f"code_{i}"})).status for i in range(11)]
    await desk.contact(code_0="A1")
    taken = await desk.post(CONTACTS, {"properties": {"code_0": "a1"}})

    assert [201] * 10 + [400] == made
    assert "CONFLICTING_UNIQUE_VALUE" == taken.body["errors"][0]["code"]


async def test_groups_can_be_listed_and_added(desk: Desk) -> None:
    """
    A property may then go into the new one.
    """
    group = {"name": "operations", "label": "Operations"}
    made = await desk.post(f"{PROPERTIES}/groups", group)
    again = await desk.post(f"{PROPERTIES}/groups", group)
    names = [each["name"] for each in (await desk.get(f"{PROPERTIES}/groups")).body["results"]]

    assert (201, 409, ["contactinformation", "operations"]) == (made.status, again.status, names)
    assert 201 == (await desk.post(PROPERTIES, {**DRAFT, "groupName": "operations"})).status
