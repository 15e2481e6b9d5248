"""
Webhooks that come in: whose they are, and what they tell; the twin's own among them.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.config import Secret
from masterops.connectors.hubspot import events
from masterops.connectors.hubspot.events import (
    AssociationChanged,
    Created,
    Deleted,
    Event,
    Merged,
    MessageReceived,
    PrivacyDeleted,
    PropertyChanged,
    Restored,
)
from masterops.connectors.hubspot.signature import Verdict, decoded, sign, verify
from tests.sandbox.conftest import desk
from tests.sandbox.desk import COMPANIES, CONTACTS, START, Desk
from tests.sandbox.test_webhooks import Ear, ear, subscribed, until

__all__ = ["desk", "ear"]

FOLDER = os.environ.get("MASTEROPS_SPEC_DIR")
SECRET = Secret("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
URI = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
STAMP = "1693657560000"
THEN = datetime.fromtimestamp(1693657560, UTC)
SIGNED = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="  # HubSpot's own example
HEADERS = {"X-HubSpot-Signature-v3": SIGNED, "X-HubSpot-Request-Timestamp": STAMP}


def test_hubspots_own_example_is_good() -> None:
    """
    Whatever the case of the names of headers.
    """
    assert Verdict.GOOD is verify("POST", URI, BODY, HEADERS, SECRET, now=THEN)
    assert verify("POST", URI, BODY, {k.lower(): v for k, v in HEADERS.items()}, SECRET, now=THEN)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"method": "PUT"}, Verdict.WRONG),
        ({"uri": URI + "/"}, Verdict.WRONG),
        ({"uri": URI.replace("https", "http")}, Verdict.WRONG),
        ({"body": BODY + b" "}, Verdict.WRONG),
        ({"secret": Secret("another")}, Verdict.WRONG),
        ({"headers": HEADERS | {"X-HubSpot-Signature-v3": SIGNED.lower()}}, Verdict.WRONG),
        ({"headers": HEADERS | {"X-HubSpot-Signature-v3": "ünïcöde\udcff"}}, Verdict.WRONG),
        ({"headers": HEADERS | {"X-HubSpot-Request-Timestamp": "1693657560001"}}, Verdict.WRONG),
        ({"headers": {"X-HubSpot-Signature-v3": SIGNED}}, Verdict.UNSIGNED),
        ({"headers": {"X-HubSpot-Request-Timestamp": STAMP}}, Verdict.UNSIGNED),
        ({"headers": HEADERS | {"X-HubSpot-Signature-v3": ""}}, Verdict.UNSIGNED),
        ({"headers": HEADERS | {"X-HubSpot-Request-Timestamp": "-5"}}, Verdict.NO_TIME),
        ({"headers": HEADERS | {"X-HubSpot-Request-Timestamp": "9" * 40}}, Verdict.NO_TIME),
        ({"headers": HEADERS | {"X-HubSpot-Request-Timestamp": "9" * 15}}, Verdict.FROM_THE_FUTURE),
        ({"headers": HEADERS | {"X-HubSpot-Request-Timestamp": "١٢٣"}}, Verdict.NO_TIME),
        ({"now": THEN + timedelta(minutes=5)}, Verdict.GOOD),
        ({"now": THEN + timedelta(minutes=5, milliseconds=1)}, Verdict.TOO_OLD),
        ({"now": THEN - timedelta(minutes=5)}, Verdict.GOOD),
        ({"now": THEN - timedelta(minutes=5, milliseconds=1)}, Verdict.FROM_THE_FUTURE),
    ],
)
def test_anything_else_is_refused_with_the_reason(changed: dict[str, Any], verdict: Verdict) -> None:
    """
    Each part of the request is signed, and its time.
    """
    facts: dict[str, Any] = {
        "method": "POST",
        "uri": URI,
        "body": BODY,
        "headers": HEADERS,
        "secret": SECRET,
        "now": THEN,
    }
    facts |= changed

    found = verify(**facts)

    assert (verdict, verdict is Verdict.GOOD) == (found, bool(found))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/a?x=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", "/a?x=:/?@!$'()*,;"),
        ("/a%2fb?c=%3a", "/a/b?c=:"),
        ("/a%20b?c=%26%3D%2B%23%25", "/a%20b?c=%26%3D%2B%23%25"),
        ("/%253A", "/%253A"),
        ("/ä?%C3%A4", "/ä?%C3%A4"),
    ],
    ids=["all twelve", "small letters", "no others", "once", "text"],
)
def test_of_the_address_twelve_characters_are_decoded(given: str, expected: str) -> None:
    """
    HubSpot's table; the rest is signed as it was sent.
    """
    assert expected == decoded(given)


@given(
    body=st.binary(max_size=200),
    other=st.binary(max_size=200),
    path=st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_a_signature_is_good_for_its_body_and_no_other(body: bytes, other: bytes, path: str) -> None:
    """
    Any bytes, any address.
    """
    uri = URI + path
    headers = HEADERS | {"X-HubSpot-Signature-v3": sign("post", uri, body, STAMP, SECRET)}

    assert verify("POST", uri, body, headers, SECRET, now=THEN)
    assert (body == other) is bool(verify("POST", uri, other, headers, SECRET, now=THEN))


BASE = {
    "portalId": 7,
    "occurredAt": 1700000000123,
    "eventId": 5,
    "objectId": 9,
    "subscriptionId": 3,
    "appId": 2,
}


@pytest.mark.parametrize(
    ("name", "more", "kind", "expected"),
    [
        ("contact.creation", {"changeFlag": "NEW"}, Created, {"change_flag": "NEW", "object_id": "9"}),
        ("deal.deletion", {}, Deleted, {"object_id": "9"}),
        ("contact.privacyDeletion", {}, PrivacyDeleted, {"object_id": "9"}),
        ("ticket.restore", {}, Restored, {"object_id": "9"}),
        (
            "object.propertyChange",
            {"objectTypeId": "0-3", "propertyName": "amount", "propertyValue": "5"},
            PropertyChanged,
            {"object_type_id": "0-3", "property_name": "amount", "property_value": "5"},
        ),
        (
            "company.merge",
            {"primaryObjectId": 1, "mergedObjectIds": [2, 3], "newObjectId": 4, "numberOfPropertiesMoved": 0},
            Merged,
            {"primary_object_id": "1", "merged_object_ids": ("2", "3"), "new_object_id": "4"},
        ),
        (
            "contact.associationChange",
            {
                "fromObjectId": 1,
                "toObjectId": 2,
                "associationType": "CONTACT_TO_COMPANY",
                "associationRemoved": True,
            },
            AssociationChanged,
            {"from_object_id": "1", "to_object_id": "2", "association_removed": True},
        ),
        (
            "conversation.newMessage",
            {"messageId": "m", "messageType": "COMMENT"},
            MessageReceived,
            {"message_id": "m"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_type_of_event_has_its_fields(
    name: str, more: dict[str, Any], kind: type[Event], expected: dict[str, Any]
) -> None:
    """
    Ids are text, moments are moments.
    """
    [found] = events.parse(msgspec.json.encode([BASE | more | {"subscriptionType": name}]))

    assert (kind, True, name) == (type(found), found.known, f"{found.subject}.{found.action}")
    assert expected == {field: getattr(found, field) for field in expected}
    assert datetime(2023, 11, 14, 22, 13, 20, 123000, UTC) == found.occurred_at


def test_what_is_not_known_is_kept() -> None:
    """
    A type that HubSpot adds, a field that it adds, and one that holds something else than it should.
    """
    new = BASE | {"subscriptionType": "quote.signed", "by": "Ann"}
    odd = {
        "subscriptionType": "contact.propertyChange",
        "propertyName": 5,
        "occurredAt": "soon",
        "portalId": 10**30,
    }
    bare: dict[str, Any] = {}

    found = events.parse(msgspec.json.encode([new, odd, bare]))

    assert [(Event, False), (PropertyChanged, True), (Event, False)] == [
        (type(each), each.known) for each in found
    ]
    assert ("signed", "Ann") == (found[0].action, found[0].raw["by"])
    assert (None, 5, "") == (found[1].occurred_at, found[1].raw["propertyName"], found[2].subscription_type)


def test_a_repetition_has_the_same_key_and_another_event_has_not() -> None:
    """
    Event ids are not unique.
    """
    first = events.event(BASE | {"subscriptionType": "contact.creation"})
    again = events.event(BASE | {"subscriptionType": "contact.creation", "attemptNumber": 3})
    change = events.event(BASE | {"subscriptionType": "contact.propertyChange", "propertyName": "a"})
    other = events.event(BASE | {"subscriptionType": "contact.propertyChange", "propertyName": "b"})
    elsewhere = events.event(BASE | {"subscriptionType": "contact.creation", "portalId": 8})

    assert first.key == again.key
    assert 4 == len({first.key, change.key, other.key, elsewhere.key})


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"subscriptionType": "x"}'])
def test_a_body_that_is_no_list_of_events_is_one_clear_error(body: bytes) -> None:
    """
    It may be anybody's.
    """
    with pytest.raises(errors.BadValue, match="HubSpot's webhooks"):
        events.parse(body)


@pytest.mark.skipif(not FOLDER, reason="MASTEROPS_SPEC_DIR names no folder with HubSpot's OpenAPI files")
def test_the_types_are_those_of_hubspots_own_file() -> None:
    """
    No more and no fewer.
    """
    files = [msgspec.json.decode(path.read_bytes()) for path in Path(str(FOLDER)).rglob("*ebhooks*.json")]
    shapes = [
        file.get("components", {}).get("schemas", {}).get("SubscriptionCreateRequest", {}) for file in files
    ]
    named = {
        name for shape in shapes for name in shape.get("properties", {}).get("eventType", {}).get("enum", [])
    }
    if not named:
        pytest.skip(f"no file under {FOLDER} knows webhooks")

    assert named == {f"{subject}.{action}" for subject, actions in events.TYPES.items() for action in actions}


async def test_what_the_twin_delivers_is_good_and_told(desk: Desk, ear: Ear) -> None:
    """
    To an address whose query needs decoding: made, changed, associated, parted, merged, archived.
    """
    ear.url = ear.url.replace("a=b", "to=%2Fbase%20one%3A1")
    types = ("creation", "propertyChange", "associationChange", "privacyDeletion")
    await subscribed(desk, ear, "object.merge", *(f"contact.{each}" for each in types))
    firm = (await desk.post(COMPANIES, {"properties": {"name": "Firm"}})).body["id"]
    one, two = await desk.contact(email="1@example.com"), await desk.contact(email="2@example.com")
    link = f"{CONTACTS}/{one['id']}/associations/default/companies/{firm}"
    await desk.call("PUT", link)
    await desk.call("PUT", link)
    await desk.call("DELETE", f"{CONTACTS}/{one['id']}/associations/companies/{firm}")
    await desk.post(f"{CONTACTS}/merge", {"primaryObjectId": one["id"], "objectIdToMerge": two["id"]})
    await desk.post(f"{CONTACTS}/gdpr-delete", {"objectId": one["id"]})
    await until(lambda: any(each["subscriptionType"] == "contact.privacyDeletion" for each in ear.told()))

    secret = Secret("sandbox-app-secret-teelixir")
    verdicts = {verify("POST", ear.url, body, headers, secret, now=START) for headers, body in ear.heard}
    told = [each for _, body in ear.heard for each in events.parse(body)]
    told.sort(key=lambda each: each.event_id or 0)
    links = [each for each in told if isinstance(each, AssociationChanged)]
    merged = next(each for each in told if isinstance(each, Merged))

    assert {Verdict.GOOD} == verdicts
    assert all(each.known and each.occurred_at == START for each in told)
    assert {Created, PropertyChanged, AssociationChanged, Merged, PrivacyDeleted} == {
        type(each) for each in told
    }
    assert [(one["id"], firm, False), (one["id"], firm, True)] == [
        (each.from_object_id, each.to_object_id, each.association_removed) for each in links
    ]
    assert (one["id"], (two["id"],)) == (merged.primary_object_id, merged.merged_object_ids)
