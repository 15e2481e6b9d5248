"""
Receivers, and channels that lead to them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from masterops.channels import Channel, Message, Told, open_channel
from masterops.config import ChannelSettings, Secret
from masterops.logs import Logger
from masterops.transport import Transport
from tests.channels.receivers import Hooks, Mails
from tests.transport.conftest import Notebook

TOKEN = "X9w3kQ7pTz51LmVb8RyC2dHs"
Opening = Callable[..., Channel]


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    server = Hooks()
    yield server
    server.close()


@pytest.fixture
def mails() -> Iterator[Mails]:
    server = Mails()
    yield server
    server.close()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
async def opening(notebook: Notebook) -> AsyncIterator[Opening]:
    """`opening("slack", url)` is a channel named ops."""
    log = Logger(notebook, source="alerts")
    async with Transport(log=log, measure=notebook.metrics.append) as transport:

        def opened(kind: str, url: str, *, secret: str | None = None, **values: Any) -> Channel:
            secrets = {"url": Secret(url)} | ({"secret": Secret(secret)} if secret else {})
            return open_channel(ChannelSettings("ops", kind, secrets=secrets, **values), transport, log)

        yield opened


@pytest.fixture
def message() -> Message:
    return Message(
        id="0123456789abcdef0123456789abcdef",
        kind="firing",
        severity="critical",
        title="CRITICAL Teelixir: HubSpot is down since 12:00 UTC",
        lines=("no answer within 10 s", "Acknowledge: ops alerts ack 1"),
        link="https://ops.example.com",
        alerts=(
            Told(id=1, rule="service-down", state="firing", severity="critical", summary="HubSpot is down"),
        ),
    )
