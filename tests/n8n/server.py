"""
A real n8n on loopback with SQLite, a folder of its own, an owner and an API key.
"""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from masterops.devstack import n8n_owner, n8n_settings
from masterops.devstack.answering import answers
from masterops.devstack.n8n_install import Installed
from masterops.devstack.programs import Program

EMAIL, WORD = "owner@example.com", "Probe-Passw0rd-1"
KEY = "of-the-tests-alone-000000"
START_SECONDS, STOP_SECONDS = 120.0, 15.0


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
    port, broker = free_ports(2)
    environment = n8n_settings.basic(installed, folder, port=port, broker=broker, key=KEY)
    command = (str(installed.node), str(installed.program), "start")
    program = Program("n8n", command, {**environment, "DB_TYPE": "sqlite"}, port, "/healthz/readiness")
    with (folder / "n8n.log").open("wb") as log:
        process = subprocess.Popen(
            program.command,
            env=dict(program.environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(process, program, folder / "n8n.log")
        yield Server(program.url, n8n_owner.key_for(program.url, EMAIL, WORD).reveal())
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], program: Program, log: Path) -> None:
    """Until its database is there: before that it answers other paths, with nonsense."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if answers(program):
            return
        time.sleep(0.2)
    raise RuntimeError("n8n did not start:\n" + log.read_text(errors="replace")[-3_000:])


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, and that the kernel gives to no outgoing call while a test has them free again."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found += [port] if port not in found else []
    return found
