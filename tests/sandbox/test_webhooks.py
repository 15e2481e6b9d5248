"""
Webhooks: what is told, how it is signed, and what happens when nobody listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from masterops.sandbox.hubspot import events
from masterops.sandbox.hubspot.events import Outbox
from tests.sandbox.desk import CONTACTS, Desk


def test_the_signature_is_hubspots() -> None:
    """
    The vector of its own client library.
    """
    secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
    sent = b"{'example_field':'example_value'}"
    url = "https://www.example.com/webhook_uri"

    expected = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    assert expected == events.signature(secret, "POST", url, sent, 1693657560000)


def test_a_batch_is_at_most_a_hundred_and_is_tried_for_a_day() -> None:
    """
    Eleven times, and then it is lost.
    """
    outbox = Outbox(1, 2)
    outbox.subscribe("contact.creation", None, True, "")
    for id in range(250):
        outbox.happened("contact", "0-1", "creation", 0, objectId=id)
    sizes, ticks = [], 0.0
    for batch in (ready := outbox.due(ticks)):
        sizes.append(len(batch.events))
        outbox.told(batch, ticks, arrived=batch is not ready[0])
    tries = 1
    while outbox.waiting:
        ticks += 60
        for batch in outbox.due(ticks):
            tries += 1
            outbox.told(batch, ticks, arrived=False)

    assert ([100, 100, 50], 11) == (sizes, tries)
    assert (150, 100) == (outbox.delivered, outbox.lost)
    assert ticks < 86_400


async def until(true: Callable[[], bool]) -> None:
    """Wait for it; the suite's own time limit ends a wait for ever."""
    while True:
        if true():
            return
        await asyncio.sleep(0.01)


async def settled(desk: Desk, name: str) -> dict[str, int]:
    """What the state page says of webhooks, once this count is there."""
    while True:
        state = (await desk.get("/_sandbox/state", business=None)).body
        found: dict[str, int] = state["businesses"]["teelixir"]["hubspot"]["webhooks"]
        if found[name]:
            return found
        await asyncio.sleep(0.01)


class Ear:
    """
    A server that hears webhooks and answers as it is told.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Take one."""
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    def told(self) -> list[dict[str, Any]]:
        """Every event that came, in the order in which they happened: batches may overtake one another."""
        told = [each for _, body in self.heard for each in msgspec.json.decode(body)]
        return sorted(told, key=lambda each: int(each["eventId"]))

    async def heard_at_least(self, count: int) -> list[list[dict[str, Any]]]:
        """The bodies, when so many have come."""
        await until(lambda: len(self.heard) >= count)
        return [msgspec.json.decode(body) for _, body in self.heard]


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    """One that listens."""
    ear = Ear()
    runner = web.ServerRunner(web.Server(ear.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    ear.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?a=b"
    yield ear
    await runner.cleanup()


async def subscribed(desk: Desk, ear: Ear, *types: str) -> None:
    """Let the account tell of these."""
    state = (await desk.get("/_sandbox/state", business=None)).body
    path = f"/webhooks/2026-03/{state['businesses']['teelixir']['hubspot']['webhooks']['app_id']}"
    put = await desk.call("PUT", f"{path}/settings", {"targetUrl": ear.url})
    made = [await desk.post(f"{path}/subscriptions", {"eventType": each, "active": True}) for each in types]
    assert [200, *[201] * len(types)] == [put.status, *(each.status for each in made)]


async def test_changes_are_told_and_signed(desk: Desk, ear: Ear) -> None:
    """
    With the client secret, over the address with its query.
    """
    await subscribed(desk, ear, "contact.creation", "contact.deletion", "object.propertyChange")
    made = await desk.contact(email="told@example.com")
    await ear.heard_at_least(1)
    await desk.call("PATCH", f"{CONTACTS}/{made['id']}", {"properties": {"city": "Perth"}})
    await desk.call("DELETE", f"{CONTACTS}/{made['id']}")
    await until(lambda: len(ear.told()) >= 4)
    told = ear.told()
    headers, sent = ear.heard[0]
    at = int(headers["X-HubSpot-Request-Timestamp"])

    signed = events.signature("sandbox-app-secret-teelixir", "POST", ear.url, sent, at)
    assert (signed, 1793583000000) == (headers["X-HubSpot-Signature-v3"], at)
    assert [
        ("contact.creation", None, None),
        ("object.propertyChange", "email", "told@example.com"),
        ("object.propertyChange", "city", "Perth"),
        ("contact.deletion", None, None),
    ] == [(each["subscriptionType"], each.get("propertyName"), each.get("propertyValue")) for each in told]
    assert {int(made["id"])} == {each["objectId"] for each in told}
    assert 4 == len({each["eventId"] for each in told})


async def test_a_batch_that_was_not_taken_comes_again(desk: Desk, ear: Ear) -> None:
    """
    By the twin's clock, with the same events and the number of the attempt.
    """
    await subscribed(desk, ear, "contact.creation")
    ear.status = 500
    await desk.contact(email="again@example.com")
    await ear.heard_at_least(1)
    ear.status = 200
    await settled(desk, "waiting")  # the refusal has to arrive before time may pass
    desk.clock.move(60)
    first, second = await ear.heard_at_least(2)
    after = await settled(desk, "delivered")

    assert [0, 1] == [first[0].pop("attemptNumber"), second[0].pop("attemptNumber")]
    assert first == second
    assert (1, 0) == (after["delivered"], after["waiting"])
