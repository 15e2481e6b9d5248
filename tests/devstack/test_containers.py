"""
What two of the Compose file's containers run, run here by Debian's nginx and Redis: the gateway's configuration as the
image would make it, and Redis's command word for word.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from masterops.devstack.ports import HOST

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
ANON, SERVICE = "anon.key.of-the-test", "service.key.of-the-test"
UPSTREAMS = ("AUTH_ADDRESS", "REST_ADDRESS", "STORAGE_ADDRESS", "REALTIME_ADDRESS")


def program(name: str) -> str:
    """Debian's program; CI has it, another machine may go without."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and "MASTEROPS_REQUIRE_STACK" not in os.environ:
        pytest.skip(f"{name} is not installed")
    assert found is not None, f"{name} is not installed"
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@pytest.fixture
async def upstreams() -> AsyncIterator[dict[str, str]]:
    """
    The services behind the gateway: each says what came to it, and under which name.
    """

    async def say(service: str, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade") == "websocket":
            room = web.WebSocketResponse()
            await room.prepare(request)
            await room.send_json({"path": request.path_qs, "host": request.host})
            await room.close()
            return room
        found = {
            "service": service,
            "path": request.path_qs,
            "token": request.headers.get("Authorization"),
            "host": request.host,
        }
        return web.json_response(found)

    async with AsyncExitStack() as stack:
        addresses = {}
        for name in UPSTREAMS:
            app = web.Application()
            app.router.add_route("*", "/{any:.*}", partial(say, name.removesuffix("_ADDRESS").lower()))
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, HOST, 0)
            await site.start()
            addresses[name] = f"{HOST}:{runner.addresses[0][1]}"
        yield addresses


@pytest.fixture
async def gateway(upstreams: dict[str, str], tmp_path: Path) -> AsyncIterator[str]:
    """
    The address of an nginx with the gateway's configuration, in which the variables of the Compose file are replaced.
    """
    port = free_port()
    variables = {
        **dict.fromkeys(SERVICES["gateway"]["environment"], ""),
        "ANON_KEY": ANON,
        "SERVICE_ROLE_KEY": SERVICE,
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "GATEWAY_RESOLVER": HOST,
        **upstreams,
    }
    text = (ROOT / "docker" / "gateway.conf.template").read_text()
    for name, value in variables.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    (tmp_path / "gateway.conf").write_text(text.replace("/dev/stdout", str(tmp_path / "access.log")))
    places = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{\n{places}include {tmp_path}/gateway.conf;\n}}\n"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    command = [program("nginx"), "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        until(lambda: listens(port) or process.returncode is not None)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_a_call_needs_a_key_and_carries_its_token(gateway: str) -> None:
    """
    Without a key 401; with one the service gets the key's token, or the person's own where there is one.
    """
    async with aiohttp.ClientSession() as client:
        answers = [
            await _asked(client, f"{gateway}/rest/v1/orders?select=id", headers)
            for headers in (
                {},
                {"apikey": "guessed"},
                {"apikey": ANON},
                {"apikey": SERVICE},
                {"apikey": ANON, "Authorization": "Bearer of-ann"},
            )
        ]

    assert [401, 401, 200, 200, 200] == [status for status, _ in answers]
    assert [f"Bearer {ANON}", f"Bearer {SERVICE}", "Bearer of-ann"] == [
        body["token"] for _, body in answers[2:]
    ]
    assert {("rest", "/orders?select=id")} == {(body["service"], body["path"]) for _, body in answers[2:]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/auth/v1/token?grant_type=password", ("auth", "/token?grant_type=password"), id="auth"),
        pytest.param("/storage/v1/object/list/tea", ("storage", "/object/list/tea"), id="storage"),
        pytest.param("/realtime/v1/api/broadcast", ("realtime", "/api/broadcast"), id="realtime's API"),
    ],
)
async def test_each_path_leads_to_its_service(gateway: str, path: str, expected: tuple[str, str]) -> None:
    """
    As Supabase's clients expect it, the prefix taken away.
    """
    async with aiohttp.ClientSession() as client:
        _, body = await _asked(client, gateway + path, {"apikey": ANON})

    assert expected == (body["service"], body["path"])


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        pytest.param("/auth/v1/verify?token=x", {}, 200, id="a link from a mail needs no key"),
        pytest.param("/auth/v1/verifying", {}, 401, id="and nothing that only begins like it"),
        pytest.param("/storage/v1/object/public/tea.png", {}, 200, id="nor do public files"),
        pytest.param("/realtime/v1/api/tenants", {"apikey": SERVICE}, 403, id="tenants are Realtime's own"),
        pytest.param("/pg/tables", {"apikey": SERVICE}, 404, id="meta is not behind it"),
        pytest.param("/", {}, 404, id="nothing else is"),
        pytest.param("/healthz", {}, 200, id="its own health"),
    ],
)
async def test_what_is_open_and_what_is_closed(
    gateway: str, path: str, headers: dict[str, str], expected: int
) -> None:
    """
    Only what browsers cannot send a key with is open.
    """
    async with aiohttp.ClientSession() as client:
        status, _ = await _asked(client, gateway + path, headers)

    assert expected == status


async def test_web_sockets_reach_realtime_with_the_key_in_the_query_and_no_log_has_it(
    gateway: str, tmp_path: Path
) -> None:
    """
    The tenant is named by the host; a wrong key does not get that far.
    """
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(f"{gateway}/realtime/v1/websocket?apikey={ANON}&vsn=1.0.0") as room:
            said = await room.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await client.ws_connect(f"{gateway}/realtime/v1/websocket?apikey=guessed")
    log = (tmp_path / "access.log").read_text()

    assert f"/socket/websocket?apikey={ANON}&vsn=1.0.0" == said["path"]
    assert "realtime-dev.localhost" == said["host"]
    assert "/realtime/v1/websocket" in log or "/socket/websocket" in log
    assert ANON not in log


async def _asked(client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> tuple[int, Any]:
    async with client.get(url, headers=headers) as answer:
        kind = answer.headers.get("Content-Type", "")
        return answer.status, await answer.json() if kind.startswith("application/json") else None


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """
    The command of the Compose file, with another folder and port.
    """
    program("redis-server")
    port = free_port()
    shell, option, script = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("dir /data", f"dir {tmp_path}\nport {port}\nbind {HOST}")
    environment = {"PATH": f"{os.environ['PATH']}:/usr/bin", "REDISCLI_AUTH": "of-the-test"}
    process = subprocess.Popen([shell, option, script], env=environment, stdout=subprocess.DEVNULL)
    until(lambda: process.poll() is not None or listens(port))
    yield port, process
    process.kill()
    process.wait()


def test_redis_asks_for_its_password_shows_it_to_nobody_and_ends_when_it_is_told_to(
    redis: tuple[int, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """
    It is the first process of its container, so that it is the one that Docker stops, and saves what it holds.
    """
    port, process = redis
    stranger, owner = _redis(port, b"PING\r\n"), _redis(port, b"AUTH of-the-test\r\nSET a 1\r\n")
    command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.send_signal(signal.SIGTERM)

    assert stranger.startswith(b"-NOAUTH")
    assert b"+OK\r\n+OK\r\n" == owner
    assert b"redis-server" in command and b"of-the-test" not in command
    assert 0 == process.wait(20)
    assert list(tmp_path.glob("appendonlydir/*.aof"))


def _redis(port: int, words: bytes) -> bytes:
    with socket.create_connection((HOST, port), 10) as connection:
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while chunk := connection.recv(1024):
            said += chunk
        return said
