"""
Every verb of a resource that is data, against answers that tests tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiohttp import web

from masterops import errors
from masterops.connectors import PULSE
from masterops.connectors.batches import Answered, RowError
from masterops.connectors.client import ResourceClient
from masterops.connectors.paginators import Cursor, Keyset, Link, Numbered, Offset, Paginator
from masterops.connectors.resource import Batch, Listing, Resource, Since, Verb
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.transport import Budgets, Transport
from tests.transport.conftest import Rig, answer, rig

__all__ = ["rig"]

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


class Item(msgspec.Struct, frozen=True):
    """
    What the shop sells.
    """

    id: int
    name: str = ""
    changed: datetime | None = None


ITEMS = Resource(
    "items",
    "/shops/{shop}/items",
    Item,
    listing=Listing(rows="data.items", pager=Cursor("data.next"), size=2),
    search=Listing(
        "/search", rows="items", pager=Offset("from", "most"), size=2, method="POST", name="search"
    ),
    batches={
        "create": Batch(
            "/batch",
            2,
            body=lambda inputs: {"items": list(inputs)},
            read=lambda body, inputs: Answered(
                [], [RowError(1, "second of its piece")] if len(inputs) > 1 else []
            ),
        )
    },
    since=Since(lambda item: item.changed, lambda since: {"since": since.isoformat()}),
)


@pytest.fixture
async def make(rig: Rig) -> AsyncIterator[Callable[..., ResourceClient[Item]]]:
    async with Transport(
        log=Logger(rig.notebook),
        measure=rig.notebook.metrics.append,
        policy=RetryPolicy(attempts=3),
        sleep=rig.sleep,
        budgets=Budgets(now=lambda: clock.microseconds() + rig.slept),
    ) as transport:
        yield lambda **changed: ResourceClient(
            transport, rig.target, replace(ITEMS, **changed), parts={"shop": "7"}
        )


Make = Callable[..., ResourceClient[Item]]


def body(value: object) -> Callable[[web.Request], web.Response]:
    return answer(body=msgspec.json.encode(value))


def items(*ids: int, **more: Any) -> dict[str, Any]:
    return {"items": [{"id": id} for id in ids], **more}


async def test_a_list_is_read_to_its_end_in_pages_of_the_service_s_size(rig: Rig, make: Make) -> None:
    """
    What is asked for stays the same on every page; the cursor alone moves.
    """
    rig.answers = [body({"data": items(1, 2, next="b c")}), body({"data": items(3)})]

    found = [item.id async for item in make().list(query={"sort": "id"})]

    assert [1, 2, 3] == found
    assert ["/shops/7/items?sort=id&limit=2", "/shops/7/items?sort=id&limit=2&cursor=b+c"] == [
        request.raw_path for request in rig.asked
    ]
    assert {"/shops/{shop}/items"} == {metric.endpoint for metric in rig.notebook.metrics}
    assert {"items.list"} == {metric.operation for metric in rig.notebook.metrics}


@pytest.mark.parametrize(
    ("pager", "second"),
    [
        (Numbered(), "/shops/7/items?page_size=2&page=2"),
        (Offset(), "/shops/7/items?limit=2&offset=2"),
        (Keyset(), "/shops/7/items?limit=2&since_id=2"),
        (Link(), "/shops/7/items?page_info=x"),
    ],
)
async def test_every_way_of_paging_reads_a_bare_list(
    rig: Rig, make: Make, pager: Paginator, second: str
) -> None:
    """
    The body is the list itself, and nothing in it says what comes next.
    """
    link = '<https://elsewhere.example/shops/7/items?page_info=x>; rel="next"'
    first = answer(body=b'[{"id": 1}, {"id": 2}]', Link=link)
    rig.answers = [first, answer(body=b'[{"id": 3}]')]

    found = [item.id async for item in make(listing=Listing(pager=pager, size=2)).list()]

    assert [1, 2, 3] == found
    assert second == rig.asked[1].raw_path


async def test_a_page_number_in_the_path_stays_out_of_the_metrics(rig: Rig, make: Make) -> None:
    """
    The template is the label, whatever the page.
    """
    pager = Numbered("number", at="pages", size="size", in_path=True)
    rig.answers = [body(items(1, 2, pages=2)), body(items(3, pages=2))]

    listing = Listing("/{number}", rows="items", pager=pager, size=2)
    found = [item.id async for item in make(listing=listing).list()]

    assert [1, 2, 3] == found
    assert ["/shops/7/items/1?size=2", "/shops/7/items/2?size=2"] == [each.raw_path for each in rig.asked]
    assert {"/shops/{shop}/items/{number}"} == {metric.endpoint for metric in rig.notebook.metrics}


async def test_a_record_that_is_pushed_into_the_next_page_comes_once(rig: Rig, make: Make) -> None:
    """
    Numbered pages shift when a record is added before them.
    """
    listing = Listing(rows="items", pager=Numbered(at="pages"), size=2)
    rig.answers = [body(items(1, 2, pages=2)), body(items(2, 3, pages=2))]

    assert [1, 2, 3] == [item.id async for item in make(listing=listing).list()]


async def test_a_search_asks_in_the_body(rig: Rig, make: Make) -> None:
    """
    Where the service searches by POST, the place of a page is in the body too.
    """
    rig.answers = [body(items(1, 2)), body(items(3))]

    found = [item.id async for item in make().search({"name": "tea"})]

    assert [1, 2, 3] == found
    assert {"name": "tea", "most": 2, "from": "2"} == msgspec.json.decode(rig.bodies[1])


@pytest.mark.parametrize(
    ("one", "wire"),
    [
        ("", {"id": 1}),
        ("", [{"id": 1}]),
        ("item", {"item": {"id": 1}}),
        ("answer.items", {"answer": items(1), "other": 5}),
    ],
)
async def test_one_record_is_found_wherever_it_stands(
    rig: Rig, make: Make, one: str, wire: dict[str, Any]
) -> None:
    """
    Bare, in an envelope, first of a list.
    """
    wire = {"answer": {"items": [{"id": 1}]}} if one == "answer.items" else wire
    rig.answers = [body(wire)]

    assert 1 == (await make(one=one).get("1")).id


async def test_an_empty_list_for_one_record_is_not_found(rig: Rig, make: Make) -> None:
    """
    A service that filters by id answers 200 for one that is not there.
    """
    rig.answers = [body([])]

    with pytest.raises(errors.NotFound):
        await make(get=Verb("GET", query={"id": "eq.{id}"})).get("9")

    assert "/shops/7/items?id=eq.9" == rig.asked[0].raw_path


async def test_a_record_is_sent_in_the_service_s_wrapping(rig: Rig, make: Make) -> None:
    """
    And its answer unwrapped.
    """
    rig.answers = [body({"item": {"id": 5, "name": "tea"}})]
    client = make(one="item", wrap=lambda fields: {"item": dict(fields)})

    made = await client.create({"name": "tea"})
    changed = await client.update("5", {"name": "coffee"})
    await client.delete("5")

    assert [("POST", "/shops/7/items"), ("PATCH", "/shops/7/items/5"), ("DELETE", "/shops/7/items/5")] == [
        (request.method, request.raw_path) for request in rig.asked
    ]
    assert ({"item": {"name": "tea"}}, 5, "tea") == (
        msgspec.json.decode(rig.bodies[0]),
        made.id,
        changed.name,
    )


async def test_a_create_is_repeated_only_where_the_service_makes_it_safe(rig: Rig, make: Make) -> None:
    """
    With a key of its own, which is the same each time that it is sent; otherwise nobody can say.
    """
    rig.answers = [answer(500)]
    with pytest.raises(errors.OutcomeUnknown):
        await make().create({"name": "tea"})
    assert 1 == len(rig.asked)

    rig.answers = [answer(500), body({"id": 1})]
    await make(create=Verb("POST", repeatable=False, idempotency="Idempotency-Key")).create({"name": "tea"})
    keys = {request.headers["Idempotency-Key"] for request in rig.asked[1:]}

    assert (3, 1) == (len(rig.asked), len(keys))


async def test_an_id_of_ours_goes_into_the_path_of_a_create(rig: Rig, make: Make) -> None:
    """
    Where the service lets us choose it, a create can be repeated.
    """
    rig.answers = [answer(502), body({"id": 9})]

    made = await make(create=Verb("PUT", "/{id}")).create({"name": "tea"}, id="a/b")

    assert (9, "/shops/7/items/a%2Fb") == (made.id, rig.asked[1].raw_path)


async def test_the_rows_of_a_batch_keep_their_places_across_pieces(rig: Rig, make: Make) -> None:
    """
    An error of the second in its piece is one of the second and fourth that were given.
    """
    rig.answers = [answer()]

    result = await make().batch("create", [{"name": str(number)} for number in range(5)])

    assert [1, 3] == [error.index for error in result.errors]
    assert 3 == len(rig.asked)


async def test_changes_come_once_each_and_none_that_is_older(rig: Rig, make: Make) -> None:
    """
    A service may look at the day only, and a record may move to a later page while it is read.
    """

    def item(id: int, at: str) -> Mapping[str, object]:
        return {"id": id, "changed": at}

    first = [item(1, "2026-11-22T23:00:00Z"), item(2, "2026-11-23T01:00:00Z")]
    second = [item(3, "2026-11-23T02:00:00Z"), item(2, "2026-11-23T03:00:00Z")]
    rig.answers = [
        body({"data": {"items": first, "next": "b"}}),
        body({"data": {"items": second}}),
    ]

    found = await make().changed_since(MONDAY)

    assert ["2", "3"] == [change.id for change in found]
    assert "since" in rig.asked[0].query and "since" in rig.asked[1].query


async def test_what_a_resource_does_not_have_is_one_clear_error(make: Make) -> None:
    """
    Nothing is sent.
    """
    client = make(search=None, since=None)

    with pytest.raises(errors.UnknownName):
        _ = [row async for row in client.search({})]
    with pytest.raises(errors.UnknownName):
        await client.changed_since(MONDAY)
    with pytest.raises(errors.UnknownName) as caught:
        await client.batch("craete", [])
    assert "create" in caught.value.advice


@pytest.mark.parametrize(
    "wrong", [b"{}", b'{"data": {}}', b'{"data": null}', b"[]", b'{"data": {"items": null}}']
)
async def test_a_page_without_records_is_malformed_and_no_empty_list(
    rig: Rig, make: Make, wrong: bytes
) -> None:
    """
    Else a broken answer would read as the end.
    """
    rig.answers = [answer(body=wrong)]

    with pytest.raises(errors.MalformedAnswer):
        _ = [row async for row in make().list()]


async def test_a_signature_covers_the_query_that_is_sent(rig: Rig, make: Make) -> None:
    """
    It is made for each attempt, of the very text in the URL.
    """
    client = make()
    client._target = replace(rig.target, sign=lambda request: {"Signature": f"<{request.query_string}>"})
    rig.answers = [answer(503), body({"data": items(1)})]

    _ = [row async for row in client.list(query={"name": "a b/ü"})]

    assert [f"<{request.raw_path.partition('?')[2]}>" for request in rig.asked] == [
        request.headers["Signature"] for request in rig.asked
    ]
    assert "Signature" not in repr(rig.notebook.records)


async def test_a_pulse_passes_a_circuit_that_is_open_for_all_else(rig: Rig, make: Make) -> None:
    """
    Somebody must find out that the service is back.
    """
    client = make()
    hasty = client.bounded(RetryPolicy(attempts=1, deadline=1.0))
    rig.answers = [answer(500)]
    for _ in range(12):
        with pytest.raises(errors.RemoteError):
            await hasty.page()
    asked = len(rig.asked)
    rig.answers = [body({"data": items(1)})]
    with pytest.raises(errors.CircuitOpen):
        await hasty.page()

    assert 1 == len((await client.bounded(PULSE).page()).rows)
    assert asked + 1 == len(rig.asked)
    assert asked < 12
