"""
An n8n connector and its twin, over real HTTP in one process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.logs import Logger, LogRecord
from masterops.sandbox import Running, serve, token_for
from masterops.sandbox.clock import HandClock
from masterops.transport import Budgets, Transport

FEW = RetryPolicy(attempts=4, base=0.01, ceiling=0.05, deadline=30)


@dataclass
class Desk:
    """
    The connector, the twin's clock, and what was logged.
    """

    url: str
    clock: HandClock
    n8n: N8n
    records: list[LogRecord] = field(default_factory=list)

    async def set(self, **traits: Any) -> None:
        """Let the server behave so."""
        await put(self.url, "settings/n8n/teelixir", traits)

    async def begin(self, workflow: str, **run: Any) -> None:
        """Let a workflow run now."""
        await self.set(run={"workflow": workflow, **run})

    async def fault(self, **fault: Any) -> None:
        """Let this go wrong."""
        await put(self.url, "faults/n8n/teelixir", fault)

    def passes(self, seconds: float) -> None:
        """Let time go by at the server."""
        self.clock.move(seconds)


async def put(url: str, path: str, body: object) -> None:
    """One word to the sandbox's control."""
    async with aiohttp.ClientSession() as session, session.put(f"{url}/_sandbox/{path}", json=body) as answer:
        assert answer.status == 200, await answer.text()


class Notebook:
    """
    Keeps what is logged.
    """

    def __init__(self, records: list[LogRecord]) -> None:
        self.records = records

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def emit(self, record: LogRecord) -> None:
        self.records.append(record)


@contextlib.asynccontextmanager
async def desk(
    *, workflows: int | None = None, start: datetime | None = None, live: bool = False
) -> AsyncIterator[Desk]:
    """
    A server as it is seeded, or with `live` that of demo mode, its clock by hand from `start` (else from
    now), and a connector to it.
    """
    hand, records = HandClock(start or clock.now()), list[LogRecord]()
    slept = 0

    async def sleep(seconds: float) -> None:
        nonlocal slept
        slept += round(seconds * 1_000_000)
        await asyncio.sleep(0)

    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            businesses=["teelixir"],
            state_dir=None,
            ready=started.set_result,
            clock=hand,
            contacts=1,
            workflows=workflows,
            live=live,
        )
    )
    try:
        url = (await started).url
        async with Transport(
            log=Logger(Notebook(records)),
            measure=lambda metric: None,
            policy=FEW,
            sleep=sleep,
            budgets=Budgets(now=lambda: clock.microseconds() + slept),
        ) as transport:
            values = {"api_key": Secret(token_for("n8n", "teelixir")), "base_url": f"{url}/n8n"}
            connector = N8n(Connection("n8n/teelixir", "n8n", "teelixir", values), transport)
            yield Desk(url, hand, connector, records)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
