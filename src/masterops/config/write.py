"""
Writing a new configuration file, whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from itertools import count
from pathlib import Path
from typing import NamedTuple

from masterops.config.printed_file import template
from masterops.errors import ConfigFileExists, ConfigFileUnusable

LOOP = "it is a link that leads to itself"


class WriteResult(NamedTuple):
    """
    What was written, and where the file that stood there before is kept.
    """

    path: Path
    backup: Path | None = None


def write_template(path: Path, *, force: bool = False) -> WriteResult:
    """
    Write the commented file. One that is there raises ConfigFileExists; with `force` it is kept beside it.

    Raises ConfigFileUnusable where nothing can be written.
    """
    try:
        target = path.resolve()
        if target.is_symlink():  # from Python 3.13 on `resolve` leaves it; before, it raised
            raise _unusable(path, LOOP)
        if target.is_dir():
            raise _unusable(path, "it is a folder")
        if target.exists() and not force:
            raise ConfigFileExists(path=path)
        _make_folder(path, target.parent)
        return WriteResult(path, _place(target, force))
    except FileExistsError:  # somebody else wrote one a moment ago
        raise ConfigFileExists(path=path) from None
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None
    except RuntimeError:
        raise _unusable(path, LOOP) from None


def _unusable(path: Path, reason: str) -> ConfigFileUnusable:
    return ConfigFileUnusable(path=path, action="written", reason=reason)


def _make_folder(path: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _unusable(path, "its folder is a file") from None


def _place(target: Path, force: bool) -> Path | None:
    """The new text goes into a file of its own first, so that no crash leaves half a configuration."""
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(template())
            file.flush()
            os.fsync(file.fileno())
        if not force or not target.exists():
            _appear(new, target)
            return None
        backup = _keep(target)
        shutil.copymode(target, new)
        new.replace(target)
        return backup
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def _appear(new: Path, target: Path) -> None:
    """Give the file its name unless the name is taken; a link does both in one step."""
    try:
        os.link(new, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: exclusive creation guards the name as well
        with target.open("x"):
            pass
        new.replace(target)


def _keep(target: Path) -> Path:
    """A copy beside the file, under the first number that is free."""
    for number in count(1):
        backup = target.with_name(f"{target.name}.{number}")
        with contextlib.suppress(FileExistsError), backup.open("xb"):
            shutil.copy2(target, backup)
            return backup
    raise AssertionError("numbers do not end")
