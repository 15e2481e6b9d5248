"""
Unleashed's twin: signatures, pages, moments, what is refused, and its answers against the OpenAPI file.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from masterops.sandbox import service_key_for, token_for
from masterops.sandbox.unleashed import values
from masterops.sandbox.unleashed.kinds import KINDS
from masterops.sandbox.unleashed.twin import signature
from masterops.testing.openapi import Specs
from tests.sandbox.desk import Desk, Reply, opened

FOLDER = os.environ.get("MASTEROPS_SPEC_DIR")
GUID = "7fc624f7-738a-4e95-aed1-758662372899"
SOLD = {"Customer": {"CustomerCode": "C0001"}, "OrderStatus": "Placed"}
LINES = [{"Product": {"ProductCode": "P00001"}, "OrderQuantity": 3, "UnitPrice": 2}]
ORDER = {**SOLD, "SalesOrderLines": LINES}
PRODUCT = {"ProductCode": "NEW", "ProductDescription": "New"}
COUNT = {
    "Warehouse": {"WarehouseCode": "MAIN"},
    "AdjustmentReason": "Count",
    "StockAdjustmentLines": [{"Product": {"ProductCode": "P00001"}, "NewQuantity": 7}],
}
HOOK = {"notificationUrl": "https://example.com/hook", "eventTypes": ["product.created"]}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened(contacts=0, products=5) as found:
        yield found


async def ask(
    desk: Desk, method: str, path: str, body: object = None, *, business: str = "teelixir"
) -> Reply:
    """One signed request."""
    headers = {
        "api-auth-id": token_for("unleashed", business),
        "api-auth-signature": signature(path.partition("?")[2], service_key_for("unleashed", business)),
    }
    return await desk.call(method, f"/unleashed{path}", body, business=None, headers=headers)


async def set_to(desk: Desk, **given: object) -> None:
    """Set how the account behaves."""
    reply = await desk.call("PUT", "/_sandbox/settings/unleashed/teelixir", given, business=None)
    assert 200 == reply.status, reply.raw


@pytest.mark.parametrize("wrong", ["", "pageSize=2", "pageSize=1&page=1"])
async def test_a_query_signed_otherwise_is_forbidden(desk: Desk, wrong: str) -> None:
    """
    The signature is over what stands in the URL, all of it.
    """
    key = service_key_for("unleashed", "teelixir")
    headers = {"api-auth-id": token_for("unleashed", "teelixir"), "api-auth-signature": signature(wrong, key)}
    path = "/unleashed/Products/1?pageSize=1"

    assert 403 == (await desk.call("GET", path, business=None, headers=headers)).status
    assert 200 == (await ask(desk, "GET", "/Products/1?pageSize=1")).status


async def test_pages_have_numbers_in_the_path(desk: Desk) -> None:
    """
    With the word before it or without; behind the last there is nothing.
    """
    pages = [(await ask(desk, "GET", f"/Products/{n}?pageSize=2")).body for n in ("1", "Page/2", "3", "4")]

    assert [2, 2, 1, 0] == [len(page["Items"]) for page in pages]
    assert {"NumberOfItems": 5, "PageSize": 2, "PageNumber": 2, "NumberOfPages": 3} == pages[1]["Pagination"]
    assert 5 == len({row["Guid"] for page in pages for row in page["Items"]})


async def test_a_moment_is_milliseconds_and_changes_are_found_by_it(desk: Desk) -> None:
    """
    The clock of the twin stamps a record; `modifiedSince` takes a day or a second, in UTC.
    """
    at = values.moment(desk.clock.now())
    made = (await ask(desk, "POST", f"/Products/{GUID}", PRODUCT)).body
    counts = [
        len((await ask(desk, "GET", f"/Products/1?modifiedSince={text}")).body["Items"])
        for text in ("2026-11-02", "2026-11-02T01:30:00", "2026-11-02T01:30:01")
    ]

    assert (at, at) == (made["LastModifiedOn"], made["CreatedOn"])
    assert datetime(2026, 11, 2, 1, 30, tzinfo=UTC).timestamp() * 1000 == values.milliseconds(at)
    assert [1, 1, 0] == counts


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Products/1?pageSize=1001", None, 400),
        ("GET", "/Products/1?pageSize=none", None, 400),
        ("GET", "/Products/0", None, 400),
        ("GET", "/Products/1?modifiedSince=yesterday", None, 400),
        ("GET", f"/Products/{GUID}", None, 404),
        ("GET", "/Nothing", None, 404),
        ("GET", "/Products/no-guid", None, 404),
        ("DELETE", f"/Products/{GUID}", None, 405),
        ("POST", f"/Invoices/{GUID}", {}, 405),
        ("POST", "/StockOnHand", {}, 405),
        ("POST", f"/Products/{GUID}", {"ProductCode": "X"}, 400),
        ("POST", f"/Products/{GUID}", {**PRODUCT, "ProductCode": "P00001"}, 400),
        ("POST", f"/Products/{GUID}", {**PRODUCT, "Guid": GUID[::-1]}, 400),
        ("POST", f"/Products/{GUID}", [], 500),
        ("POST", f"/SalesOrders/{GUID}", {**SOLD, "SalesOrderLines": "none"}, 500),
        ("POST", f"/SalesOrders/{GUID}", {**ORDER, "Customer": {"CustomerCode": "?"}}, 400),
        ("POST", f"/SalesOrders/{GUID}", {**ORDER, "OrderStatus": "Completed"}, 400),
        ("POST", f"/SalesOrders/{GUID}", {**SOLD, "SalesOrderLines": [{**LINES[0], "UnitPrice": "x"}]}, 500),
        ("POST", f"/SalesOrders/{GUID}", {**ORDER, "Customer": {"Guid": ["x"]}}, 400),
        ("POST", f"/SalesOrders/{GUID}", {**ORDER, "Customer": 5}, 400),
        ("PUT", f"/SalesOrders/{GUID}", ORDER, 404),
        ("POST", f"/SalesOrders/{GUID}/Complete", {}, 404),
        ("POST", "/webhooks/subscriptions", {**HOOK, "eventTypes": ["tea.drunk"]}, 400),
    ],
)
async def test_what_cannot_be_done_is_refused(
    desk: Desk, method: str, path: str, body: object, status: int
) -> None:
    """
    With a documented status, and nothing is changed.
    """
    before = (await desk.get("/_sandbox/state", business=None)).body["businesses"]["teelixir"]["unleashed"]
    reply = await ask(desk, method, path, body)
    after = (await desk.get("/_sandbox/state", business=None)).body["businesses"]["teelixir"]["unleashed"]

    assert (status, True) == (reply.status, bool(reply.body["Description"]))
    assert before["records"] == after["records"]


async def test_a_month_ends_at_midnight_utc_and_refused_calls_are_not_spent(desk: Desk) -> None:
    """
    The third of two calls is refused until the first of the next month.
    """
    await set_to(desk, calls_per_month=2)
    statuses = [(await ask(desk, "GET", "/Warehouses")).status for _ in range(4)]
    desk.clock.move((datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC) - desk.clock.now()).total_seconds())
    statuses.append((await ask(desk, "GET", "/Warehouses")).status)
    desk.clock.move(1)
    statuses.append((await ask(desk, "GET", "/Warehouses")).status)

    assert [200, 200, 429, 429, 429, 200] == statuses


async def test_a_minute_has_its_ceiling(desk: Desk) -> None:
    """
    For each account by itself.
    """
    await set_to(desk, calls_per_minute=1)
    mine = [(await ask(desk, "GET", "/Warehouses")).status for _ in range(2)]
    other = await ask(desk, "GET", "/Warehouses", business="red-hill-fresh")
    desk.clock.move(60)

    assert [200, 429, 200] == [*mine, other.status]
    assert 200 == (await ask(desk, "GET", "/Warehouses")).status


async def test_a_changed_order_takes_what_it_says_and_no_more(desk: Desk) -> None:
    """
    Sent twice it is taken once; parked it takes nothing.
    """

    async def taken() -> float:
        rows = (await ask(desk, "GET", "/StockOnHand/1")).body["Items"]
        return float(next(row for row in rows if row["ProductCode"] == "P00001")["AllocatedQty"])

    await ask(desk, "POST", f"/StockAdjustments/{GUID}", COUNT)
    before, found = await taken(), []
    for method, more in (("POST", {}), ("POST", {}), ("PUT", {"OrderStatus": "Parked"})):
        await ask(desk, method, f"/SalesOrders/{GUID}", {**ORDER, **more})
        found.append(await taken() - before)

    assert [3, 3, 0] == found


async def test_an_account_has_five_subscriptions_whose_keys_are_told_once(desk: Desk) -> None:
    """
    The list is without them.
    """
    made = [await ask(desk, "POST", "/webhooks/subscriptions", HOOK) for _ in range(6)]
    listed = (await ask(desk, "GET", "/webhooks/subscriptions")).body["Items"]

    assert [200] * 5 + [400] == [each.status for each in made]
    assert all(each.body["signatureKey"] for each in made[:5])
    assert 5 == len(listed) and not any("signatureKey" in each for each in listed)


async def test_the_same_seed_makes_the_same_account_and_businesses_differ(desk: Desk) -> None:
    """
    A mix-up of two accounts cannot go unnoticed.
    """
    async with opened(contacts=0, products=5) as again:
        same = [(await ask(each, "GET", "/SalesOrders/1")).body for each in (desk, again)]
    other = (await ask(desk, "GET", "/SalesOrders/1", business="red-hill-fresh")).body

    assert same[0] == same[1]
    assert {row["Guid"] for row in same[0]["Items"]}.isdisjoint(row["Guid"] for row in other["Items"])


async def exchanges(desk: Desk) -> list[tuple[str, str, int, Any]]:
    """One of everything."""
    asked: list[tuple[str, str, object]] = [
        ("POST", f"/Products/{GUID}", PRODUCT),
        ("POST", f"/Customers/{GUID}", {"CustomerCode": "NEW", "CustomerName": "New"}),
        ("POST", f"/StockAdjustments/{GUID}", COUNT),
        ("POST", f"/SalesOrders/{GUID}", ORDER),
        ("PUT", f"/SalesOrders/{GUID}", {**ORDER, "Comments": "Soon"}),
        ("POST", "/webhooks/subscriptions", HOOK),
        ("GET", "/webhooks/subscriptions", None),
        ("GET", "/StockOnHand/1", None),
        *(("GET", f"/{kind.path}", None) for kind in KINDS),
        *(("GET", f"/{kind.path}/1", None) for kind in KINDS),
        *(("GET", f"/{kind.path}/{GUID}", None) for kind in KINDS if kind.writable),
        ("GET", "/Products/0", None),
        ("GET", "/Nothing", None),
    ]
    found = []
    for method, path, body in asked:
        reply = await ask(desk, method, path, body)
        found.append((method, path, reply.status, reply.body))
    return found


@pytest.mark.skipif(
    not FOLDER or not list(Path(FOLDER).rglob("unleashed.openapi.yaml")),
    reason="MASTEROPS_SPEC_DIR names no folder with unleashed.openapi.yaml",
)
async def test_the_answers_are_what_the_openapi_file_promises(desk: Desk) -> None:
    """
    Each that the file knows, which are all but the one that does not exist.
    """
    specs = Specs(Path(str(FOLDER)), "unleashed.openapi.yaml")
    made = await exchanges(desk)
    found = {(method, path): specs.flaws(method, path, status, body) for method, path, status, body in made}

    assert [("GET", "/Nothing")] == [asked for asked, flaws in found.items() if flaws is None]
    assert {} == {asked: flaws for asked, flaws in found.items() if flaws}
    assert [400, 404] == [status for _, _, status, _ in made if status != 200]
