"""
Who uses the embedded server: one locked file per user, named by process id.

The lock ends with its process, so a user that was killed has left without a word. Joining, leaving and
counting happen under the start lock; only `pids` may be asked at any time.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from masterops.db import _locks
from masterops.db._places import Places


def join(places: Places) -> tuple[Path, int]:
    """Count this process as a user; answers the file and the descriptor that holds its lock."""
    path = places.users / f"{os.getpid()}-{secrets.token_hex(4)}"
    file = _locks.opened(path, places.account)
    _locks.take(file)
    return path, file


def leave(path: Path, file: int) -> None:
    """No longer count as a user."""
    path.unlink(missing_ok=True)
    os.close(file)


def sweep(places: Places) -> list[int]:
    """The processes that use it, after removing the files of dead ones."""
    for path in places.users.glob("*-*"):
        if not _locks.is_held(path):
            path.unlink(missing_ok=True)
    return pids(places)


def pids(places: Places) -> list[int]:
    """The processes that use it now, each as often as it has joined."""
    held = (path for path in places.users.glob("*-*") if _locks.is_held(path))
    return sorted(int(path.name.partition("-")[0]) for path in held)
