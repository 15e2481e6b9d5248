"""
The variables of the process and of `.env`, as one.

A variable of the process wins over the same one in `.env`, and an empty one counts as not set.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from masterops.config.files import display, read_text

if TYPE_CHECKING:
    from masterops.config.dotenv import Entry


class Variable(NamedTuple):
    """
    One variable, and the words for where it was set.
    """

    name: str
    value: str
    where: str
    folder: Path  # what a relative `file:` in it is relative to


class Environment:
    """
    Looked up by name.
    """

    def __init__(self, environ: Mapping[str, str], cwd: Path, dotenv_file: Path | None = None) -> None:
        self._environ = environ
        self._cwd = cwd
        self._file = dotenv_file if dotenv_file is not None and os.path.lexists(dotenv_file) else None
        self._shown = display(self._file, cwd) if self._file else ""
        self._entries = _entries(self._file, cwd) if self._file else {}

    def find(self, *names: str) -> Variable | None:
        """The first of `names` that is set to something."""
        return next((found for name in names if (found := self._one(name))), None)

    def mapping(self) -> dict[str, str]:
        """Everything that is set."""
        return {name: found.value for name in self if (found := self._one(name))}

    def __iter__(self) -> Iterator[str]:
        return iter({**self._entries, **self._environ})

    def _one(self, name: str) -> Variable | None:
        if self._environ.get(name, "").strip():
            return Variable(name, self._environ[name], f"environment variable {name}", self._cwd)
        entry = self._entries.get(name)
        if self._file is None or entry is None or not entry.value.strip():
            return None
        return Variable(name, entry.value, f"{self._shown}:{entry.line}", self._file.parent)


def _entries(file: Path, cwd: Path) -> dict[str, Entry]:
    from masterops.config.dotenv import parse  # here, because most starts have no such file

    return parse(read_text(file, cwd), display(file, cwd))
