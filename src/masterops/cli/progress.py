"""
A line on stderr that says how far a long command is; only on a terminal, and gone when it is done.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BAR = 24


class Progress:
    """
    How many of `total` parts are done, drawn each time it is told.
    """

    def __init__(self, total: int, next: str) -> None:
        self._total = total
        self._next = next
        self._done = 0
        self._shown = sys.stderr.isatty()

    def __call__(self, next: str) -> None:
        """One more is done, and this comes next."""
        self._next = next
        self.to(self._done + 1)

    def to(self, done: int) -> None:
        """So many are done."""
        self._done = done
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{line(done, self._total, self._next)}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def progress(total: int, next: str = "") -> Iterator[Progress]:
    """`[#######-----------------] 3/11 contacts.list`, as long as the block."""
    shown = Progress(total, next)
    shown.to(0)
    try:
        yield shown
    finally:
        shown.clear()


def line(done: int, total: int, next: str) -> str:
    """The bar as text, never wider than the terminal."""
    filled = BAR * min(done, total) // max(1, total)
    text = f"[{'#' * filled}{'-' * (BAR - filled)}] {done:,}/{total:,} {next}"
    return text[: shutil.get_terminal_size().columns - 1]
