"""
A service that refuses and fails in the middle of a full read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle

import aiohttp
import pytest

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger
from masterops.sandbox.hubspot.limits import Limits
from masterops.transport import Budgets, Transport
from tests.connectors.conftest import Twin, running_twin

CONTACTS = 4_000
HOUR = 3600.0
DAYS = 31  # the seed of a storm that asks for a day's silence at its 16th request, and again
STORM = [
    {"storm": True, "retry_after": 1, "ratio": 0.6},
    {"status": 500, "ratio": 0.6},
    {"storm": True, "ratio": 0.6},
    {"status": 502, "ratio": 0.6},
    {"storm": True, "retry_after": 0, "ratio": 0.6},
    {"cut": True, "ratio": 0.6},
]


@dataclass
class Weather:
    """
    An account in which a storm can be made, the connector to it, and a clock that its waits move.
    """

    twin: Twin
    hub: HubSpot
    url: str

    async def turns(self, fault: dict[str, object]) -> None:
        """What the service does from now on."""
        async with aiohttp.ClientSession() as session, session.put(self.url, json=fault) as answer:
            assert 200 == answer.status

    @property
    def met(self) -> Counter[int]:
        """How many answers had which status; 0 where there was none."""
        return Counter(metric.status_code or 0 for metric in self.twin.metrics)


def account(twin: Twin, policy: RetryPolicy) -> Transport:
    """A transport whose waits take moments, however long its budgets believe them to be."""

    async def sleep(seconds: float) -> None:
        twin.slept += round(seconds * 1_000_000)
        await asyncio.sleep(0)

    return Transport(
        log=Logger(twin),
        measure=twin.metrics.append,
        policy=policy,
        sleep=sleep,
        budgets=Budgets(now=lambda: clock.microseconds() + twin.slept),
    )


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with running_twin(
        contacts=CONTACTS, limits=Limits(burst=9999, burst_seconds=0.05, search=9999)
    ) as started:
        yield started


async def weather(twin: Twin, transport: Transport) -> Weather:
    hub = twin.connector(transport, searches_per_second=9999)
    return Weather(twin, hub, f"{twin.url}/_sandbox/faults/hubspot/teelixir")


@pytest.mark.parametrize("search", [False, True])
async def test_a_storm_in_the_middle_of_a_full_read_costs_no_record_and_doubles_none(
    twin: Twin, search: bool
) -> None:
    """
    429s with and without a Retry-After, 500s, 502s and cut answers by turns, each for a few pages: the read
    waits, tries again, and has every record once.
    """
    async with account(twin, RetryPolicy(attempts=40, deadline=HOUR)) as transport:
        here = await weather(twin, transport)
        expected = [row.id async for row in here.hub.contacts.list()]
        faults = cycle(STORM)
        ids: list[str] = []

        async for page in here.hub.contacts.extract(parallel=6, search=search):
            ids += [row.id for row in page.rows]
            await here.turns(next(faults))

    assert expected == sorted(ids, key=int)
    assert CONTACTS == page.read
    assert here.met[429] >= 5 <= here.met[500] + here.met[502]


async def test_a_read_that_a_storm_ended_goes_on_from_its_cursor(twin: Twin) -> None:
    """
    A service that wants a day's silence ends the read; from the last page's cursor it goes on an hour later,
    as often as that takes, and no record is missed or comes twice.
    """
    async with account(twin, RetryPolicy(attempts=12, deadline=60)) as transport:
        here = await weather(twin, transport)
        expected = [row.id async for row in here.hub.contacts.list()]
        await here.turns({"profile": "storm", "seed": DAYS})
        ids: list[str] = []
        cursor, ended = None, 0

        for _ in range(400):
            try:
                async for page in here.hub.contacts.extract(parallel=4, cursor=cursor):
                    ids += [row.id for row in page.rows]
                    cursor = page.cursor
                break
            except errors.RemoteError:
                ended += 1
                twin.slept += round(HOUR * 1_000_000)

    assert expected == sorted(ids, key=int)
    assert ended >= 1
