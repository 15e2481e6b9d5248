"""
Many records in one call.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, Desk


def traced(*emails: str) -> list[dict[str, Any]]:
    """Inputs that each carry a trace id."""
    return [{"properties": {"email": email}, "objectWriteTraceId": f"t{i}"} for i, email in enumerate(emails)]


async def count(desk: Desk) -> int:
    """How many contacts there are."""
    return int((await desk.post(f"{CONTACTS}/search", {"limit": 1})).body["total"])


async def test_reading_reports_what_is_not_there_beside_what_is(desk: Desk) -> None:
    """
    207 with the missing ids; doubles are read once.
    """
    made = await desk.contact(email="here@example.com")
    body = {"properties": ["email"], "inputs": [{"id": made["id"]}, {"id": "404"}, {"id": made["id"]}]}

    mixed = await desk.post(f"{CONTACTS}/batch/read", body)
    whole = await desk.post(f"{CONTACTS}/batch/read", {**body, "inputs": [{"id": made["id"]}]})

    assert (207, 200) == (mixed.status, whole.status)
    assert [made["id"]] == [row["id"] for row in mixed.body["results"]]
    assert 1 == mixed.body["numErrors"]
    assert ("OBJECT_NOT_FOUND", ["404"]) == (
        mixed.body["errors"][0]["category"],
        mixed.body["errors"][0]["context"]["ids"],
    )


async def test_reading_by_email(desk: Desk) -> None:
    """
    `idProperty` of the batch.
    """
    made = await desk.contact(email="here@example.com")
    body = {"idProperty": "email", "inputs": [{"id": "HERE@example.com"}]}
    read = await desk.post(f"{CONTACTS}/batch/read", body)

    assert [made["id"]] == [row["id"] for row in read.body["results"]]


async def test_without_traces_one_bad_input_fails_the_batch_and_nothing_is_written(desk: Desk) -> None:
    """
    The body is that of the single error.
    """
    before = await count(desk)
    inputs = [{"properties": {"email": "good@example.com"}}, {"properties": {"nonsense": "1"}}]
    failed = await desk.post(f"{CONTACTS}/batch/create", {"inputs": inputs})

    assert 400 == failed.status
    assert "PROPERTY_DOESNT_EXIST" == failed.body["errors"][0]["code"]
    assert before == await count(desk)


async def test_with_traces_the_good_inputs_are_written_and_the_bad_ones_named(desk: Desk) -> None:
    """
    207; the error's context and the result carry the trace id.
    """
    taken = await desk.contact(email="taken@example.com")
    reply = await desk.post(
        f"{CONTACTS}/batch/create", {"inputs": traced("a@example.com", "taken@example.com", "nonsense")}
    )

    assert 207 == reply.status
    assert ["t0"] == [row["objectWriteTraceId"] for row in reply.body["results"]]
    assert {"t1": "CONFLICT", "t2": "VALIDATION_ERROR"} == {
        each["context"]["objectWriteTraceId"][0]: each["category"] for each in reply.body["errors"]
    }
    assert f"Existing ID: {taken['id']}" in reply.body["errors"][0]["message"]
    assert "correlationId" not in reply.body["errors"][0]


@pytest.mark.parametrize(
    "traces", [pytest.param(["x", "x"], id="the same twice"), pytest.param(["x", None], id="one without")]
)
async def test_traces_count_only_when_every_input_has_its_own(desk: Desk, traces: list[str | None]) -> None:
    """
    Otherwise the batch fails whole.
    """
    inputs = [{"properties": {"email": "new@example.com"}}, {"properties": {"email": "nonsense"}}]
    for each, trace in zip(inputs, traces, strict=True):
        if trace:
            each["objectWriteTraceId"] = trace
    reply = await desk.post(f"{CONTACTS}/batch/create", {"inputs": inputs})

    assert 400 == reply.status


async def test_an_address_twice_in_one_batch_is_a_conflict(desk: Desk) -> None:
    """
    The first of the two wins when inputs are traced.
    """
    inputs = traced("same@example.com", "Same@example.com")
    whole = await desk.post(
        f"{CONTACTS}/batch/create", {"inputs": [{"properties": each["properties"]} for each in inputs]}
    )
    partial = await desk.post(f"{CONTACTS}/batch/create", {"inputs": inputs})

    assert 409 == whole.status
    assert (207, 1, 1) == (partial.status, len(partial.body["results"]), len(partial.body["errors"]))


@pytest.mark.parametrize("verb", ["read", "create", "update", "upsert", "archive"])
async def test_a_batch_has_a_hundred_inputs_at_most(desk: Desk, verb: str) -> None:
    """
    101 are refused before any of them is looked at.
    """
    inputs = [{"id": str(i), "properties": {}} for i in range(101)]
    reply = await desk.post(f"{CONTACTS}/batch/{verb}", {"inputs": inputs})

    assert (400, "VALIDATION_ERROR") == (reply.status, reply.body["category"])


async def test_updating_changes_all_or_none(desk: Desk) -> None:
    """
    An unknown id fails the batch; the same id twice too.
    """
    made = await desk.contact(email="up@example.com", city="Perth")
    good = {"id": made["id"], "properties": {"city": "Hobart"}}

    unknown = await desk.post(f"{CONTACTS}/batch/update", {"inputs": [good, {"id": "404", "properties": {}}]})
    doubled = await desk.post(f"{CONTACTS}/batch/update", {"inputs": [good, good]})
    between = (await desk.get(f"{CONTACTS}/{made['id']}?properties=city")).body["properties"]["city"]
    done = await desk.post(f"{CONTACTS}/batch/update", {"inputs": [good]})

    assert (404, 400, "Perth", 200) == (unknown.status, doubled.status, between, done.status)
    assert "Hobart" == done.body["results"][0]["properties"]["city"]


async def test_upserting_by_a_unique_property_makes_the_new_and_changes_the_known(desk: Desk) -> None:
    """
    `new` says which; doing it again makes nothing.
    """
    unique = {
        "name": "customer_code", "label": "Customer code", "type": "string", "fieldType": "text",
        "groupName": "contactinformation", "hasUniqueValue": True,
    }  # fmt: skip
    assert 201 == (await desk.post("/crm/properties/2026-03/contacts", unique)).status
    inputs = [
        {"id": code, "idProperty": "customer_code", "properties": {"firstname": code}}
        for code in ("C1", "C2")
    ]
    first = await desk.post(f"{CONTACTS}/batch/upsert", {"inputs": inputs[:1]})
    second = await desk.post(f"{CONTACTS}/batch/upsert", {"inputs": inputs})
    third = await desk.post(f"{CONTACTS}/batch/upsert", {"inputs": inputs})
    read = await desk.get(f"{CONTACTS}/c2?idProperty=customer_code&properties=customer_code")

    assert [[True], [False, True], [False, False]] == [
        [row["new"] for row in reply.body["results"]] for reply in (first, second, third)
    ]
    assert "C2" == read.body["properties"]["customer_code"]


async def test_an_upsert_by_email_is_never_partial(desk: Desk) -> None:
    """
    Not even with traces; by another unique property it is.
    """
    good = {"id": "ok@example.com", "idProperty": "email", "properties": {}, "objectWriteTraceId": "1"}
    bad = {"id": "no@example.com", "idProperty": "email", "properties": {"x": "1"}, "objectWriteTraceId": "2"}
    before = await count(desk)

    failed = await desk.post(f"{CONTACTS}/batch/upsert", {"inputs": [good, bad]})
    between = await count(desk)
    done = await desk.post(f"{CONTACTS}/batch/upsert", {"inputs": [good]})

    assert (400, before) == (failed.status, between)
    assert (200, True) == (done.status, done.body["results"][0]["new"])


async def test_an_upsert_needs_a_unique_property(desk: Desk) -> None:
    """
    A name that is not unique, or a record id that does not exist, makes nothing.
    """
    by_name = {"inputs": [{"id": "Anna", "idProperty": "firstname", "properties": {}}]}
    by_id = {"inputs": [{"id": "404", "properties": {}}]}

    assert 400 == (await desk.post(f"{CONTACTS}/batch/upsert", by_name)).status
    assert 404 == (await desk.post(f"{CONTACTS}/batch/upsert", by_id)).status


async def test_archiving_many_takes_unknown_ids_in_its_stride(desk: Desk) -> None:
    """
    204, and the known ones are gone.
    """
    made = await desk.contact(email="bye@example.com")
    reply = await desk.post(f"{CONTACTS}/batch/archive", {"inputs": [{"id": made["id"]}, {"id": "404"}]})

    assert 204 == reply.status
    assert 404 == (await desk.get(f"{CONTACTS}/{made['id']}")).status
