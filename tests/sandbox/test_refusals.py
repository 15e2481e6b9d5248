"""
HubSpot's error bodies.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, Desk

JSON = {"Content-Type": "application/json"}
CASES: dict[str, tuple[dict[str, Any], int, str]] = {
    "no token": ({"method": "GET", "path": CONTACTS, "business": None}, 401, "INVALID_AUTHENTICATION"),
    "unknown token": (
        {"method": "GET", "path": CONTACTS, "business": None, "headers": {"Authorization": "Bearer nobody"}},
        401,
        "INVALID_AUTHENTICATION",
    ),
    "unknown record": ({"method": "GET", "path": f"{CONTACTS}/404"}, 404, "OBJECT_NOT_FOUND"),
    "change of an unknown record": (
        {"method": "PATCH", "path": f"{CONTACTS}/404", "body": {"properties": {}}},
        404,
        "OBJECT_NOT_FOUND",
    ),
    "unknown path": ({"method": "GET", "path": "/crm/v3/nothing"}, 404, "OBJECT_NOT_FOUND"),
    "unknown version": ({"method": "GET", "path": "/crm/objects/2025-01/contacts"}, 404, "OBJECT_NOT_FOUND"),
    "the root": ({"method": "GET", "path": "/"}, 404, "OBJECT_NOT_FOUND"),
    "unknown kind": ({"method": "GET", "path": "/crm/v3/objects/contakts"}, 400, "VALIDATION_ERROR"),
    "wrong method": ({"method": "PUT", "path": CONTACTS, "body": {}}, 405, "METHOD_NOT_ALLOWED"),
    "wrong media type": (
        {"method": "POST", "path": CONTACTS, "data": b"a=1", "headers": {"Content-Type": "text/plain"}},
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "broken JSON": (
        {"method": "POST", "path": CONTACTS, "data": b"{", "headers": JSON},
        400,
        "VALIDATION_ERROR",
    ),
    "no UTF-8": (
        {"method": "POST", "path": CONTACTS, "data": b'{"properties":{"city":"\xff"}}', "headers": JSON},
        400,
        "VALIDATION_ERROR",
    ),
    "wrong shape": ({"method": "POST", "path": CONTACTS, "body": []}, 400, "VALIDATION_ERROR"),
    "too many rows": ({"method": "GET", "path": f"{CONTACTS}?limit=101"}, 400, "VALIDATION_ERROR"),
    "a cursor from elsewhere": ({"method": "GET", "path": f"{CONTACTS}?after=abc"}, 400, "VALIDATION_ERROR"),
    "a long URL": ({"method": "GET", "path": f"{CONTACTS}?properties={'x' * 9000}"}, 414, "URI_TOO_LONG"),
}


@pytest.mark.parametrize(("request_", "status", "category"), CASES.values(), ids=CASES.keys())
async def test_every_refusal_has_the_usual_body(
    desk: Desk, request_: dict[str, Any], status: int, category: str
) -> None:
    """
    status, message, correlationId and category, as JSON.
    """
    reply = await desk.call(**request_)

    assert (status, category) == (reply.status, reply.body["category"])
    assert "error" == reply.body["status"]
    assert reply.body["message"]
    assert reply.headers["X-HubSpot-Correlation-Id"] == reply.body["correlationId"]
    assert reply.headers["Content-Type"].startswith("application/json")


async def test_a_wrong_value_is_named_in_the_message_and_in_errors(desk: Desk) -> None:
    """
    All of them at once.
    """
    body = {"properties": {"nonsense": "1", "lifecyclestage": "hero", "email": "x"}}
    reply = await desk.post(CONTACTS, body)

    assert (400, "VALIDATION_ERROR") == (reply.status, reply.body["category"])
    assert {
        "nonsense": "PROPERTY_DOESNT_EXIST",
        "lifecyclestage": "INVALID_OPTION",
        "email": "INVALID_EMAIL",
    } == {each["context"]["propertyName"][0]: each["code"] for each in reply.body["errors"]}
    assert reply.body["message"].startswith('Property values were not valid: [{"isValid":false,')


async def test_a_method_that_does_not_fit_is_answered_with_those_that_do(desk: Desk) -> None:
    """
    The Allow header.
    """
    reply = await desk.call("PUT", f"{CONTACTS}/1", {})

    assert "GET, PATCH, DELETE" == reply.headers["Allow"]


async def test_a_body_larger_than_anybody_needs_is_refused(desk: Desk) -> None:
    """
    413, before it is looked at.
    """
    reply = await desk.call("POST", CONTACTS, data=b" " * (10 * 1024 * 1024 + 1), headers=JSON)

    assert (413, "error") == (reply.status, reply.body["status"])
