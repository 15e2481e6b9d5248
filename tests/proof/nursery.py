"""
Processes that start in a few milliseconds: forked from one that has everything imported and does nothing else.

    python -m tests.proof.nursery   one JSON object a line in: a child; its process id out
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class Child:
    """
    One process, held by a descriptor, so that a signal never reaches another one that got its number.
    """

    def __init__(self, role: str, pid: int, task: dict[str, Any]) -> None:
        self.role, self.pid, self.task = role, pid, task
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = -1

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, number)

    @property
    def ended(self) -> bool:
        return self._handle < 0 or bool(select.select([self._handle], [], [], 0)[0])

    def wait(self, seconds: float) -> bool:
        """Whether it ended within that time."""
        return self._handle < 0 or bool(select.select([self._handle], [], [], seconds)[0])

    def kill(self) -> None:
        """kill -9, and until it is gone."""
        self.send(signal.SIGKILL)
        self.wait(10)

    def forget(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Nursery:
    """
    The harness's end.
    """

    def __init__(self, clock: Path | None) -> None:
        preload = {"LD_PRELOAD": str(clock)} if clock else {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.nursery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            cwd=Path(__file__).parents[2], env={**os.environ, **preload},
        )  # fmt: skip

    def child(self, role: str, stderr: Path, task: dict[str, Any]) -> Child:
        """Start one."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps({"role": role, "stderr": str(stderr), "task": task}), file=self._process.stdin)
        return Child(role, int(self._process.stdout.readline()), task)

    def close(self) -> None:
        self._process.communicate(timeout=20)


def main() -> None:
    from tests.proof.children import become

    # Line by line from the descriptor: a child must not inherit lines that were read ahead.
    unread = b""
    while block := os.read(0, 65536):
        *lines, unread = (unread + block).split(b"\n")
        for line in lines:
            wanted = json.loads(line)
            pid = os.fork()
            if pid == 0:
                _leave_home(wanted["stderr"])
                become(wanted["role"], wanted["task"])
            os.write(1, b"%d\n" % pid)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                time.sleep(0)


def _leave_home(stderr: str) -> None:
    """A child has nothing of the nursery's but its memory, and does not outlive it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)


if __name__ == "__main__":
    main()
