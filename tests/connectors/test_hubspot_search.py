"""
Searching with the HubSpot connector, against the twin and against the bodies that it sends.
"""

from __future__ import annotations

import msgspec
import pytest

from masterops import errors
from masterops.connectors.hubspot import Filter, HubSpot, Property, Sort
from masterops.connectors.hubspot.properties import Option
from tests.transport.conftest import Rig, answer


async def test_search_finds_what_the_filters_say(hub: HubSpot) -> None:
    """
    Groups are alternatives, filters in one all hold.
    """
    await hub.contacts.batch_create(
        [{"email": f"q{n}@example.com", "firstname": "Zoe", "lastname": "AB"[n % 2]} for n in range(4)]
    )

    both = [
        row
        async for row in hub.contacts.search(
            [Filter("firstname", "EQ", "Zoe"), Filter("lastname", "EQ", "A")]
        )
    ]
    either = [
        row.properties.email
        async for row in hub.contacts.search(
            [Filter("email", "EQ", "q1@example.com")],
            [Filter("email", "EQ", "q2@example.com")],
            sort=Sort("email", descending=True),
        )
    ]

    assert 2 == len(both)
    assert ["q2@example.com", "q1@example.com"] == either


async def test_a_sorted_search_ends_at_the_ten_thousandth_result_with_an_error(
    rig: Rig, scripted: HubSpot
) -> None:
    """
    HubSpot sorts no further, and what is behind it would be missing.
    """
    pages = iter(range(1, 60))

    def page(request: object) -> object:
        rows = [{"id": "1"}] * 200
        body = {"results": rows, "paging": {"next": {"after": str(next(pages) * 200)}}}
        return answer(body=msgspec.json.encode(body))(rig.asked[-1])

    rig.answers = [page]

    with pytest.raises(errors.BadValue, match="the first 10,000 results only"):
        _ = [row async for row in scripted.contacts.search(sort=Sort("createdate"), properties=["email"])]

    assert 50 == len(rig.asked)


async def test_a_record_archived_between_two_pages_shifts_no_other_out(hub: HubSpot) -> None:
    """
    Counting from the start would skip as many records as were archived behind us.
    """
    before = [row.id async for row in hub.contacts.list()]
    found: list[str] = []

    async for row in hub.contacts.search(properties=["email"]):
        found.append(row.id)
        if len(found) == 150:
            await hub.contacts.batch_archive(found[:20])

    assert len(before) > 200
    assert sorted(before, key=int) == found


async def test_pages_are_asked_for_by_id_or_by_the_place_in_a_sort(rig: Rig, scripted: HubSpot) -> None:
    """
    Each page without a sort is a question of its own; with one, HubSpot counts.
    """
    page = b'{"results": [{"id": "31"}], "paging": {"next": {"after": "200"}}}'
    rig.answers = [answer(body=page), answer(body=b'{"results": []}')] * 2
    groups = [[Filter("city", "EQ", "Perth")], [], [Filter("zip", "EQ", "1")]]

    _ = [row async for row in scripted.contacts.search(*groups)]
    _ = [row async for row in scripted.contacts.search(*groups, sort=Sort("createdate"))]

    first, by_id, _, by_place = [msgspec.json.decode(body) for body in rig.bodies]
    further = {"propertyName": "hs_object_id", "operator": "GT", "value": "31"}
    assert [{"propertyName": "hs_object_id", "direction": "ASCENDING"}] == by_id["sorts"]
    assert [[*group["filters"], further] for group in first["filterGroups"]] == [
        group["filters"] for group in by_id["filterGroups"]
    ]
    assert (2, False, "200") == (len(first["filterGroups"]), "after" in by_id, by_place["after"])


@pytest.mark.parametrize("limit", [0, 1, 200, 201])
async def test_a_limit_of_a_search_is_kept(hub: HubSpot, limit: int) -> None:
    """
    Across the border of a page too.
    """
    found = [row.id async for row in hub.contacts.search(properties=["email"], limit=limit)]

    assert limit == len(found) == len(set(found))


@pytest.mark.parametrize(
    ("expected", "shape"),
    [
        pytest.param("5 groups of 5 filters", [6], id="in one group"),
        pytest.param("18 in all", [4, 4, 4, 4], id="in all"),
    ],
)
async def test_the_filter_that_paging_needs_is_counted_before_anything_is_sent(
    rig: Rig, scripted: HubSpot, expected: str, shape: list[int]
) -> None:
    """
    Not on the second page, when half of the records were read.
    """
    groups = [[Filter("a", "EQ", "b")] * size for size in shape]
    rig.answers = [answer(body=b'{"results": []}')]

    with pytest.raises(errors.BadValue, match=expected):
        _ = [row async for row in scripted.contacts.search(*groups)]

    assert [] == rig.asked
    assert [] == [row async for row in scripted.contacts.search(*groups, limit=200)]
    assert [] == [row async for row in scripted.contacts.search(*groups, sort=Sort("email"))]


async def test_lists_of_values_find_text_and_enumerations(hub: HubSpot) -> None:
    """
    HubSpot compares text in lower case with IN, and the values of an enumeration as they are.
    """
    options = [Option("New", "NEW"), Option("Old", "old")]
    await hub.properties.create(
        "contacts", Property("rv_status", "S", "enumeration", "select", "contactinformation", options=options)
    )
    await hub.contacts.batch_create(
        [
            {"email": "in1@example.com", "lastname": "McTest", "rv_status": "NEW"},
            {"email": "in2@example.com", "lastname": "mctest", "rv_status": "old"},
        ]
    )

    async def found(*conditions: Filter) -> list[str | None]:
        ours = Filter("email", "IN", values=("in1@example.com", "IN2@example.com"))
        return [row.properties.email async for row in hub.contacts.search([ours, *conditions])]

    assert ["in1@example.com", "in2@example.com"] == await found(Filter("lastname", "IN", values=("McTest",)))
    assert [] == await found(Filter("lastname", "NOT_IN", values=("McTest",)))
    assert ["in1@example.com"] == await found(Filter("rv_status", "IN", values=("NEW",)))
    assert ["in2@example.com"] == await found(Filter("rv_status", "NOT_IN", values=("NEW",)))
