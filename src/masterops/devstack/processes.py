"""
Processes that outlive the command that started them, and are found again for certain.

A number alone proves nothing, because it may have been given to another program since; with the moment of its
birth it does. Each process begins a session of its own, and a number is not given away while it still names
somebody's session: so whoever is in it belongs to us, even when its first process is long dead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

PROC = Path("/proc")
MARK = "MASTEROPS_DEV_STACK"  # each process has the stack's folder in this variable
PAUSE = 0.1


def start(command: Iterable[str], environment: Mapping[str, str], folder: Path, log: Path) -> int:
    """Start a program in `folder` that writes to `log`; its process id. Raises OSError."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It is watched by its birth from here on; the object would only complain at its end.
    process.returncode = 0
    return process.pid


def birth(pid: int) -> str | None:
    """When process `pid` was born, in words that no other process shares; None when there is none."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # one of our own that has ended is no zombie after this
    if sys.platform == "linux":
        fields = _fields(PROC / str(pid))
        return f"{_boot()}/{fields[19]}" if fields and fields[0] not in "ZX" else None
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    state, _, born = answer.partition(" ")
    return born.strip() if born and not state.startswith("Z") else None


def end(pid: int, born: str, *, patience: float) -> bool:
    """
    End a process and all of its session, first in kindness; whether there was anything to end.

    Nobody is touched whose birth is another than `born`.
    """
    there = birth(pid) == born
    if there:
        _signal(pid, signal.SIGTERM)
        _until(lambda: birth(pid) != born, patience)
    elif birth(pid) is not None:
        return False  # the number is somebody else's by now, so our session has died out
    members = in_session(pid)
    for member in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(member, signal.SIGKILL)
    _until(lambda: birth(pid) != born and not in_session(pid), patience)
    return there or bool(members)


def in_session(leader: int) -> list[int]:
    """The living processes of a session."""
    if sys.platform != "linux":
        # Sessions have no number there; the group that begins with one is as good.
        asked = ["ps", "-ax", "-o", "pid=,pgid=,stat="]
        lines = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
        found = [line.split() for line in lines]
        return [int(each[0]) for each in found if each[1] == str(leader) and not each[2].startswith("Z")]
    return [pid for pid, fields in _all() if int(fields[3]) == leader and fields[0] not in "ZX"]


def holds(leader: int, port: int) -> bool:
    """
    Whether it is somebody of this session who listens on a port of 127.0.0.1, and no stranger.

    Only Linux can tell; elsewhere whoever answers is believed.
    """
    if sys.platform != "linux":
        return True
    listening = _listening(port)
    return any(listening & _sockets(pid) for pid in in_session(leader))


def _listening(port: int) -> set[str]:
    """The sockets that listen on a port, by the numbers that the kernel gives them."""
    found = set()
    for table in ("net/tcp", "net/tcp6"):
        with contextlib.suppress(OSError):
            lines = [line.split() for line in (PROC / table).read_text().splitlines()[1:]]
            found |= {
                each[9] for each in lines if each[3] == "0A" and int(each[1].rpartition(":")[2], 16) == port
            }
    return found


def _sockets(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for each in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(each.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def marked(folder: Path) -> dict[int, int]:
    """Every process that was started for the stack in `folder` (Linux), with its session."""
    if sys.platform != "linux":
        return {}
    wanted = os.fsencode(f"{MARK}={folder}")
    found = {}
    for pid, fields in _all():
        with contextlib.suppress(OSError):
            if fields[0] not in "ZX" and wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found[pid] = int(fields[3])
    return found


def _all() -> list[tuple[int, list[str]]]:
    numbers = [int(each.name) for each in PROC.iterdir() if each.name.isdecimal()]
    return [(pid, fields) for pid in numbers if (fields := _fields(PROC / str(pid)))]


def _fields(process: Path) -> list[str]:
    """What /proc/<pid>/stat says after the name, which may itself hold blanks and brackets."""
    try:
        return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _boot() -> str:
    """Births are counted from the start of the machine, so they are true of one start alone."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _signal(leader: int, number: signal.Signals) -> None:
    """To the first of a session alone: it ends its children itself, in order."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, number)


def _until(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(PAUSE)
