"""
A real n8n on loopback, with a folder of its own, an owner and an API key.
"""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.n8n.install import Installed

OWNER = {"email": "owner@example.com", "firstName": "Test", "lastName": "Owner"}
WORD = "Probe-Passw0rd-1"
START_SECONDS, STOP_SECONDS = 120.0, 15.0
OFF = [
    "N8N_SECURE_COOKIE",
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
    "N8N_LICENSE_AUTO_RENEW_ENABLED",
    "N8N_COMMUNITY_PACKAGES_ENABLED",
    "N8N_MCP_ACCESS_ENABLED",
]
# Each of these would talk to a server of n8n's makers, or costs memory.
MODULES = (
    "mcp-registry,mcp,instance-ai,agents,agent-evals,chat-hub,workflow-builder,quick-connect,external-secrets"
)


@dataclass(frozen=True, slots=True)
class Server:
    """
    Where it answers, and its key.
    """

    url: str
    key: str


@contextlib.contextmanager
def running(installed: Installed, folder: Path) -> Iterator[Server]:
    """As long as the block; its data and its log are in `folder`."""
    port, broker = _free_ports()
    url = f"http://127.0.0.1:{port}"
    with (folder / "n8n.log").open("wb") as log:
        process = subprocess.Popen(
            [installed.node, installed.program, "start"],
            env=_environment(installed, folder, port, broker),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _ready(process, url, folder / "n8n.log")
        yield Server(url, _key(url))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(installed: Installed, folder: Path, port: int, broker: int) -> dict[str, str]:
    return {
        "PATH": f"{installed.node.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(installed.home),
        "NODE_ENV": "production",
        "N8N_USER_FOLDER": str(folder),
        "N8N_ENCRYPTION_KEY": "of-the-tests-alone-000000",
        "DB_TYPE": "sqlite",
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_HOST": "127.0.0.1",
        "N8N_PORT": str(port),
        "N8N_PROTOCOL": "http",
        "N8N_RUNNERS_BROKER_PORT": str(broker),
        "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PUBLIC_API_SWAGGERUI_DISABLED": "true",
        "N8N_DISABLED_MODULES": MODULES,
        "N8N_GRACEFUL_SHUTDOWN_TIMEOUT": "3",
        "GENERIC_TIMEZONE": "UTC",
        "TZ": "UTC",
        "EXECUTIONS_DATA_SAVE_ON_SUCCESS": "all",
        "EXECUTIONS_DATA_SAVE_ON_ERROR": "all",
        **dict.fromkeys(OFF, "false"),
    }


def _ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until its database is there: before that it answers other paths, with nonsense."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), _opener().open(f"{url}/healthz/readiness", timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError("n8n did not start:\n" + log.read_text(errors="replace")[-3_000:])


def _key(url: str) -> str:
    """An owner, and a key that may do everything."""
    opener = _opener()

    def call(method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(url + path, data, headers, method=method)
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)["data"]

    call("POST", "/rest/owner/setup", {**OWNER, "password": WORD})
    scopes = call("GET", "/rest/api-keys/scopes")
    key = call("POST", "/rest/api-keys", {"label": "tests", "expiresAt": None, "scopes": scopes})
    return str(key["rawApiKey"])


def _opener() -> urllib.request.OpenerDirector:
    """Without a proxy, with cookies."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
