"""
Calls through a proxy of the company, and none for this machine.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.transport import Request
from masterops.transport.proxy import proxy_for
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


async def test_calls_go_through_the_proxy_with_its_user_and_password(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is asked for the whole URL, and is shown who we are; the service never sees that.
    """
    rig.answers = [answer()]
    proxy = rig.url.replace("http://", "http://ann:open-sesame@")
    monkeypatch.setenv("http_proxy", proxy)
    rig.url = "http://shop.example"

    assert b"ok" == await rig.call(GET)

    asked = rig.asked[0]
    assert ("shop.example", "/things/7") == (asked.host, asked.rel_url.raw_path)
    assert f"Basic {b64encode(b'ann:open-sesame').decode()}" == asked.headers["Proxy-Authorization"]


async def test_no_password_of_a_proxy_is_written_down(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It stands in its URL, and errors name the host alone.
    """
    monkeypatch.setenv("http_proxy", f"http://ann:open-sesame@127.0.0.1:{closed_port()}")
    rig.url = "http://shop.example"

    with pytest.raises(errors.NetworkError) as caught:
        await rig.call(GET, policy=RetryPolicy(attempts=1))

    assert "open-sesame" not in f"{caught.value!r} {rig.notebook.records} {rig.notebook.metrics}"


async def test_a_host_that_needs_no_proxy_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    NO_PROXY names hosts of the house.
    """
    monkeypatch.setenv("https_proxy", "http://proxy.example")
    monkeypatch.setenv("no_proxy", "n8n.example,.inside.example")

    assert [None, None, "http://proxy.example"] == [
        proxy_for(f"https://{host}/x") for host in ("n8n.example", "a.inside.example", "shop.example")
    ]


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
