"""
Pipelines, property groups, batches of properties and custom objects.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, DEALS, Desk

PIPELINES = "/crm/pipelines/2026-03/deals"
PROPERTIES = "/crm/properties/2026-03/contacts"
SCHEMAS = "/crm-object-schemas/2026-03/schemas"


def stage(label: str, probability: str = "0.5", order: int = 0) -> dict[str, Any]:
    """A stage of a deal pipeline."""
    return {"label": label, "displayOrder": order, "metadata": {"probability": probability}}


async def test_a_pipeline_can_be_made_changed_and_deleted(desk: Desk) -> None:
    """
    Under dated and legacy paths, with stages that deals may then be in.
    """
    made = await desk.post(PIPELINES, {"label": "Renewals", "displayOrder": 1, "stages": [stage("Due")]})
    path, first = f"{PIPELINES}/{made.body['id']}", made.body["stages"][0]["id"]
    won = await desk.post(f"{path}/stages", stage("Renewed", "1.0", 1))
    deal = {"properties": {"dealname": "R", "pipeline": made.body["id"], "dealstage": won.body["id"]}}
    kept = await desk.post(DEALS, deal)
    renamed = await desk.call("PATCH", path, {"label": "Renewals 2026"})
    fewer = await desk.call("DELETE", f"{path}/stages/{first}")
    legacy = await desk.get("/crm/v3/pipelines/deals")
    gone = await desk.call("DELETE", path)
    refused = await desk.post(DEALS, deal)

    assert [201, 201, 201, 200, 204, 204] == [each.status for each in (made, won, kept, renamed, fewer, gone)]
    assert ["Sales Pipeline", "Renewals 2026"] == [each["label"] for each in legacy.body["results"]]
    assert [[won.body["id"]]] == [[s["id"] for s in each["stages"]] for each in legacy.body["results"][1:]]
    assert 400 == refused.status


async def test_from_2026_09_a_stage_in_use_is_not_deleted(desk: Desk) -> None:
    """
    Before, and when told not to check, it is.
    """
    used = (await desk.get(f"{DEALS}?limit=1&properties=dealstage")).body["results"][0]["properties"][
        "dealstage"
    ]
    path = f"/crm/pipelines/2026-09/deals/default/stages/{used}"
    refused = await desk.call("DELETE", path)
    forced = await desk.call("DELETE", f"{path}?validateDealStageUsagesBeforeDelete=false")

    assert (400, 204) == (refused.status, forced.status)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(PIPELINES, {"label": "X", "displayOrder": 0, "stages": []}, 400, id="no stage"),
        pytest.param(
            PIPELINES,
            {"label": "Sales Pipeline", "displayOrder": 0, "stages": [stage("A")]},
            409,
            id="label taken",
        ),
        pytest.param(f"{PIPELINES}/default/stages", stage("A", "2"), 400, id="probability above 1"),
        pytest.param(
            "/crm/pipelines/2026-03/contacts",
            {"label": "X", "displayOrder": 0, "stages": [stage("A")]},
            400,
            id="contacts have none",
        ),
        pytest.param(f"{PIPELINES}/none/stages", stage("A"), 404, id="no such pipeline"),
    ],
)
async def test_a_wrong_pipeline_is_refused(desk: Desk, path: str, body: object, status: int) -> None:
    """
    And changes nothing.
    """
    refused = await desk.post(path, body)
    held = (await desk.get(PIPELINES)).body["results"]

    assert status == refused.status
    assert [("default", 7)] == [(each["id"], len(each["stages"])) for each in held]


async def test_a_property_group_goes_only_when_it_is_empty(desk: Desk) -> None:
    """
    It can be made, read, renamed, filled, emptied and archived.
    """
    groups = f"{PROPERTIES}/groups"
    await desk.post(groups, {"name": "loyalty", "label": "Loyalty", "displayOrder": 3})
    renamed = await desk.call("PATCH", f"{groups}/loyalty", {"label": "Loyal"})
    draft = {"label": "P", "type": "number", "fieldType": "number", "groupName": "loyalty"}
    made = await desk.post(
        f"{PROPERTIES}/batch/create", {"inputs": [{"name": "a", **draft}, {"name": "b", **draft}]}
    )
    read = await desk.post(f"{PROPERTIES}/batch/read", {"inputs": [{"name": "a"}, {"name": "none"}]})
    full = await desk.call("DELETE", f"{groups}/loyalty")
    await desk.post(f"{PROPERTIES}/batch/archive", {"inputs": [{"name": "a"}, {"name": "b"}]})
    empty = await desk.call("DELETE", f"{groups}/loyalty")

    assert {"name": "loyalty", "label": "Loyal", "displayOrder": 3, "archived": False} == renamed.body
    assert (201, ["a", "b"]) == (made.status, [each["name"] for each in made.body["results"]])
    assert (207, ["a"], 1) == (
        read.status,
        [each["name"] for each in read.body["results"]],
        read.body["numErrors"],
    )
    assert (400, 204, 404) == (full.status, empty.status, (await desk.get(f"{groups}/loyalty")).status)


CAR = {
    "name": "car",
    "labels": {"singular": "Car", "plural": "Cars"},
    "primaryDisplayProperty": "model",
    "requiredProperties": ["model"],
    "searchableProperties": ["model"],
    "properties": [
        {"name": "model", "label": "Model"},
        {"name": "vin", "label": "VIN", "type": "string", "fieldType": "text", "hasUniqueValue": True},
    ],
    "associatedObjects": ["CONTACT"],
}


async def test_a_custom_object_behaves_like_any_other_kind(desk: Desk) -> None:
    """
    Under each of its names: records, search, upsert, properties, associations.
    """
    schema = (await desk.post(SCHEMAS, CAR)).body
    person = (await desk.contact(email="driver@example.com"))["id"]
    type_id = schema["associations"][0]["id"]
    link = {
        "to": {"id": person},
        "types": [{"associationCategory": "USER_DEFINED", "associationTypeId": type_id}],
    }
    names = [schema["objectTypeId"], schema["fullyQualifiedName"], "p_car", "car"]
    paths = [f"/crm/objects/2026-03/{name}" for name in names]
    link["types"][0]["associationTypeId"] = int(type_id)
    made = await desk.post(paths[0], {"properties": {"model": "Mini", "vin": "V1"}, "associations": [link]})
    inputs = [{"id": "V1", "idProperty": "vin", "properties": {"model": "Maxi"}}]
    upserted = await desk.post(f"{paths[1]}/batch/upsert", {"inputs": inputs})
    found = await desk.post(f"{paths[2]}/search", {"query": "maxi", "properties": ["model"]})
    read = await desk.get(f"{paths[3]}/{made.body['id']}?properties=model&associations=contacts")
    back = await desk.get(f"{CONTACTS}/{person}?associations=p_car")

    assert 201 == made.status
    assert [False] == [each["new"] for each in upserted.body["results"]]
    assert [made.body["id"]] == [each["id"] for each in found.body["results"]]
    assert "Maxi" == read.body["properties"]["model"]
    assert [person] == [each["id"] for each in read.body["associations"]["contacts"]["results"]]
    assert [made.body["id"]] == [
        each["id"] for each in back.body["associations"][schema["fullyQualifiedName"]]["results"]
    ]
    assert {"model", "vin"} <= {
        each["name"] for each in (await desk.get("/crm/v3/properties/p_car")).body["results"]
    }


async def test_a_custom_object_needs_what_its_schema_requires(desk: Desk) -> None:
    """
    And a schema goes only when its last record has.
    """
    await desk.post(SCHEMAS, CAR)
    twice = await desk.post(SCHEMAS, CAR)
    lacking = await desk.post("/crm/objects/2026-03/p_car", {"properties": {"vin": "V2"}})
    made = await desk.post("/crm/objects/2026-03/p_car", {"properties": {"model": "Mini"}})
    full = await desk.call("DELETE", f"{SCHEMAS}/p_car")
    await desk.call("DELETE", f"/crm/objects/2026-03/p_car/{made.body['id']}")
    gone = await desk.call("DELETE", f"{SCHEMAS}/p_car")

    assert (409, 400, 400, 204) == (twice.status, lacking.status, full.status, gone.status)
    assert [] == (await desk.get(SCHEMAS)).body["results"]
    assert 400 == (await desk.get("/crm/objects/2026-03/p_car")).status
