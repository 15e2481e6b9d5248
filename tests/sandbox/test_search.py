"""
The search endpoint: pages and limits.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, DEALS, Desk, opened

ANY = {"propertyName": "email", "operator": "HAS_PROPERTY"}


async def search(desk: Desk, **body: Any) -> Any:
    """The answer to a search of contacts."""
    return (await desk.post(f"{CONTACTS}/search", body)).body


async def test_pages_of_a_search_are_numbered_and_tell_the_total(desk: Desk) -> None:
    """
    Ten rows unless asked otherwise, and every record once.
    """
    first = await search(desk)
    second = await search(desk, limit=15, after=first["paging"]["next"]["after"])
    last = await search(desk, limit=200, after="25")

    assert (30, 10, "10") == (first["total"], len(first["results"]), first["paging"]["next"]["after"])
    rows = first["results"] + second["results"] + last["results"]
    assert 30 == len({row["id"] for row in rows})
    assert "paging" not in last


async def test_changed_records_are_found_at_once_by_the_time_of_change(desk: Desk) -> None:
    """
    Contacts by lastmodifieddate, deals by hs_lastmodifieddate.
    """
    since = str(round(desk.clock.now().timestamp() * 1000))
    made = await desk.contact(email="fresh@example.com")
    deal = (await desk.post(DEALS, {"properties": {"dealname": "Fresh"}})).body["id"]
    contacts = await search(
        desk,
        filterGroups=[{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": since}]}],
    )
    body = {
        "filterGroups": [
            {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": since}]}
        ]
    }
    deals = (await desk.post(f"{DEALS}/search", body)).body

    assert [made["id"]] == [row["id"] for row in contacts["results"]]
    assert [deal] == [row["id"] for row in deals["results"]]


async def test_archived_records_are_never_found(desk: Desk) -> None:
    """
    Whatever is asked.
    """
    made = await desk.contact(email="old@example.com")
    await desk.call("DELETE", f"{CONTACTS}/{made['id']}")

    assert 0 == (await search(desk, query="old@example.com"))["total"]


@pytest.mark.parametrize("sort", ["-email", {"propertyName": "email", "direction": "DESCENDING"}])
async def test_one_sort_orders_the_results(desk: Desk, sort: object) -> None:
    """
    As a name or as an object.
    """
    rows = (await search(desk, sorts=[sort], limit=200))["results"]
    emails = [row["properties"]["email"] for row in rows]

    assert sorted(emails, reverse=True) == emails


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"limit": 201}, id="201 rows"),
        pytest.param({"limit": 0}, id="no rows"),
        pytest.param({"after": "x"}, id="no number"),
        pytest.param({"after": "-1"}, id="before the start"),
        pytest.param({"sorts": ["email", "firstname"]}, id="two sorts"),
        pytest.param({"sorts": [{"propertyName": "email", "direction": "SIDEWAYS"}]}, id="no direction"),
        pytest.param({"filterGroups": [{"filters": [ANY]}] * 6}, id="six groups"),
        pytest.param({"filterGroups": [{"filters": [ANY] * 7}]}, id="seven filters"),
        pytest.param({"filterGroups": [{"filters": [ANY] * 5}] * 4}, id="twenty filters"),
        pytest.param({"query": "x" * 3000}, id="long body"),
        pytest.param({"filterGroups": "all"}, id="wrong shape"),
    ],
)
async def test_what_a_search_may_not_be(desk: Desk, body: dict[str, Any]) -> None:
    """
    400 with a validation error.
    """
    reply = await desk.post(f"{CONTACTS}/search", body)

    assert (400, "VALIDATION_ERROR") == (reply.status, reply.body["category"])


async def test_the_most_that_is_allowed_is_allowed(desk: Desk) -> None:
    """
    Five groups, six filters in one, eighteen in all, 200 rows.
    """
    groups = [{"filters": [ANY] * count} for count in (6, 6, 4, 1, 1)]

    assert 30 == (await search(desk, filterGroups=groups, limit=200))["total"]


async def test_a_search_ends_at_the_ten_thousandth_result() -> None:
    """
    The total is told in full, the page behind the last is refused, the list goes on.
    """
    async with opened(contacts=10_050) as desk:
        last = await search(desk, limit=200, after="9800")
        beyond = await desk.post(
            f"{CONTACTS}/search", {"limit": 200, "after": last["paging"]["next"]["after"]}
        )

        assert (10_050, 200, "10000") == (
            last["total"],
            len(last["results"]),
            last["paging"]["next"]["after"],
        )
        assert (400, "VALIDATION_ERROR") == (beyond.status, beyond.body["category"])
        after = last["results"][-1]["id"]
        assert 51 == len((await desk.get(f"{CONTACTS}?limit=100&after={after}")).body["results"])
