"""
A HubSpot that keeps failing is left alone for a while; measured at the twin, which counts what it was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.transport import Circuits, Transport
from tests.connectors.conftest import Twin

FAULTS = 100_000


class Desk:
    """
    The twin, a transport that tries each call once and has no time to wait, and a clock to move.
    """

    def __init__(self, twin: Twin, transport: Transport) -> None:
        self.twin = twin
        self.transport = transport
        self.moved = 0.0
        self.hub = twin.connector(transport)

    @property
    def events(self) -> list[tuple[str, str]]:
        """What the circuits said, with its level."""
        return [(r.message, r.level) for r in self.twin.records if r.message.startswith("circuit.")]

    def pass_by(self, seconds: float) -> None:
        self.moved += seconds

    async def control(self, method: str, path: str, **more: Any) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.twin.url}/_sandbox/{path}", **more) as answer,
        ):
            assert answer.ok, await answer.text()
            return await answer.json() if answer.status == 200 else None

    async def fail(self, **fault: Any) -> None:
        """From now on every call fails."""
        fault = {"status": 500, "times": FAULTS} | fault
        await self.control("PUT", "faults/hubspot/teelixir", json=fault)

    async def mend(self) -> None:
        await self.control("DELETE", "faults/hubspot/teelixir")

    async def asked(self) -> int:
        """How many calls have met the fault."""
        return FAULTS - int((await self.control("GET", "state"))["faults"]["hubspot/teelixir"]["times"])

    async def get(self, hub: HubSpot | None = None) -> str:
        """One read: `ok`, or the code of its error."""
        return await outcome((hub or self.hub).contacts.page(limit=1))

    async def search(self) -> str:
        return await outcome(anext(self.hub.contacts.search(limit=1)))

    async def opened(self) -> None:
        """Ten reads have failed."""
        await self.fail()
        assert ["REM008"] * 10 == [await self.get() for _ in range(10)]


async def outcome(call: Any) -> str:
    try:
        await call
    except errors.RemoteError as error:
        return error.code
    return "ok"


@pytest.fixture
async def desk(twin: Twin) -> AsyncIterator[Desk]:
    made: list[Desk] = []
    circuits = Circuits(
        Logger(twin), now=lambda: clock.microseconds() + round(made[0].moved * 1e6), fraction=lambda: 0.0
    )
    policy = RetryPolicy(attempts=1, deadline=2)
    async with Transport(
        log=Logger(twin), measure=twin.metrics.append, policy=policy, circuits=circuits
    ) as transport:
        made.append(Desk(twin, transport))
        yield made[0]


async def test_an_open_circuit_asks_nothing_until_a_probe_has_closed_it(desk: Desk) -> None:
    """
    Ten failures open it. What is refused reaches nobody and leaves no row of metrics, which would look like an
    answer; each change of state is told.
    """
    await desk.opened()
    refused = [await desk.get() for _ in range(5)]
    asked, measured = await desk.asked(), len(desk.twin.metrics)
    await desk.mend()
    desk.pass_by(5.1)

    assert ["REM013"] * 5 == refused
    assert (10, 10) == (asked, measured)
    assert "ok" == await desk.get()
    assert [
        ("circuit.opened", "warn"),
        ("circuit.half_open", "info"),
        ("circuit.closed", "info"),
    ] == desk.events
    closed = desk.twin.records[-2].details_json
    assert ("read", 5) == (closed["group"], closed["refused"])
    assert [] == desk.transport.shut("hubspot/teelixir")


async def test_a_probe_that_fails_keeps_it_open_twice_as_long(desk: Desk) -> None:
    """
    One call is asked in all that time.
    """
    await desk.opened()
    desk.pass_by(5.1)
    probe, then = await desk.get(), await desk.get()
    desk.pass_by(6.0)
    still, asked = await desk.get(), await desk.asked()
    await desk.mend()
    desk.pass_by(4.5)

    assert ("REM008", "REM013", "REM013", 11) == (probe, then, still, asked)
    assert "ok" == await desk.get()


async def test_a_broken_search_does_not_stop_the_reads(desk: Desk) -> None:
    """
    What fails together is stopped together, and nothing else.
    """
    await desk.fail()
    for _ in range(10):
        await desk.search()
    await desk.mend()

    assert ("REM013", "ok") == (await desk.search(), await desk.get())
    assert ["search"] == [each.group for each in desk.transport.shut("hubspot/teelixir")]


async def test_another_business_goes_on(desk: Desk) -> None:
    """
    A connection is one account at the service.
    """
    await desk.opened()

    assert "ok" == await desk.get(desk.twin.connector(desk.transport, business="red-hill-fresh"))


async def test_the_health_check_finds_out_that_it_is_back(desk: Desk) -> None:
    """
    It is asked though the circuit is open; answered, the others go at once.
    """
    await desk.opened()
    with pytest.raises(errors.ServerFailed):
        await desk.hub.ping()
    still = await desk.get()
    await desk.mend()
    await desk.hub.ping()

    assert "REM013" == still
    assert "ok" == await desk.get()


async def test_the_refusal_says_why_and_when_it_is_tried_again(desk: Desk) -> None:
    """
    In words for a person, in seconds for a program; none of them is the service's answer.
    """
    await desk.opened()

    with pytest.raises(errors.CircuitOpen) as caught:
        await desk.hub.contacts.page(limit=1)

    error, (shut,) = caught.value, desk.transport.shut("hubspot/teelixir")
    assert error.message.startswith(
        "hubspot/teelixir was not asked, because it keeps failing: read: 10 of the last 10 calls failed, last: "
        "hubspot/teelixir failed on its side:"
    )
    assert error.retry_after is not None and 4 < error.retry_after <= 5
    assert (True, None, "service") == (error.retryable, error.status, error.blame)
    assert shut.next_probe is not None
    assert f"tried again at {shut.next_probe.astimezone():%H:%M}" in error.advice
    assert f"read: circuit open since {shut.since.astimezone():%H:%M:%S}, next probe " in str(shut)


async def test_what_nobody_has_called_for_long_is_not_reported(desk: Desk) -> None:
    """
    It stops nobody any more, and says nothing of today; the next call is still the probe.
    """
    await desk.opened()
    desk.pass_by(299)
    reported = [each.group for each in desk.transport.shut("hubspot/teelixir")]
    desk.pass_by(10)

    assert (["read"], []) == (reported, desk.transport.shut("hubspot/teelixir"))
    assert ("REM008", "REM013") == (await desk.get(), await desk.get())


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 404}, {"expired": True}], ids=str)
async def test_a_refusal_is_an_answer(desk: Desk, fault: dict[str, Any]) -> None:
    """
    Too many calls, wrong values, a bad token: asking less would mend none of them.
    """
    await desk.fail(**({"status": None} | fault))
    outcomes = {await desk.get() for _ in range(12)}

    assert "REM013" not in outcomes
    assert [] == desk.events


async def test_it_can_be_switched_off(desk: Desk) -> None:
    """
    Then every call is made, whatever became of the last.
    """
    hub = desk.twin.connector(desk.transport, circuit_breaker=False)
    await desk.fail()

    assert {"REM008"} == {await desk.get(hub) for _ in range(25)}


async def test_calls_with_time_wait_for_the_probe(desk: Desk) -> None:
    """
    Of twenty that wait one tries, and all the others go when it was answered.
    """
    hub = desk.twin.connector(desk.transport, circuit_seconds=0.3, circuit_calls=5)
    await desk.fail()
    for _ in range(5):
        await desk.get(hub)
    await desk.mend()

    assert ["ok"] * 20 == await asyncio.gather(*(desk.get(hub) for _ in range(20)))
    assert ["circuit.opened", "circuit.half_open", "circuit.closed"] == [name for name, _ in desk.events]
