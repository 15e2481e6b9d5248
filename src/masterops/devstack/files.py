"""
The stack's own files: written whole or not at all, and for their owner alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from masterops import errors
from masterops.config.dotenv import parse


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file with `text` that nobody else can read. Raises StackError."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)  # a file of that name may have been there, readable for all
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _unusable(path, error) from None


def read_values(path: Path) -> dict[str, str]:
    """The variables of a file; none where there is no file. Raises ConfigSyntax or StackError."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from None
    return {name: entry.value for name, entry in parse(content, str(path)).items()}


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One `ops dev` at a time changes a stack; the lock ends with its process. Raises StackBusy."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise _unusable(folder, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.StackBusy from None
        yield


def _unusable(path: Path, error: Exception) -> errors.StackError:
    reason = getattr(error, "strerror", None) or str(error)
    return errors.StackError(reason=f"{path}: {reason}", hint="See to the rights of that file and folder.")
