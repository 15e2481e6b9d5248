"""
What `ops dev` has started, on disk, so that the next one finds it however this one ended.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from masterops.devstack import files
from masterops.devstack.backends import Backend


class Running(msgspec.Struct, frozen=True):
    """
    A program that was started: its process, and the moment of its birth as proof of it.
    """

    name: str
    pid: int
    born: str
    port: int
    since: datetime


class Record(msgspec.Struct, frozen=True):
    """
    On what the stack runs, and which programs are up for it; none with Docker, which keeps its own.
    """

    backend: Backend | None = None
    programs: tuple[Running, ...] = ()
    compose: str = ""  # the Compose file; it stays when the stack is stopped, because volumes do

    def of(self, name: str) -> Running | None:
        """The program of that name."""
        return next((each for each in self.programs if each.name == name), None)

    def with_program(self, program: Running) -> Record:
        """The same with this program, in place of one of its name."""
        others = tuple(each for each in self.programs if each.name != program.name)
        return msgspec.structs.replace(self, programs=(*others, program))


def load(folder: Path) -> Record:
    """What is recorded; nothing, where nothing is or where it cannot be read."""
    try:
        return msgspec.json.decode((folder / "run" / "stack.json").read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return Record()


def save(folder: Path, record: Record) -> None:
    """Write it down, whole. Raises StackError."""
    files.write_private(folder / "run" / "stack.json", msgspec.json.encode(record).decode())
