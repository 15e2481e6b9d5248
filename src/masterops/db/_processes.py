"""
What the processes of this machine say about themselves: /proc on Linux, `ps` elsewhere.

A number in a pid file proves nothing: it may have been given to another program since. A process is our
server only if it belongs to the right account, works on our data directory, and is no zombie.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

PROC = Path("/proc")
SAME_MOMENT = 5.0  # seconds between a process's start and the time that it wrote down


def is_postmaster(pid: int, data: Path, uid: int, started: float) -> bool:
    """Whether process `pid` is a server on `data`, run by `uid`, started at `started` (epoch)."""
    if pid <= 0:
        return False
    if sys.platform == "linux":
        return _linux_postmaster(pid, data, uid, started)
    return _other_postmaster(pid, data, uid)


def _linux_postmaster(pid: int, data: Path, uid: int, started: float) -> bool:
    process = PROC / str(pid)
    try:
        if process.stat().st_uid != uid or _state(process)[0] == "Z" or not _works_in(process, data):
            return False
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        # Either is proof enough, and the second alone is not to be had when the clock was set since.
        return os.fsencode(data) in arguments or abs(_start_time(process) - started) < SAME_MOMENT
    except (OSError, ValueError):
        return False


def _state(process: Path) -> list[str]:
    """The fields of /proc/<pid>/stat after the name, which may itself hold spaces and brackets."""
    return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _start_time(process: Path) -> float:
    ticks = int(_state(process)[19])  # field 22 of the file, and we begin at field 3
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)  # type: ignore[attr-defined,unused-ignore] # Linux
    return time.time() - since_boot + ticks / os.sysconf("SC_CLK_TCK")


def _works_in(process: Path, folder: Path) -> bool:
    """A server and all its children stand in their data directory."""
    here, there = (process / "cwd").stat(), folder.stat()
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _other_postmaster(pid: int, data: Path, uid: int) -> bool:
    asked = ["ps", "-ww", "-o", "uid=,stat=,command=", "-p", str(pid)]
    answer = subprocess.run(asked, capture_output=True, text=True, errors="replace", check=False).stdout
    owner, _, rest = answer.strip().partition(" ")
    state, _, command = rest.strip().partition(" ")
    return owner == str(uid) and not state.startswith("Z") and f"-D {data} " in f"{command} "


def left_behind(data: Path, uid: int) -> list[int]:
    """Servers' children that outlived their server, on Linux; elsewhere they cannot be told apart."""
    if sys.platform != "linux":
        return []
    return [
        int(found.name) for found in PROC.iterdir() if found.name.isdecimal() and _child(found, data, uid)
    ]


def _child(process: Path, data: Path, uid: int) -> bool:
    try:
        if process.stat().st_uid != uid or not _works_in(process, data):
            return False
        return (process / "cmdline").read_bytes().startswith(b"postgres:")
    except OSError:
        return False
