"""
Unleashed's connector and its twin, over real HTTP in one process.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.unleashed import Moment, Unleashed, Verdict, verify
from masterops.connectors.unleashed.problems import explain
from masterops.connectors.unleashed.signature import sign
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.sandbox import service_key_for, token_for
from masterops.testing.openapi import Specs
from masterops.transport import Budgets, Reply, Request, Transport
from tests.connectors.conftest import Twin, running_twin
from tests.transport.conftest import Rig, answer

FOLDER = os.environ.get("MASTEROPS_SPEC_DIR")

GUID = "7fc624f7-738a-4e95-aed1-758662372899"
KEY = Secret("test-" + "key")


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with running_twin(contacts=0, products=12) as started:
        yield started


def connected(url: str, transport: Transport, **values: Any) -> Unleashed:
    given = {
        "api_id": Secret(token_for("unleashed", "teelixir")),
        "api_key": Secret(service_key_for("unleashed", "teelixir")),
        "base_url": url,
        **values,
    }
    return Unleashed(Connection("unleashed/teelixir", "unleashed", "teelixir", given), transport)


@pytest.fixture
def unleashed(twin: Twin, transport: Transport) -> Unleashed:
    return connected(f"{twin.url}/unleashed", transport)


@pytest.fixture
async def scripted(rig: Rig) -> AsyncIterator[Unleashed]:
    """A connector whose service answers what the test tells it; two attempts, no waits."""
    async with Transport(
        log=Logger(rig.notebook),
        measure=rig.notebook.metrics.append,
        policy=RetryPolicy(attempts=2),
        sleep=rig.sleep,
        budgets=Budgets(now=lambda: clock.microseconds() + rig.slept),
    ) as made:
        yield connected(rig.url, made)


async def settings(twin: Twin, **given: object) -> None:
    """Set how the twin's account behaves."""
    async with aiohttp.ClientSession() as session:
        url = f"{twin.url}/_sandbox/settings/unleashed/teelixir"
        async with session.put(url, json=given) as reply:
            assert 200 == reply.status, await reply.text()


def order(product: str, customer: str, count: int, **more: object) -> dict[str, object]:
    line = {"Product": {"ProductCode": product}, "OrderQuantity": count, "UnitPrice": 2.5}
    return {
        "OrderStatus": "Placed",
        "Customer": {"CustomerCode": customer},
        "SalesOrderLines": [line],
        **more,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "JxHMI+mrG4qbwP6ZEjjakmcWJKnr2vHBq+wG5+mhT5s="),
        ("pageSize=200", "6DCiBf0eHB4yHYq+BXrLOSrZCE90dPM7Pyg4S73xclo="),
        ("customerCode=ACME", "9CgwuZ/BCcg5u+jAye8whGtGC0vDgRiMUmTqMTBTtnY="),
    ],
)
def test_a_query_is_signed_as_unleashed_signs_it(query: str, expected: str) -> None:
    """
    HMAC-SHA256 in base64 over the query alone; nothing where there is none.
    """
    assert expected == sign(query.encode(), KEY)


