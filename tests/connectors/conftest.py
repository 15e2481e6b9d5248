"""
A HubSpot connector and its twin, over real HTTP in one process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from masterops.config import Connection, Secret
from masterops.connectors.hubspot import HubSpot
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import ApiMetric, Logger, LogRecord
from masterops.sandbox import Running, serve, token_for
from masterops.transport import Budgets, Transport
from tests.transport.conftest import Rig, rig

__all__ = ["Twin", "rig", "running_twin"]


class Twin:
    """
    The running twin, what the connector logged and measured, and how to make it misbehave.
    """

    def __init__(self, running: Running) -> None:
        self.url = running.url
        self.records: list[LogRecord] = []
        self.metrics: list[ApiMetric] = []
        self.waits: list[float] = []
        self.slept = 0  # microseconds that the budgets believe to have gone by

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def emit(self, record: LogRecord) -> None:
        self.records.append(record)

    async def sleep(self, seconds: float) -> None:
        """Waits are kept, and shortened: what a limit of a second needs is waited for."""
        self.waits.append(seconds)
        self.slept += round(seconds * 1_000_000)
        await asyncio.sleep(min(seconds, 1.2))

    def connector(
        self, transport: Transport, *, business: str = "teelixir", version: str = "2026-03", **more: Any
    ) -> HubSpot:
        values = {
            **more,
            "access_token": Secret(token_for("hubspot", business)),
            "base_url": f"{self.url}/hubspot",
            "api_version": version,
        }
        return HubSpot(Connection(f"hubspot/{business}", "hubspot", business, values), transport)


@contextlib.asynccontextmanager
async def running_twin(**options: Any) -> AsyncIterator[Twin]:
    """A twin of two accounts, as long as the block."""
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    businesses = ["teelixir", "red-hill-fresh"]
    serving = asyncio.create_task(
        serve(businesses=businesses, state_dir=None, ready=started.set_result, **options)
    )
    try:
        yield Twin(await started)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
async def twin() -> AsyncIterator[Twin]:
    async with running_twin() as started:
        yield started


@pytest.fixture
async def transport(twin: Twin) -> AsyncIterator[Transport]:
    policy = RetryPolicy(attempts=6, base=0.01, ceiling=0.05, deadline=60)
    log = Logger(twin)
    async with Transport(
        log=log,
        measure=twin.metrics.append,
        policy=policy,
        sleep=twin.sleep,
        budgets=Budgets(now=lambda: clock.microseconds() + twin.slept),
    ) as made:
        yield made


@pytest.fixture
def hub(twin: Twin, transport: Transport) -> HubSpot:
    return twin.connector(transport)


@pytest.fixture
async def scripted(rig: Rig) -> AsyncIterator[HubSpot]:
    """A connector whose service answers what the test tells it; two attempts, no waits."""
    values = {"access_token": Secret("pat-of-a-test"), "base_url": rig.url, "searches_per_second": 9999}
    connection = Connection("hubspot/teelixir", "hubspot", "teelixir", values)
    async with Transport(
        log=Logger(rig.notebook),
        measure=rig.notebook.metrics.append,
        policy=RetryPolicy(attempts=2),
        sleep=rig.sleep,
        budgets=Budgets(now=lambda: clock.microseconds() + rig.slept),
    ) as made:
        yield HubSpot(connection, made)
