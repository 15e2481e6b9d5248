"""
Calls through a proxy of the company, and none for this machine.
"""

from __future__ import annotations

import asyncio

import pytest

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.transport import Request
from tests.transport.conftest import Rig, answer, closed_port

GET = Request("GET", "/things/{id}", "things.get", parts={"id": "7"})


async def test_a_proxy_is_never_used_for_this_machine(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    HTTP_PROXY is for the world outside; the twins are next door.
    """
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    rig.answers = [answer()]

    assert b"ok" == await rig.call(GET)


async def test_a_proxy_that_is_away_is_a_network_error(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Calls to other hosts go through the proxy of the environment.
    """
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    rig.url = "http://shop.example"

    with pytest.raises(errors.NetworkError, match="nothing answers at 127"):
        await rig.call(GET, policy=RetryPolicy(attempts=1))


async def test_a_proxy_that_wants_a_password_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its 407 is valid HTTP and has nothing to do with the service.
    """

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(refuse, "127.0.0.1", 0)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    rig.url = "https://shop.example"

    async with proxy:
        with pytest.raises(errors.NetworkError, match=r"the proxy wants a user and password \(HTTP 407\)"):
            await rig.call(GET, policy=RetryPolicy(attempts=1))
