"""
A sandbox in the test's own event loop, on a real socket, and a client to talk to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from masterops.sandbox import Running, serve, token_for
from masterops.sandbox.clock import HandClock
from masterops.sandbox.hubspot.limits import Limits

BUSINESSES = ("teelixir", "red-hill-fresh")
START = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
PLENTY = Limits(burst=100_000, search=100_000, daily=10_000_000)


class Reply(msgspec.Struct):
    """
    What came back.
    """

    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        """The body decoded."""
        return msgspec.json.decode(self.raw)


class Desk:
    """
    Sends calls as one business or another.
    """

    def __init__(self, url: str, clock: HandClock, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.clock = clock
        self.session = session

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        business: str | None = "teelixir",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        """One request; `body` goes as JSON, `data` as it is."""
        given = {"Authorization": f"Bearer {token_for('hubspot', business)}"} if business else {}
        async with self.session.request(
            method, self.url + path, json=body, data=data, headers={**given, **(headers or {})}
        ) as answer:
            return Reply(answer.status, await answer.read(), answer.headers)

    async def get(self, path: str, **options: Any) -> Reply:
        """GET"""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: object, **options: Any) -> Reply:
        """POST"""
        return await self.call("POST", path, body, **options)

    async def contact(self, **properties: str) -> dict[str, Any]:
        """A new contact."""
        made = await self.post(CONTACTS, {"properties": properties})
        assert 201 == made.status, made.raw
        found: dict[str, Any] = made.body
        return found

    async def fault(self, business: str = "teelixir", **fields: object) -> Reply:
        """Set a fault."""
        return await self.call("PUT", f"/_sandbox/faults/hubspot/{business}", fields, business=None)


CONTACTS = "/crm/objects/2026-03/contacts"
COMPANIES = "/crm/objects/2026-03/companies"
DEALS = "/crm/objects/2026-03/deals"


@asynccontextmanager
async def opened(
    *,
    limits: Limits | None = PLENTY,
    state_dir: Path | None = None,
    contacts: int | None = 30,
    **options: Any,
) -> AsyncIterator[Desk]:
    """A running sandbox whose time the test moves."""
    clock = HandClock(START)
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(
        serve(
            businesses=BUSINESSES, state_dir=state_dir, ready=ready.set_result, clock=clock, limits=limits,
            contacts=contacts, **options,
        )
    )  # fmt: skip
    await asyncio.wait([ready, serving], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    try:
        async with aiohttp.ClientSession() as session:
            yield Desk((await ready).url, clock, session)
    finally:
        serving.cancel()
        await asyncio.wait([serving])
