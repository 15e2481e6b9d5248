"""
`ops dev up --native`: n8n in queue mode with a worker, Redis and PostgreSQL, all of them real.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from masterops.db import Embedded
from masterops.devstack import files, n8n_install, ports, processes
from masterops.devstack.programs import NOTHING_ELSE, plain
from tests.n8n.server import free_ports

pytestmark = [pytest.mark.n8n, pytest.mark.slow]
LONGEST_SECONDS = 300.0
PATH = "orders-in"


class Installation:
    """
    A home with a stack of its own, on ports that nobody has.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "dev"
        # The real cache: what the other tests have installed is not installed anew.
        cache = {"MASTEROPS_N8N_CACHE": str(n8n_install.cache())}
        self._environment = {**plain(os.environ), **cache, "MASTEROPS_HOME": str(home)}
        self._ports = list(zip((each.name for each in ports.of("native")), free_ports(7), strict=False))

    def ops(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command to its end."""
        return subprocess.run(
            [sys.executable, *NOTHING_ELSE, *words],
            env=self._environment, cwd=self.folder.parent, capture_output=True, text=True, check=False,
            timeout=LONGEST_SECONDS,
        )  # fmt: skip

    def up(self) -> None:
        """`ops dev up --native`, which must go well."""
        done = self.ops("dev", "up", "--native", *(f"--port={name}={port}" for name, port in self._ports))
        assert 0 == done.returncode, done.stderr

    def status(self) -> dict[str, dict[str, Any]]:
        """What `ops dev status` says, by service."""
        return {row["service"]: row for row in json.loads(self.ops("dev", "status", "-o", "json").stdout)}

    @property
    def variables(self) -> dict[str, str]:
        return files.read_values(self.folder / ".env")

    def n8n(self, method: str, path: str, body: object = None) -> Any:
        """A call to n8n: its API, or one of its webhooks."""
        values = self.variables
        headers = {"X-N8N-API-KEY": values["N8N_API_KEY"], "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(values["N8N_BASE_URL"] + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def redis(self, *words: str) -> str:
        """The answer to one command of Redis."""
        values = self.variables
        with socket.create_connection(("127.0.0.1", int(values["REDIS_PORT"])), 10) as connection:
            connection.sendall(f"AUTH {values['REDIS_PASSWORD']}\r\n{' '.join(words)}\r\nQUIT\r\n".encode())
            said = b""
            while chunk := connection.recv(4096):
                said += chunk
        return said.decode().removeprefix("+OK\r\n").removesuffix("\r\n+OK\r\n")

    def executions(self) -> list[str]:
        """How each execution stands in n8n's own database, the oldest first."""
        folder = Embedded(self.folder).status().socket_directory
        with psycopg.connect(f"host={folder} user=n8n dbname=n8n", autocommit=True) as connection:
            return [row[0] for row in connection.execute("SELECT status FROM execution_entity ORDER BY id")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("home")
    installation = Installation(home)
    try:
        installation.up()
        publish(installation)
        yield installation
    finally:
        installation.ops("dev", "reset", "--yes")


def publish(stack: Installation) -> None:
    """A workflow that a webhook starts, and that answers at once: its work comes after."""
    hook = {"path": PATH, "httpMethod": "POST", "responseMode": "onReceived"}
    nodes = [
        {"id": str(uuid4()), "name": "Order", "type": "n8n-nodes-base.webhook", "typeVersion": 2,
         "position": [0, 0], "parameters": hook, "webhookId": PATH},
        {"id": str(uuid4()), "name": "Done", "type": "n8n-nodes-base.noOp", "typeVersion": 1,
         "position": [200, 0], "parameters": {}},
    ]  # fmt: skip
    flow = {"Order": {"main": [[{"node": "Done", "type": "main", "index": 0}]]}}
    body = {"name": "Orders", "nodes": nodes, "connections": flow, "settings": {}}
    made = stack.n8n("POST", "/api/v1/workflows", body)
    stack.n8n("POST", f"/api/v1/workflows/{made['id']}/activate")


def until(found: Callable[[], bool]) -> None:
    """Wait for something that comes about by itself."""
    end = time.monotonic() + 150
    while not found():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.2)


def called(stack: Installation) -> bool:
    """Whether the webhook took a call; it is not there yet for a moment after it was published."""
    try:
        return bool(stack.n8n("POST", f"/webhook/{PATH}", {"id": "A-1"}))
    except urllib.error.HTTPError:
        return False


def test_a_run_goes_through_redis_to_the_worker_and_into_postgresql_and_ops_shows_it(
    stack: Installation,
) -> None:
    """
    The main n8n takes the webhook, the worker executes, PostgreSQL has the execution, `ops workflows` shows it.
    """
    until(lambda: called(stack))
    until(lambda: "success" in stack.executions())
    cycle = stack.ops("dev", "run", "up", "--once")
    shown = json.loads(stack.ops("dev", "run", "workflows", "-o", "json").stdout)

    assert "Worker started execution" in (stack.folder / "logs" / "n8n-worker.log").read_text()
    assert "Worker started execution" not in (stack.folder / "logs" / "n8n.log").read_text()
    assert ["Orders"] == [row["workflow_name"] for row in shown], cycle.stderr
    assert set(stack.status()) == {"database", "redis", "n8n", "n8n-worker", "twins", "ops"}
    assert {"up"} == {row["state"] for row in stack.status().values()}


def keyed(stack: Installation) -> str:
    """The API key that the Compose file's `n8n-key` makes, which leaves one that works as it is."""
    file = stack.folder / "n8n-api-key"
    done = subprocess.run(
        [sys.executable, "-m", "masterops.devstack", str(file)], env={**plain(os.environ), **stack.variables},
        capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return file.read_text().strip()


def test_work_waits_in_redis_while_no_worker_lives_also_through_a_restart(stack: Installation) -> None:
    """
    With the worker killed, a run waits in the queue; after `down` and `up` a worker does it. An API key that n8n
    does not take any more is replaced on the way.
    """
    before, known = len(stack.executions()), stack.variables["N8N_API_KEY"]
    os.kill(stack.status()["n8n-worker"]["pid"], signal.SIGKILL)
    # Redis has to notice first, else it hands the next job to the dead one that asked for it.
    until(lambda: "cmd=brpoplpush" not in stack.redis("CLIENT", "LIST"))
    until(lambda: called(stack))
    until(lambda: ":1" == stack.redis("LLEN", "bull:jobs:wait"))
    waiting = stack.executions()[before:]
    states = {name: row["state"] for name, row in stack.status().items()}
    made = keyed(stack), keyed(stack)
    down = stack.ops("dev", "down")
    stack.up()

    assert 1 == len(waiting) and "success" not in waiting
    assert "down" == states["n8n-worker"] and "up" == states["n8n"]
    assert 0 == down.returncode, down.stderr
    until(lambda: ["success"] * (before + 1) == stack.executions())
    assert ":0" == stack.redis("LLEN", "bull:jobs:wait")
    assert made[0] == made[1] and made[0] != known
    assert stack.variables["N8N_API_KEY"] not in (known, made[0])


def test_files_with_secrets_are_the_users_alone(stack: Installation) -> None:
    """
    Nobody else may read the variables or Redis's configuration.
    """
    modes = [
        (stack.folder / name).stat().st_mode & 0o777 for name in (".env", "redis.conf", "masterops.toml")
    ]

    assert [0o600] * 3 == modes


def test_down_leaves_nothing_also_where_something_was_killed(stack: Installation) -> None:
    """
    Not even the children of the one that was killed.
    """
    os.kill(stack.status()["n8n"]["pid"], signal.SIGKILL)
    down = stack.ops("dev", "down")
    left = processes.marked(stack.folder)
    again = stack.ops("dev", "down")

    assert [0, 0] == [down.returncode, again.returncode], down.stderr
    assert {} == left
    assert "Nothing was running." == again.stderr.strip()
