"""
What a writer says about its records, in memory that survives it: one byte for each number of a stream.

The byte is set by the writer itself, so kill -9 leaves it as it was, and no write can be torn.
"""

from __future__ import annotations

import mmap
from pathlib import Path

MOST = 1 << 18
UNTOUCHED, BEGUN, ACKNOWLEDGED, REFUSED = 0, 1, 2, 3  # refused: the call returned and counted a loss


def make(path: Path) -> None:
    """An empty sheet of marks."""
    with path.open("wb") as file:
        file.truncate(MOST)


def opened(path: Path) -> mmap.mmap:
    """The sheet as shared memory."""
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), MOST)


def read(path: Path) -> bytes:
    """The marks up to the last number that was begun."""
    return path.read_bytes().rstrip(b"\0")


def retract(path: Path, before: bytes) -> None:
    """
    What was acknowledged later than `before` counts as unanswered: without power nobody would have said it, and
    a sync that is under way when ext4 stops may be told that it succeeded.
    """
    with opened(path) as sheet:
        for number in range(len(read(path))):
            if sheet[number] == ACKNOWLEDGED and before[number : number + 1] != bytes([ACKNOWLEDGED]):
                sheet[number] = BEGUN
