"""
The standard suite fails for a connector with a fault: each of these has one, and the test that must notice it does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from masterops import errors
from masterops.connectors.client import ResourceClient
from masterops.connectors.paginators import Cursor, Keyset, Numbered, Offset, Paginator
from masterops.connectors.resource import Listing, Verb
from masterops.core.backoff import RetryPolicy
from masterops.testing import Kit, Said, connector_suite
from masterops.transport import Request
from tests.testing.shop import Pages, Store, by_cursor, from_page, serving

page = from_page()
ShopKit: Any = page.ShopKit


class Faulty(ShopKit):  # type: ignore[misc]  # made when it runs
    """
    The page's kit; `spoil` spoils its connector.
    """

    lacks = {name: why for name, why in ShopKit.lacks.items() if name != "service"}
    request_id = "request-of-the-suite"

    def __init__(self, spoil: Callable[[Any], None]) -> None:
        self._spoil = spoil

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        async with serving(Store(records, Pages(by_cursor))) as url:
            yield url, "key-" + "of-the-shop-55d1"

    def connect(self, url: str, transport: Any) -> Any:
        shop = super().connect(url, transport)
        self._spoil(shop)
        return shop


def verdict(kit: Kit, test: str) -> None:
    """Run one test of the suite, all of its cases."""
    suite: Any = connector_suite(kit)
    method = getattr(suite, f"test_{test}")
    marks = [mark for mark in getattr(method, "pytestmark", []) if mark.name == "parametrize"]
    for case in marks[0].args[1] if marks else [None]:
        method(suite(), case) if marks else method(suite())


def resource(**changed: Any) -> Callable[[Any], None]:
    """The connector with other data."""

    def spoil(shop: Any) -> None:
        shop.products = ResourceClient(
            shop.products._transport, shop.products._target, replace(page.PRODUCTS, **changed)
        )

    return spoil


def listing(**changed: Any) -> Callable[[Any], None]:
    return resource(listing=replace(page.PRODUCTS.listing, **changed))


def target(**changed: Any) -> Callable[[Any], None]:
    def spoil(shop: Any) -> None:
        shop.products._target = replace(shop.products._target, **changed)

    return spoil


def one_page(shop: Any) -> None:
    """Reads the first page and no other."""
    products = shop.products

    async def first(**options: Any) -> AsyncIterator[Any]:
        for row in (await products.page()).rows:
            yield row

    products.list = first


def swallowed(shop: Any) -> None:
    """Takes any failure for the end of a list."""
    whole = shop.products.list

    async def some(**options: Any) -> AsyncIterator[Any]:
        with contextlib.suppress(errors.RemoteError):
            async for row in whole(**options):
                yield row

    shop.products.list = some


def swallowed_at_once(shop: Any) -> None:
    """Tries nothing again, and takes any failure for the end of a list."""
    transport = shop.products._transport
    transport._policy = RetryPolicy(attempts=1)
    swallowed(shop)


def eager(shop: Any) -> None:
    """Reads everything before it hands over anything."""
    whole = shop.products.list

    async def every(**options: Any) -> AsyncIterator[Any]:
        for row in [row async for row in whole(**options)]:
            yield row

    shop.products.list = every


def unguarded(shop: Any) -> None:
    """Follows any cursor, and gives up quietly."""
    products = shop.products

    async def some(**options: Any) -> AsyncIterator[Any]:
        after = None
        for _ in range(10):
            found = await products.page(after)
            after = found.after
            for row in found.rows:
                yield row

    products.list = some


def pasted(shop: Any) -> None:
    """Pastes ids into paths."""

    async def get(id: str) -> Any:
        found = replace(page.PRODUCTS, get=Verb("GET", f"/{id}".replace("{", "").replace("}", "")))
        client = ResourceClient(shop.products._transport, shop.products._target, found)
        return await client._verb(found.get, "get", None)

    shop.products.get = get


def leaking(shop: Any) -> None:
    """Leaves a task behind."""
    whole = shop.products.get

    async def get(id: str) -> Any:
        shop.task = asyncio.create_task(asyncio.sleep(60))
        return await whole(id)

    shop.products.get = get


def talkative(shop: Any) -> None:
    """Writes its key into an error."""
    key = shop.products._target.headers()["X-Api-Key"]

    async def get(id: str) -> Any:
        raise errors.Unauthenticated(service=shop.connection, status=401, reason=f"refused: {key}")

    shop.products.get = get


FAULTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "one page alone": (one_page, "every_record_is_read_once_to_the_last_page"),
    "a fault is the end": (swallowed, "a_fault_for_good_in_the_middle_is_raised_and_no_end"),
    "a broken page is the end": (swallowed, "a_page_that_cannot_be_used_is_malformed_and_no_empty_list"),
    "a storm is the end": (swallowed_at_once, "a_storm_of_faults_costs_no_record_and_doubles_none"),
    "everything at once": (eager, "no_page_is_asked_for_before_it_is_needed"),
    "ids pasted": (pasted, "an_id_with_anything_in_it_stays_one_segment_of_the_path"),
    "a task left": (leaking, "every_attempt_is_a_row_of_metrics"),
    "the key in an error": (talkative, "a_status_is_the_error_that_it_means"),
    "the key shown": (
        lambda shop: setattr(shop, "key", shop.products._target.headers()),
        "neither_connector_nor_transport_shows_a_credential",
    ),
    "creates repeated": (
        resource(create=Verb("POST", repeatable=True)),
        "a_create_of_unknown_outcome_is_sent_once_and_says_so",
    ),
    "records not where they are": (listing(rows="items"), "one_short_page_is_read_whole"),
    "a cursor not where it is": (
        listing(pager=Cursor("next")),
        "every_record_is_read_once_to_the_last_page",
    ),
    "no guard": (unguarded, "a_page_that_comes_for_ever_is_one_clear_error"),
    "batches too large": (
        resource(batches={"create": replace(page.PRODUCTS.batches["create"], size=30)}),
        "no_request_has_more_rows_than_the_service_takes",
    ),
    "rows without errors": (
        resource(
            batches={
                "create": replace(
                    page.PRODUCTS.batches["create"],
                    read=lambda body, inputs: replace(page.rows_of(body, inputs), errors=()),
                )
            }
        ),
        "each_row_that_fails_is_named_by_its_place",
    ),
    "the service's words unread": (
        target(explain=lambda reply: page.Problem("something")),
        "a_status_is_the_error_that_it_means",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed_and_nothing_else_is(fault: str) -> None:
    """
    The test fails for the faulty connector, and holds for the same without its fault.
    """
    spoil, test = FAULTS[fault]

    verdict(Faulty(lambda shop: None), test)
    with pytest.raises((AssertionError, errors.MasterOpsError)):
        verdict(Faulty(spoil), test)


def test_a_kit_that_lacks_what_there_is_not_is_refused() -> None:
    """
    A slip there would skip nothing, or everything.
    """

    class Slip(ShopKit):  # type: ignore[misc]
        lacks = {"bathces": "they are spelt otherwise"}

    with pytest.raises(ValueError, match="bathces"):
        connector_suite(Slip())


class Renewing(ShopKit):  # type: ignore[misc]
    """
    A connector that renews its key; `together` says whether all wait for one renewal.
    """

    def __init__(self, *, together: bool) -> None:
        self.lacks = {name: why for name, why in ShopKit.lacks.items() if name != "refresh"}
        self._together = together

    def connect(self, url: str, transport: Any) -> Any:
        shop = super().connect(url, transport)
        keys = [self.secret]
        shop.products._target = replace(shop.products._target, headers=lambda: {"X-Api-Key": keys[-1]})
        lock, plain = asyncio.Lock(), shop.products.get
        renewal = Request("POST", "/renew", "key.renew")

        async def get(id: str) -> Any:
            old = keys[-1]
            try:
                return await plain(id)
            except errors.Unauthenticated:
                async with lock if self._together else contextlib.nullcontext():
                    if keys[-1] == old:
                        answer = await transport.call(shop.products._target, renewal, bytes)
                        keys.append(answer.decode())
                return await plain(id)

        shop.products.get = get
        return shop

    def refreshed(self, path: str, body: bytes, credential: str) -> Said | None:
        return Said(200, credential.encode()) if path == "/renew" else None


def test_a_key_that_is_renewed_by_each_caller_is_noticed() -> None:
    """
    Once for all is fine.
    """
    name = "a_credential_that_has_run_out_is_renewed_once_for_all"

    verdict(Renewing(together=True), name)
    with pytest.raises(AssertionError):
        verdict(Renewing(together=False), name)


# --- other ways of paging, by the same promises ------------------------------------------------------------


def numbered(rows: list[dict[str, Any]], request: Any) -> Any:
    number, size = int(request.path.rsplit("/", 1)[-1]), int(request.query["pageSize"])
    return _json(rows[(number - 1) * size : number * size], pages=-(-len(rows) // size))


def offset(rows: list[dict[str, Any]], request: Any) -> Any:
    """It gives fewer than it is asked for, as PostgREST does."""
    start, size = int(request.query["offset"]), min(20, int(request.query["limit"]))
    return _json(rows[start : start + size])


def keyset(rows: list[dict[str, Any]], request: Any) -> Any:
    last, size = int(request.query.get("id", "gt.0")[3:]), int(request.query["limit"])
    return _json([row for row in rows if int(row["id"]) > last][:size])


def _json(rows: list[dict[str, Any]], **more: Any) -> Any:
    return web.json_response({"data": rows, **more})


WAYS: dict[str, tuple[Pages, Paginator, str]] = {
    "number in the path": (
        Pages(numbered, in_path=True),
        Numbered(at="pages", size="pageSize", in_path=True),
        "/{page}",
    ),
    "offset": (Pages(offset), Offset(short_ends=False), ""),
    "keyset": (Pages(keyset), Keyset("id", before="gt."), ""),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "test",
    [
        "every_record_is_read_once_to_the_last_page",
        "a_last_page_that_is_full_loses_and_doubles_nothing",
        "records_that_come_meanwhile_double_no_other",
    ],
)
def test_any_way_of_paging_reads_everything_once(way: str, test: str) -> None:
    """
    A service that pages in another way, and a connector of which the paginator alone is another.
    """
    pages, pager, path = WAYS[way]

    class Other(Faulty):
        @contextlib.asynccontextmanager
        async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
            async with serving(Store(records, pages)) as url:
                yield url, "key-" + "of-the-shop-55d1"

    verdict(Other(resource(listing=Listing(path, "data", pager, size=50))), test)
