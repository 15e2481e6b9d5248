"""
The platform in processes of its own, with an embedded server, as a person runs it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from masterops.db import Embedded, _places


class Installation:
    """
    One home. `ops(...)` runs a command to its end, `start(...)` leaves it running.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        ours = ("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "DATABASE_", "LOG_LEVEL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.environment = {**kept, "MASTEROPS_HOME": str(home), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
        self.running: list[subprocess.Popen[str]] = []

    def ops(self, *words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "masterops", *words],
            env=self.environment, cwd="/", capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "masterops", *words],
            env=self.environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.running.append(process)
        return process

    def up(self) -> subprocess.Popen[str]:
        """`ops up`, once its first cycle has ended."""
        process = self.start("up")
        assert process.stdout is not None
        assert "  cycle  " in process.stdout.readline(), process.stderr and process.stderr.read()
        return process

    def rows(self, table: str, column: str = "id") -> set[str]:
        done = self.ops("db", "query", table, "--columns", column, "--limit", "100000", "-o", "json")
        assert 0 == done.returncode, done.stderr
        return {row[column] for row in json.loads(done.stdout)}

    def place(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "run" / "sandbox.json").read_bytes())
        return found

    def postmaster(self) -> int:
        status = Embedded(self.home).status()
        assert status.pid is not None
        return status.pid


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"did not come true within {seconds} s"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def installation() -> Iterator[Installation]:
    home = Path(tempfile.mkdtemp(prefix="mo-", dir="/tmp"))
    home.chmod(0o755)
    made = Installation(home)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()
    Embedded(home).stop(force=True)
    shutil.rmtree(_places.SHARED / _places.digest(home), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
