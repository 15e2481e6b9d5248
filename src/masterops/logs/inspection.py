"""
The segments of a spool folder, looked at from outside.
"""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from masterops.logs.segments import SUFFIX

BLOCK_BYTES = 64 * 1024


class Segment(msgspec.Struct, frozen=True):
    """
    One file of the spool. `alive` says whether its process still writes to it.
    """

    name: str
    size_bytes: int
    started_at: datetime | None
    written_at: datetime
    alive: bool


def segments(folder: Path) -> list[Segment]:
    """Every segment, oldest first; one that is shipped and deleted meanwhile is left out."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            state, alive = path.stat(), owner_lives(path)
        except FileNotFoundError:
            continue
        written = datetime.fromtimestamp(state.st_mtime, UTC)
        found.append(Segment(path.name, state.st_size, _started(path.name), written, alive))
    return found


def whole_bytes(path: Path) -> int:
    """Where the last whole line ends; 0 when there is none, or no such file any more."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                begin = max(0, end - BLOCK_BYTES)
                file.seek(begin)
                cut = file.read(end - begin).rfind(b"\n")
                if cut >= 0:
                    return begin + cut + 1
                end = begin
    except FileNotFoundError:
        pass
    return 0


def owner_lives(path: Path) -> bool:
    """The owner's exclusive lock lasts as long as its process or its open segment."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def try_lock(file: int, kind: int) -> bool:
    """Whether the lock could be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _started(name: str) -> datetime | None:
    """The moment with which a segment's name begins, in nanoseconds."""
    text = name.partition("-")[0]
    try:
        return datetime.fromtimestamp(int(text) / 1e9, UTC)
    except (ValueError, OverflowError):  # a file that somebody else put there
        return None
