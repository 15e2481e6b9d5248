"""
Each fault as a client meets it.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest

from masterops.sandbox import faults
from masterops.sandbox.faults import Fault
from tests.sandbox.desk import CONTACTS, Desk, opened


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (500, "INTERNAL_ERROR"),
        (503, "SERVICE_UNAVAILABLE"),
        (403, "MISSING_SCOPES"),
        (423, "LOCKED"),
        (418, None),
    ],
)
async def test_status_answers_every_request_with_it(desk: Desk, status: int, category: str | None) -> None:
    """
    With a body of the usual form, for this business only, until it is removed.
    """
    await desk.fault(status=status)
    replies = [await desk.get(CONTACTS) for _ in range(3)]
    other = await desk.get(CONTACTS, business="red-hill-fresh")
    await desk.call("DELETE", "/_sandbox/faults/hubspot/teelixir", business=None)
    after = await desk.get(CONTACTS)

    assert [(status, category)] * 3 == [(each.status, each.body.get("category")) for each in replies]
    assert (200, 200) == (other.status, after.status)


async def test_times_ends_it_after_so_many_requests(desk: Desk) -> None:
    """
    Two fail, the third works.
    """
    await desk.fault(status=502, times=2)

    assert [502, 502, 200] == [(await desk.get(CONTACTS)).status for _ in range(3)]


async def test_a_status_may_say_when_to_come_back(desk: Desk) -> None:
    """
    The Retry-After header.
    """
    await desk.fault(status=477, retry_after=7)

    assert "7" == (await desk.get(CONTACTS)).headers["Retry-After"]


async def test_a_refused_write_wrote_nothing(desk: Desk) -> None:
    """
    A status comes instead of the work.
    """
    await desk.fault(status=500, times=1)
    await desk.post(CONTACTS, {"properties": {"email": "lost@example.com"}})

    assert 404 == (await desk.get(f"{CONTACTS}/lost@example.com?idProperty=email")).status


async def test_latency_delays_each_answer(desk: Desk) -> None:
    """
    By the time given, and with jitter by up to so much more.
    """
    await desk.fault(latency_ms=60, jitter_ms=40)
    before = time.perf_counter()
    reply = await desk.get(CONTACTS)

    assert 200 == reply.status
    assert 0.06 <= time.perf_counter() - before


async def test_hang_never_answers_and_lets_go_of_a_client_that_leaves(desk: Desk) -> None:
    """
    The next request after the fault is served as ever.
    """
    await desk.fault(hang=True, times=1)

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(desk.get(CONTACTS), 0.2)
    assert 200 == (await desk.get(CONTACTS)).status


async def test_malformed_answers_with_half_a_document_after_the_work(desk: Desk) -> None:
    """
    The status is good, the body is not JSON, and the record is there.
    """
    await desk.fault(malformed=True, times=2)
    reply = await desk.post(CONTACTS, {"properties": {"email": "half@example.com"}})
    gone = await desk.call("DELETE", f"{CONTACTS}/404")

    assert (201, 200) == (reply.status, gone.status)
    for each in (reply, gone):
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(each.raw)
    assert 200 == (await desk.get(f"{CONTACTS}/half@example.com?idProperty=email")).status


async def test_cut_breaks_the_connection_in_the_answer_after_the_work(desk: Desk) -> None:
    """
    The client cannot know, but the record is there.
    """
    await desk.fault(cut=True, times=2)

    with pytest.raises(aiohttp.ClientPayloadError):
        await desk.post(CONTACTS, {"properties": {"email": "cut@example.com"}})
    with pytest.raises(aiohttp.ClientConnectionError):
        await desk.call("POST", f"{CONTACTS}/batch/archive", {"inputs": []})
    assert 200 == (await desk.get(f"{CONTACTS}/cut@example.com?idProperty=email")).status


async def test_a_storm_refuses_and_spends_nothing(limited: Desk) -> None:
    """
    Both bodies of 429; the limit is untouched afterwards.
    """
    await limited.fault(storm=True, retry_after=3)
    stormy = await limited.get(CONTACTS)
    search = await limited.post(f"{CONTACTS}/search", {})
    await limited.call("DELETE", "/_sandbox/faults/hubspot/teelixir", business=None)
    after = await limited.get(CONTACTS)

    assert (429, "TEN_SECONDLY_ROLLING", "3", "0") == (
        stormy.status,
        stormy.body["policyName"],
        stormy.headers["Retry-After"],
        stormy.headers["X-HubSpot-RateLimit-Remaining"],
    )
    assert (429, "SECONDLY") == (search.status, search.body["policyName"])
    assert "99" == after.headers["X-HubSpot-RateLimit-Remaining"]


async def test_an_expired_token_is_refused(desk: Desk) -> None:
    """
    401 with a category of its own.
    """
    await desk.fault(expired=True)
    reply = await desk.get(CONTACTS)

    assert (401, "EXPIRED_AUTHENTICATION") == (reply.status, reply.body["category"])


async def test_faults_come_from_and_go_to_the_state_directory(tmp_path: Path) -> None:
    """
    One set before the start holds, one set beside a running sandbox holds at once, one set by the
    control API is in the file.
    """
    faults.save_fault(tmp_path, "hubspot/teelixir", Fault(status=503))
    async with opened(state_dir=tmp_path) as desk:
        early = await desk.get(CONTACTS)
        faults.save_fault(tmp_path, "hubspot/teelixir", Fault(status=504))
        beside = await desk.get(CONTACTS)
        await desk.fault("red-hill-fresh", storm=True)
        saved = faults.load_faults(tmp_path)
        faults.clear_faults(tmp_path)
        after = await desk.get(CONTACTS)

    assert (503, 504, 200) == (early.status, beside.status, after.status)
    assert Fault(storm=True) == saved["hubspot/red-hill-fresh"]