def test_a_look_for_changes_signs_the_same_text_escaped_or_not() -> None:
    """
    Clients differ in which of the two they sign, so what we send needs no escaping.
    """
    request = Request(
        "GET", "/Products/1", "x", query={"modifiedSince": "2026-11-26T01:02:03", "pageSize": "5"}
    )

    assert "modifiedSince=2026-11-26T01:02:03&pageSize=5" == request.query_string


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/Date(1764460800000)/", datetime(2025, 11, 30, tzinfo=UTC)),
        ("/Date(1764460800123+1300)/", datetime(2025, 11, 30, 0, 0, 0, 123_000, tzinfo=UTC)),
        ("/Date(-1000)/", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2025-11-30T00:00:00", datetime(2025, 11, 30, tzinfo=UTC)),
        ("2025-11-30T10:00:00+10:00", datetime(2025, 11, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_however_it_is_written(text: str, expected: datetime) -> None:
    """
    Milliseconds are UTC whatever offset follows; ISO without one is UTC too.
    """
    assert expected == Moment.from_wire(text)


@pytest.mark.parametrize("text", ["/Date()/", "/Date(999999999999999)/", "yesterday", "", 5, None])
def test_a_moment_that_is_none_is_refused(text: object) -> None:
    """
    As the one kind of error that decoders know.
    """
    with pytest.raises(ValueError, match=r".*"):
        Moment.from_wire(text)


async def test_what_is_typed_is_read_so(unleashed: Unleashed) -> None:
    """
    Numbers exactly, moments in UTC, mentions of other records.
    """
    product = await anext(unleashed.products.list())
    read = await unleashed.products.get(product.guid)

    assert product == read
    assert isinstance(read.default_sell_price, Decimal)
    assert read.last_modified_on is not None and UTC == read.last_modified_on.tzinfo
    assert read.supplier is not None and read.supplier.supplier_code


async def test_every_resource_is_listed(unleashed: Unleashed) -> None:
    """
    None of them is empty in the demo.
    """
    found = {
        name: len([row async for row in client.list()])
        for name, client in unleashed.resources.items()
        if name != "stock_adjustments"
    }

    assert 12 == found["products"]
    assert all(found.values())


async def test_an_order_takes_stock_is_completed_and_invoiced(unleashed: Unleashed) -> None:
    """
    Placed it allocates; completed, its goods are gone and an invoice is there.
    """
    made = await unleashed.products.create({"ProductCode": "TEA", "ProductDescription": "Tea"})
    line = {"Product": {"ProductCode": "TEA"}, "NewQuantity": 50}
    await unleashed.stock_adjustments.create(
        {
            "Warehouse": {"WarehouseCode": "MAIN"},
            "AdjustmentReason": "Count",
            "StockAdjustmentLines": [line],
        }
    )
    placed = await unleashed.sales_orders.create(order("TEA", "C0001", 8))
    taken = await unleashed.stock_on_hand.get(made.guid)
    await unleashed.sales_orders.complete(placed.guid)
    after = await unleashed.stock_on_hand.get(made.guid)
    done = await unleashed.sales_orders.get(placed.guid)
    invoices = [row.order_number async for row in unleashed.invoices.list()]

    assert (50, 8, 42) == (taken.qty_on_hand, taken.allocated_qty, taken.available_qty)
    assert (42, 0, 42) == (after.qty_on_hand, after.allocated_qty, after.available_qty)
    assert ("Completed", Decimal("20.0")) == (done.order_status, done.sub_total)
    assert 1 == invoices.count(placed.order_number)
    with pytest.raises(errors.Invalid, match="cannot be completed"):
        await unleashed.sales_orders.complete(placed.guid)


async def test_an_order_that_is_deleted_is_listed_no_longer(unleashed: Unleashed) -> None:
    """
    It gives its goods back, and can still be read.
    """
    product = await anext(unleashed.products.list())
    made = await unleashed.sales_orders.create(order(product.product_code, "C0001", 1, SourceId="web-1"))
    found = [row.guid async for row in unleashed.sales_orders.list(query={"sourceId": "web-1"})]
    await unleashed.sales_orders.delete(made.guid)

    assert [made.guid] == found
    assert made.guid not in [row.guid async for row in unleashed.sales_orders.list()]
    assert "Deleted" == (await unleashed.sales_orders.get(made.guid)).order_status


@pytest.mark.parametrize("way", ["update", "refuse"])
async def test_a_create_whose_answer_was_lost_makes_one_record(
    twin: Twin, unleashed: Unleashed, way: str
) -> None:
    """
    It is sent again under the same GUID, whatever Unleashed says to that.
    """
    await settings(twin, repeated_create=way)
    async with aiohttp.ClientSession() as session:
        url = f"{twin.url}/_sandbox/faults/unleashed/teelixir"
        await (await session.put(url, json={"cut": True, "times": 1})).release()
    made = await unleashed.products.create({"ProductCode": "ONCE", "ProductDescription": "Once"})

    assert [made.guid] == [row.guid async for row in unleashed.products.list(query={"productCode": "ONCE"})]


async def test_a_code_that_another_record_has_is_refused(unleashed: Unleashed) -> None:
    """
    That the code exists does not mean that the record is ours.
    """
    with pytest.raises(errors.Invalid, match="already exists"):
        await unleashed.products.create({"ProductCode": "P00001", "ProductDescription": "Another"})


async def test_a_wrong_key_is_no_lack_of_rights(twin: Twin, transport: Transport) -> None:
    """
    Unleashed answers 403; the advice must be about the credentials.
    """
    wrong = connected(f"{twin.url}/unleashed", transport, api_key=Secret("no-" + "such-key"))

    with pytest.raises(errors.Unauthenticated):
        await wrong.ping()


@pytest.mark.parametrize("status", [402, 403, 429])
async def test_a_month_that_is_used_up_is_no_reason_to_wait(
    twin: Twin, unleashed: Unleashed, status: int
) -> None:
    """
    However it is answered it is said at once, and further calls do not even leave.
    """
    await settings(twin, calls_per_month=0, quota_status=status)

    for _ in range(2):
        with pytest.raises(errors.QuotaExhausted):
            await unleashed.products.get(GUID)

    assert [] == twin.waits
    assert [status] == [each.status_code for each in twin.metrics if each.status_code]


async def test_the_calls_of_a_month_are_counted_here(twin: Twin, transport: Transport) -> None:
    """
    No answer tells them: the one above the subscription's number does not leave.
    """
    limited = connected(f"{twin.url}/unleashed", transport, calls_per_month=2)
    await limited.ping()
    await limited.ping()

    with pytest.raises(errors.QuotaExhausted):
        await limited.ping()

    assert 2 == len([each for each in twin.metrics if each.status_code])


async def test_the_ceiling_of_a_minute_is_found_out(
    twin: Twin, unleashed: Unleashed, transport: Transport
) -> None:
    """
    A refusal halves what is taken to be let through, and the call is made later all the same.
    """
    budget = transport.budget(unleashed.products._target)
    async with aiohttp.ClientSession() as session:
        url = f"{twin.url}/_sandbox/faults/unleashed/teelixir"
        await (await session.put(url, json={"storm": True, "times": 1, "retry_after": 0})).release()
    await unleashed.ping()

    assert {"ceiling": 150} == budget._account.learned()


async def test_changes_are_found_by_the_millisecond(unleashed: Unleashed) -> None:
    """
    A record that was changed in the very millisecond is among them, one of the second before is not.
    """
    before = await unleashed.customers.create({"CustomerCode": "OLD", "CustomerName": "Old"})
    await asyncio.sleep(0.005)
    made = await unleashed.customers.create({"CustomerCode": "NEW", "CustomerName": "New"})
    assert made.last_modified_on is not None
    since = made.last_modified_on + timedelta(microseconds=999)
    found = [each.id for each in await unleashed.changed_since("customers", since)]

    assert [made.guid] == found
    assert before.guid not in found


async def test_every_capability_works_and_cleans_up(unleashed: Unleashed) -> None:
    """
    As `ops test-integration unleashed --write` tries them.
    """
    before = [row.guid async for row in unleashed.sales_orders.list()]
    said = {each.name: await each.run() for each in unleashed.capabilities()}

    assert "create, get, update, delete" == said["sales_orders.write"]
    assert "12" == said["products.list"]
    assert before == [row.guid async for row in unleashed.sales_orders.list()]


async def test_a_subscription_shows_its_key_to_nobody(unleashed: Unleashed) -> None:
    """
    It is told once, and is a secret.
    """
    made = await unleashed.webhooks.subscribe("https://ops.example.com/hook", ["salesorder.created"])
    (listed,) = [row async for row in unleashed.webhooks.list()]

    assert made.signature_key is not None
    assert made.signature_key.reveal() not in f"{made!r} {msgspec.structs.asdict(made)}"
    assert (made.subscription_id, None) == (listed.subscription_id, listed.signature_key)


@pytest.mark.parametrize(
    ("stamp", "signed", "expected"),
    [
        ("1764460800", True, Verdict.GOOD),
        ("1764460800", False, Verdict.WRONG),
        ("1764460499", True, Verdict.TOO_OLD),
        ("1764461101", True, Verdict.FROM_THE_FUTURE),
        ("soon", True, Verdict.NO_TIME),
        (None, True, Verdict.UNSIGNED),
    ],
)
def test_a_webhook_is_believed_if_it_is_signed_and_recent(
    stamp: str | None, signed: bool, expected: Verdict
) -> None:
    """
    Five minutes to either side.
    """
    body = b'{"salesOrderGuid": "1"}'
    signature = sign(f"{stamp}.".encode() + body, KEY if signed else Secret("another"))
    headers = {"X-Unleashed-Signature": signature, **({"X-Unleashed-Timestamp": stamp} if stamp else {})}

    assert expected is verify(body, headers, KEY, now=datetime(2025, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "body", "reason", "kind"),
    [
        (
            400,
            {"Description": "Bad", "Errors": [{"Description": "Code is missing"}]},
            "Bad (Code is missing)",
            None,
        ),
        (403, {}, "", errors.Unauthenticated),
        (403, {"message": "Monthly quota reached"}, "Monthly quota reached", errors.QuotaExhausted),
        (429, {"message": "Slow down"}, "Slow down", None),
        (
            500,
            {"Description": "The object could not be parsed"},
            "The object could not be parsed",
            errors.Invalid,
        ),
        (500, {"Description": 5, "Errors": {"a": 1}}, "", None),
        (400, {"Errors": [None, 5, {"Description": None}]}, "", None),
    ],
)
def test_a_refusal_is_what_its_words_mean(
    status: int, body: object, reason: str, kind: type[errors.RemoteError] | None
) -> None:
    """
    A body that could not be parsed would be refused again: it is not tried again.
    """
    problem = explain(Reply(status, {}, msgspec.json.encode(body)))

    assert (reason, kind) == (problem.reason, problem.error)


async def test_a_number_in_place_of_a_guid_is_no_record(unleashed: Unleashed) -> None:
    """
    `/Products/1` is a page: it is not taken for a product.
    """
    with pytest.raises(errors.MalformedAnswer):
        await unleashed.products.get("1")


async def test_a_completion_of_unknown_outcome_is_not_sent_again(scripted: Unleashed, rig: Rig) -> None:
    """
    It would be refused, or find another order in that state.
    """
    rig.answers = [answer(500, b"{}")]

    with pytest.raises(errors.OutcomeUnknown):
        await scripted.sales_orders.complete(GUID)

    assert 1 == len(rig.asked)


async def test_every_request_bears_id_signature_and_the_name_of_the_client(
    scripted: Unleashed, rig: Rig
) -> None:
    """
    The signature is that of what stands in the URL.
    """
    rig.answers = [answer(200, b'{"Pagination": {"NumberOfPages": 1}, "Items": []}')]
    _ = [row async for row in scripted.sales_orders.list(query={"customerCode": "Fish & Chips"})]
    (asked,) = rig.asked
    query = asked.raw_path.partition("?")[2]

    assert "/SalesOrders/1?customerCode=Fish+%26+Chips&pageSize=1000" == asked.raw_path
    assert (
        sign(query.encode(), Secret(service_key_for("unleashed", "teelixir")))
        == (asked.headers["api-auth-signature"])
    )
    assert ["sandbox-unleashed-teelixir", "master-ops/master-ops"] == [
        asked.headers[name] for name in ("api-auth-id", "client-type")
    ]


@pytest.mark.skipif(
    not FOLDER or not list(Path(FOLDER).rglob("unleashed.openapi.yaml")),
    reason="MASTEROPS_SPEC_DIR names no folder with unleashed.openapi.yaml",
)
async def test_the_requests_are_those_of_the_openapi_file(scripted: Unleashed, rig: Rig) -> None:
    """
    Every list and every look for changes: a known path, parameters that it has, values of their form.
    """
    specs = Specs(Path(str(FOLDER)), "unleashed.openapi.yaml")
    rig.answers = [answer(200, b'{"Pagination": {"NumberOfPages": 1}, "Items": []}')]
    for name in scripted.resources:
        await scripted.changed_since(name, clock.now())
    found = [specs.strange("GET", each.path, each.query) for each in rig.asked]

    assert [[]] * len(scripted.resources) == found
    assert ["page"] == specs.strange("GET", "/Products/1", {"page": "2"})
