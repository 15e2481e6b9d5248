"""
Whatever is sent, the twin answers: a twin that falls over would be blamed on the client under test.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops.sandbox.clock import HandClock
from masterops.sandbox.hubspot.twin import HubSpotTwin
from masterops.sandbox.service import Ask, Caller
from tests.sandbox.desk import PLENTY, START

TWIN = HubSpotTwin(["teelixir"], HandClock(START), limits=PLENTY, contacts=20)
IDS = list(TWIN.accounts["teelixir"].stores["contacts"].live)
WORDS = (
    "inputs id from primaryObjectId objectIdToMerge labels requiredProperties associatedObjects stages metadata "
    "probability displayOrder id properties associations to types associationTypeId filterGroups filters propertyName operator "
    "value highValue values sorts direction query limit after idProperty objectWriteTraceId email amount "
    "createdate lifecyclestage name label type fieldType groupName options hasUniqueValue EQ IN BETWEEN "
    f"contactinformation string {IDS[0]} {IDS[1]}"
).split()
KEYS = st.sampled_from(WORDS) | st.text(max_size=5)
NUMBERS = st.integers() | st.floats(allow_nan=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=8)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)
QUERIES = st.dictionaries(
    st.sampled_from(["limit", "after", "properties", "archived", "idProperty"]), st.text(max_size=6)
)
BROKEN = st.binary(max_size=60) | st.sampled_from([b"[" * 50_000, b'{"query":"\\ud800"}'])
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["email", "firstname", "city"]), st.text(max_size=5)), max_size=5
)
CONTACTS = "/crm/v3/objects/contacts"
PATHS = [
    CONTACTS,
    f"{CONTACTS}/search",
    *[f"{CONTACTS}/batch/{verb}" for verb in ("read", "create", "update", "upsert", "archive")],
    f"{CONTACTS}/{IDS[0]}",
    "/crm/v3/objects/deals",
    "/crm/v3/properties/contacts",
    "/crm/v3/properties/contacts/city",
    "/crm/v3/properties/contacts/groups",
    "/crm/v3/properties",
    "/crm/v3/properties/contacts/groups/contactinformation",
    "/crm/v3/properties/contacts/batch/read",
    "/crm/v3/properties/contacts/batch/create",
    "/crm/v3/owners",
    f"{CONTACTS}/merge",
    "/crm/v3/pipelines/deals",
    "/crm/v3/pipelines/deals/default",
    "/crm/v3/pipelines/deals/default/stages",
    "/crm/v3/pipelines/tickets/0/stages/1",
    "/crm-object-schemas/v3/schemas",
    "/crm-object-schemas/v3/schemas/p_thing",
    "/crm/v4/associations/contacts/companies/labels",
    f"/crm/v4/objects/contacts/{IDS[0]}/associations/companies",
    f"/crm/v4/objects/contacts/{IDS[0]}/associations/contacts/{IDS[1]}",
    f"/crm/v4/objects/contacts/{IDS[0]}/associations/default/contacts/{IDS[1]}",
    *[
        f"/crm/v4/associations/contacts/contacts/batch/{verb}"
        for verb in ("read", "create", "archive", "associate/default", "labels/archive")
    ],
    "/account-info/v3/details",
    "/crm",
]
FINE = (200, 201, 204, 207, 400, 404, 405, 409)


def ask(method: str, path: str, query: str, body: bytes) -> int:
    """The status of the answer, whose body must be JSON or empty."""
    asked = Ask(TWIN, Caller("teelixir"), method, path, query, body, "application/json", "http://x")
    answer = TWIN.perform(asked)
    if answer.body:
        msgspec.json.decode(answer.body)
    return answer.status


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]), st.sampled_from(PATHS), QUERIES, BODIES)
def test_no_request_makes_the_twin_fall_over(
    method: str, path: str, query: dict[str, str], body: Any
) -> None:
    """
    Every answer is a success or one of HubSpot's refusals.
    """
    asked = "&".join(f"{name}={value}" for name, value in query.items())

    assert ask(method, path, asked, msgspec.json.encode(body)) in FINE


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), BROKEN)
def test_no_bytes_make_the_twin_fall_over(path: str, body: bytes) -> None:
    """
    Not even a document nested fifty thousand deep or half a character.
    """
    assert ask("POST", path, "", body) in FINE


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_a_traced_batch_accounts_for_every_input(records: list[dict[str, str]]) -> None:
    """
    Each is a result or an error, never both and never neither.
    """
    inputs = [{"properties": each, "objectWriteTraceId": str(i)} for i, each in enumerate(records)]
    body = msgspec.json.encode({"inputs": inputs})
    answer = TWIN.perform(
        Ask(TWIN, Caller("teelixir"), "POST", f"{CONTACTS}/batch/create", "", body, "application/json", "")
    )
    reply = msgspec.json.decode(answer.body)
    done = [row["objectWriteTraceId"] for row in reply["results"]]
    failed = [each["context"]["objectWriteTraceId"][0] for each in reply.get("errors", [])]

    assert sorted(done + failed) == sorted(str(i) for i in range(len(records)))
