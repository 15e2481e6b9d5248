"""
Writing what was made: all of it or nothing, and never over what is there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from masterops import errors


class Made(NamedTuple):
    """
    A file: where, and its text. With `before` it takes the place of that very text.
    """

    path: Path
    text: str
    before: str | None = None


def check(files: Sequence[Made]) -> None:
    """Raise NotOverwritten when one of the files is there, or is not as it was read."""
    for each in files:
        there = each.path.read_text() if each.path.is_file() else None
        if there != each.before or (there is None and each.path.exists()):
            raise errors.NotOverwritten(path=each.path)


def write(files: Sequence[Made]) -> None:
    """Write every file. Raises NotOverwritten or NotWritten, and leaves nothing behind then."""
    check(files)
    done: list[Made] = []
    folders: list[Path] = []
    try:
        for each in files:
            missing = [folder for folder in each.path.parents if not folder.exists()]
            for folder in reversed(missing):
                folder.mkdir()
                folders.append(folder)
            done.append(each)
            each.path.write_text(each.text)
    except OSError as error:
        _undo(done, folders)
        raise errors.NotWritten(path=error.filename or each.path, reason=error.strerror) from None
    except BaseException:
        _undo(done, folders)
        raise


def _undo(done: Sequence[Made], folders: Sequence[Path]) -> None:
    for each in done:
        with contextlib.suppress(OSError):
            if each.before is None:
                each.path.unlink(missing_ok=True)
            else:
                each.path.write_text(each.before)
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            folder.rmdir()
