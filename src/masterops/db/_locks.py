"""
Locks on files that end with the process holding them, kill -9 included.

A lock belongs to the opened file, so whoever inherits the descriptor holds it too. That is how the
server's own lock lasts exactly as long as any process of the server, its orphaned children included.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from masterops.db._account import Account


def opened(path: Path, account: Account) -> int:
    """A descriptor of the lock file, which is made where missing and belongs to `account`."""
    # Root writes in a folder of another account: O_NOFOLLOW keeps a planted link from leading it away.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    account.give(file)
    return file


@contextmanager
def held(path: Path, account: Account) -> Iterator[int]:
    """Wait for the lock and hold it; yields its descriptor."""
    file = opened(path, account)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def take(file: int) -> None:
    """Wait for the lock; closing the descriptor ends it."""
    fcntl.flock(file, fcntl.LOCK_EX)


def try_take(file: int) -> bool:
    """Take the lock unless somebody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
