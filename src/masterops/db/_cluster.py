"""
Making a new data directory.

It is made under another name and renamed when it is complete and on disk: a kill -9 in the middle leaves
a folder that the next start throws away, never half a cluster.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from masterops.db import _failures
from masterops.db._binaries import Binaries
from masterops.db._places import Places, private_folder

DATABASE = "masterops"
# Defaults for a small machine, written into postgresql.conf: whoever runs it may change them there.
SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "timezone": "UTC",
    "huge_pages": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}
# The locale is PostgreSQL's own, so that the order of text is the same on every machine and for ever.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# Only who can enter the socket's folder is let in, and nobody over the network.
ACCESS = ("--username=postgres", "--auth-local=trust", "--auth-host=reject")


def create(places: Places, binaries: Binaries, start_lock: int) -> None:
    """Make the data directory with an empty database `masterops` in it."""
    forget_unfinished(places)
    building = places.base / f"{places.major}.making-{secrets.token_hex(6)}"
    private_folder(building, places.account)
    chosen = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    # Nothing is flushed on the way, because the last step flushes everything.
    quick = ("-c", "fsync=off", "-c", "shared_buffers=4MB")
    made = f"CREATE DATABASE {DATABASE} STRATEGY file_copy\n"
    steps: tuple[tuple[list[str], str], ...] = (
        (["initdb", "--no-sync", "--no-instructions", f"--pgdata={building}", *LOCALE, *ACCESS, *chosen], ""),
        (["postgres", "--single", *quick, "-D", str(building), "postgres"], made),
        (["initdb", "--sync-only", f"--pgdata={building}"], ""),
    )
    try:
        for (program, *arguments), said in steps:
            _run([str(binaries.root / "bin" / program), *arguments], said, places, start_lock)
        building.rename(places.data)
        _sync(places.base)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def forget_unfinished(places: Places) -> None:
    """Remove what a killed start has left; only called under the start lock, so nobody is at it."""
    for folder in places.base.glob("*.making-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], said: str, places: Places, start_lock: int) -> None:
    """
    Run one of PostgreSQL's programs to its end.

    It inherits the start lock: if we are killed, nobody else begins before it has ended as well.
    """
    done = subprocess.run(
        command,
        input=said.encode(),
        capture_output=True,
        check=False,
        cwd="/",
        env=environment(),
        pass_fds=(start_lock,),
        **places.account.identity,
    )
    if done.returncode != 0 or b"ERROR:" in done.stderr:
        output = (done.stdout + done.stderr).decode(errors="replace")
        raise _failures.from_output(output, places.data, places.log)


def environment() -> dict[str, str]:
    """Ours holds secrets and PG* settings that are none of the server's business."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _sync(folder: Path) -> None:
    """The rename itself must survive a power cut."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
