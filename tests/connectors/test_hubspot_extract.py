"""
Reading all records of the HubSpot twin in parallel.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.sandbox.hubspot.limits import Limits
from masterops.transport import Transport
from tests.connectors.conftest import Twin, running_twin
from tests.transport.conftest import Rig, answer


@pytest.fixture
async def large() -> AsyncIterator[tuple[HubSpot, Twin]]:
    """An account of 1,630 contacts that lets through what it is asked."""
    async with (
        running_twin(contacts=1630, limits=Limits(burst=9999, search=9999)) as twin,
        Transport(log=Logger(twin), measure=twin.metrics.append, policy=RetryPolicy(attempts=2)) as transport,
    ):
        yield twin.connector(transport, searches_per_second=9999), twin


@pytest.mark.parametrize("search", [None, True])
@pytest.mark.parametrize("ordered", [False, True])
async def test_every_record_once(large: tuple[HubSpot, Twin], ordered: bool, search: bool | None) -> None:
    """
    By lists alone, or by lists and searches together.
    """
    hub, _ = large

    ids: list[str] = []
    async for page in hub.contacts.extract(parallel=4, ordered=ordered, search=search):
        ids += [row.id for row in page.rows]

    expected = [row.id async for row in hub.contacts.list()]
    assert expected == (ids if ordered else sorted(ids, key=int))
    assert (1630, 1630) == (page.total, page.read)


async def test_hardly_a_call_more_than_there_are_pages(large: tuple[HubSpot, Twin]) -> None:
    """
    Slices begin where pages do: 17 of them, one to see what came in meanwhile, and one a slice at most until
    it is known that a page's cursor is the next one's first id.
    """
    hub, twin = large

    _ = [page async for page in hub.contacts.extract(parallel=3)]

    lists = [metric for metric in twin.metrics if metric.operation == "contacts.list"]
    searches = [metric for metric in twin.metrics if metric.operation == "contacts.search"]
    assert 18 <= len(lists) <= 18 + 3
    assert len(searches) <= 6


async def test_records_that_come_and_go_meanwhile(large: tuple[HubSpot, Twin]) -> None:
    """
    Two are merged into a new one, others are made and archived: who was there all the time is there once, and
    the new ones are read at the end.
    """
    hub, _ = large
    before = [row.id async for row in hub.contacts.list()]
    made: list[str] = []
    ids: list[str] = []

    async for page in hub.contacts.extract(parallel=2):
        ids += [row.id for row in page.rows]
        if not made:
            await hub.contacts.batch_archive(before[0:2] + before[800:802] + before[-2:])
            result = await hub.contacts.batch_create([{"email": f"x{n}@example.com"} for n in range(120)])
            made = [row.id for row in result.rows]

    gone = {*before[0:2], *before[800:802], *before[-2:]}
    assert len(ids) == len(set(ids))
    assert {*before, *made} - gone <= set(ids)


async def test_a_read_that_was_cut_off_goes_on(large: tuple[HubSpot, Twin]) -> None:
    """
    From the cursor that was kept with the last rows, in another process if need be.
    """
    hub, _ = large
    ids: list[str] = []
    cursor = None

    for pages in (1, 3, 5, 100):
        count = 0
        async for page in hub.contacts.extract(parallel=3, cursor=cursor):
            ids += [row.id for row in page.rows]
            cursor, count = page.cursor, count + 1
            if count == pages:
                break

    assert [row.id async for row in hub.contacts.list()] == sorted(ids, key=int)


async def test_a_list_that_does_not_start_at_an_id_is_read_by_searches(rig: Rig, scripted: HubSpot) -> None:
    """
    Nothing says that it may; where every page is the first one, that is seen.
    """
    everything = [str(n) for n in range(1001, 2201)]

    def service(request: object) -> object:
        asked = rig.asked[-1]
        if asked.method == "GET":  # whatever `after` says, unless it is a token of ours
            after = asked.query.get("after", "")
            start = int(after.removeprefix("opaque-")) if after.startswith("opaque-") else 0
            return page(everything, start, 100, "opaque-")
        body = msgspec.json.decode(rig.bodies[-1])
        found = everything
        for each in (body["filterGroups"] or [{"filters": []}])[0]["filters"]:
            value = int(each["value"])
            found = [
                id for id in found if (int(id) >= value if each["operator"] == "GTE" else int(id) < value)
            ]
        if body["sorts"][0]["direction"] == "DESCENDING":
            found = found[::-1]
        return page(found, int(body.get("after", 0)), body["limit"], "")

    def page(ids: list[str], start: int, size: int, prefix: str) -> object:
        rows = {"total": len(ids), "results": [{"id": id} for id in ids[start : start + size]]}
        more = {"paging": {"next": {"after": f"{prefix}{start + size}"}}} if start + size < len(ids) else {}
        return answer(body=msgspec.json.encode(rows | more))(rig.asked[-1])

    rig.answers = [service]
    ids = [row.id async for each in scripted.contacts.extract(parallel=3) for row in each.rows]

    assert everything == sorted(ids, key=int)
    assert any(request.path.endswith("/search") and request.method == "POST" for request in rig.asked)


async def test_without_searches_the_list_is_read_page_after_page(rig: Rig, scripted: HubSpot) -> None:
    """
    A token may not be allowed to search: then there is nothing to cut by, and no count to compare with.
    """
    pages = [
        b'{"results": [{"id": "1"}], "paging": {"next": {"after": "next"}}}',
        b'{"results": [{"id": "9"}]}',
    ]
    rig.answers = [answer(403), answer(body=pages[0]), answer(body=pages[1])]

    ids = [row.id async for page in scripted.contacts.extract() for row in page.rows]

    assert ["1", "9"] == ids
    assert [None, "next"] == [request.query.get("after") for request in rig.asked[1:]]


async def test_a_service_that_fails_ends_the_read(rig: Rig, scripted: HubSpot) -> None:
    """
    With its error, and nobody left running.
    """
    first = b'{"total": 500, "results": [{"id": "9"}]}'
    rig.answers = [answer(body=first), answer(500)]

    with pytest.raises(errors.ServerFailed):
        _ = [page async for page in scripted.contacts.extract()]
