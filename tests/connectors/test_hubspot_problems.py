"""
HubSpot's error bodies, headers and search bodies, read and written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from masterops import errors
from masterops.connectors.hubspot.contacts import Contact
from masterops.connectors.hubspot.deals import Deal
from masterops.connectors.hubspot.limits import rate
from masterops.connectors.hubspot.paths import path
from masterops.connectors.hubspot.problems import explain
from masterops.connectors.hubspot.search import Filter, Sort, body, wire_value
from masterops.transport import Reply, judge


def error_of(status: int, fields: object) -> errors.RemoteError:
    raw = fields if isinstance(fields, bytes) else msgspec.json.encode(fields)
    reply = Reply(status, {}, raw)
    error = judge(reply, explain(reply), connection="hubspot/teelixir", asked=None)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("kind", "wait", "status", "fields"),
    [
        pytest.param(
            errors.RateLimited,
            10.0,
            429,
            {"message": "slow", "policyName": "TEN_SECONDLY_ROLLING"},
            id="burst",
        ),
        pytest.param(
            errors.RateLimited, 1.0, 429, {"message": "You have reached your secondly limit."}, id="search"
        ),
        pytest.param(errors.QuotaExhausted, None, 429, {"message": "x", "policyName": "DAILY"}, id="day"),
        pytest.param(
            errors.QuotaExhausted, None, 429, {"message": None, "policyName": "DAILY"}, id="day, null message"
        ),
        pytest.param(
            errors.QuotaExhausted,
            None,
            429,
            {"message": 5, "errors": {"a": 1}, "correlationId": [], "policyName": "DAILY"},
            id="day, odd fields",
        ),
        pytest.param(errors.RateLimited, None, 429, {"message": "x", "policyName": 7}, id="odd policy"),
        pytest.param(errors.ServerFailed, None, 500, b'{"message": "\xff"}', id="not UTF-8"),
        pytest.param(errors.ServerFailed, None, 500, b"[" * 100_000, id="nested for ever"),
        pytest.param(errors.RateLimited, None, 429, b"<html>", id="429 without a body to read"),
        pytest.param(errors.RateLimited, 2.0, 423, {"message": "locked"}, id="locked"),
        pytest.param(errors.Conflict, None, 409, {"message": "Contact already exists"}, id="conflict"),
        pytest.param(errors.Unauthenticated, None, 401, {"category": "INVALID_AUTHENTICATION"}, id="token"),
        pytest.param(errors.ServerFailed, None, 500, [1, 2], id="a body of another shape"),
    ],
)
def test_errors(kind: type[errors.RemoteError], wait: float | None, status: int, fields: object) -> None:
    """
    Each failure is the right error, with the wait that HubSpot's windows mean where it names none.
    """
    error = error_of(status, fields)

    assert (kind, wait) == (type(error), error.retry_after)


def test_an_error_carries_hubspots_own_words_and_id() -> None:
    """
    The message names the property, the facts the correlation id for HubSpot's support.
    """
    error = error_of(
        400,
        {
            "message": "Property values were not valid",
            "category": "VALIDATION_ERROR",
            "correlationId": "abc-1",
            "errors": [{"message": "no such property: colour"}],
        },
    )

    assert "Property values were not valid (no such property: colour)" in error.message
    assert "abc-1" == error.facts["correlation_id"]


def test_an_odd_detail_costs_itself_alone() -> None:
    """
    What can be read of the body is read.
    """
    details = [None, "text", {"message": None}, {"message": "no such property: colour", "context": []}]

    error = error_of(400, {"message": "wrong", "correlationId": "abc-1", "errors": details})

    assert "wrong (no such property: colour) (HTTP 400)" in error.message
    assert "abc-1" == error.facts["correlation_id"]


def test_a_body_without_a_message_is_told_by_its_details() -> None:
    """
    No space where the message would stand.
    """
    error = error_of(400, {"message": None, "errors": [{"message": "no such property"}]})

    assert error.message.endswith("the values: no such property (HTTP 400)")


def test_the_budget_is_read_from_the_headers_that_are_there() -> None:
    """
    Search answers carry none, and nonsense is no number.
    """
    full = rate({"x-hubspot-ratelimit-remaining": "96", "x-hubspot-ratelimit-interval-milliseconds": "10000"})

    assert (96, True) == (full.remaining, full.resets_at is not None)
    assert (None, None) == (rate({}).remaining, rate({}).resets_at)
    assert rate({"x-hubspot-ratelimit-remaining": "many"}).remaining is None


@pytest.mark.parametrize(
    ("expected", "version"),
    [
        ("/crm/objects/2026-03/contacts", "2026-03"),
        ("/crm/objects/2026-09/contacts", "2026-09"),
        ("/crm/v3/objects/contacts", "v3"),
    ],
)
def test_paths_by_version(expected: str, version: str) -> None:
    """
    The order of version and name differs between the families.
    """
    assert expected == path(version, "objects", "contacts")


def test_a_version_that_is_not_there_names_the_nearest() -> None:
    """
    A slip in the configuration is one clear error.
    """
    with pytest.raises(errors.UnknownName) as caught:
        path("2026-3", "objects")

    assert "2026-03" in caught.value.advice


def test_properties_are_typed_and_the_rest_is_kept() -> None:
    """
    Empty is None, what is not known is in `extra`, a value of the wrong shape costs only itself.
    """
    wire = {
        "id": "1",
        "properties": {
            "email": "a@example.com",
            "firstname": "",
            "lastname": None,
            "createdate": "not a date",
            "lastmodifieddate": "2026-11-24T09:00:00.123Z",
            "favourite_tea": "chaga",
        },
        "createdAt": "2026-11-20T00:00:00Z",
    }

    contact = msgspec.convert(
        wire | {"properties": msgspec.Raw(msgspec.json.encode(wire["properties"]))}, Contact
    )

    assert ("a@example.com", None, None) == (
        contact.properties.email,
        contact.properties.firstname,
        contact.properties.createdate,
    )
    assert datetime(2026, 11, 24, 9, 0, 0, 123000, UTC) == contact.properties.lastmodifieddate
    assert {"favourite_tea": "chaga", "createdate": "not a date"} == contact.extra


def test_money_is_decimal() -> None:
    """
    An amount keeps its cents.
    """
    deal: Deal = msgspec.json.decode(b'{"id": "1", "properties": {"amount": "1234.10"}}', type=Deal)

    assert "1234.10" == str(deal.properties.amount)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("true", True),
        ("5", 5),
        ("1.5", 1.5),
        ("1764028800000", datetime(2025, 11, 25, tzinfo=UTC)),
        ("Äpfel", "Äpfel"),
    ],
)
def test_values_on_the_wire_are_strings(expected: str, value: Any) -> None:
    """
    HubSpot takes strings: moments as milliseconds, booleans in lower case.
    """
    assert expected == wire_value(value)


def test_a_search_body_says_what_was_asked() -> None:
    """
    Groups are alternatives, filters in one all hold; IN is given every value in lower case too.
    """
    groups = [
        [Filter("email", "EQ", "a@b.c"), Filter("amount", "BETWEEN", 1, high=9)],
        [Filter("x", "IN", values=("A", "b", "a", 5))],
    ]

    wanted = body(
        groups, query="tea", sort=Sort("createdate", True), properties=["email"], limit=5, after="10"
    )

    assert {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": "email", "operator": "EQ", "value": "a@b.c"},
                    {"propertyName": "amount", "operator": "BETWEEN", "value": "1", "highValue": "9"},
                ]
            },
            {"filters": [{"propertyName": "x", "operator": "IN", "values": ["A", "a", "b", "5"]}]},
        ],
        "properties": ["email"],
        "limit": 5,
        "query": "tea",
        "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
        "after": "10",
    } == wanted


@pytest.mark.parametrize(
    "shape", [[1] * 6, [7], [6, 6, 6, 1]], ids=["groups", "filters in one", "filters in all"]
)
def test_more_than_hubspot_takes_is_refused_before_it_is_sent(shape: list[int]) -> None:
    """
    The limits are HubSpot's; the error names them.
    """
    groups = [[Filter("a", "EQ", "b")] * size for size in shape]

    with pytest.raises(errors.BadValue, match="at most 5 groups of 6 filters, 18 in all"):
        body(groups, query=None, sort=None, properties=[], limit=1, after=None)


def test_the_support_s_name_for_a_request_is_kept_from_body_or_headers() -> None:
    """
    HubSpot's own in the body wins; where there is none, the header that names the request is taken.
    """
    headers = {"x-request-id": "header-1"}
    told = Reply(500, headers, b'{"message": "no", "correlationId": "body-1"}')
    silent = Reply(500, headers, b"<html>")
    found = [
        judge(reply, explain(reply), connection="hubspot/teelixir", asked=None) for reply in (told, silent)
    ]

    assert ["body-1", "header-1"] == [error.request_id for error in found if error]


def test_a_request_id_that_repeats_the_token_does_not_show_it() -> None:
    """
    A service, or what stands in front of it, may echo whatever it was sent.
    """
    reply = Reply(500, {"x-request-id": "id-s3cret-token"}, b"")
    error = judge(reply, explain(reply), connection="hubspot/teelixir", asked=None, secrets=["s3cret-token"])

    assert error is not None
    assert "s3cret-token" not in repr(error.facts)
    assert "s3cret-token" not in str(error.request_id)
