"""
A line on stderr that says how far a long command is; only on a terminal, and gone when it is done.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

BAR = 24


class Step(Protocol):
    """
    Tell that one more part is done, and what comes next.
    """

    def __call__(self, next: str = "") -> None: ...


@contextmanager
def progress(total: int, first: str = "") -> Iterator[Step]:
    """`[#######-----------------] 3/11 contacts.list`, redrawn with each step."""
    shown = sys.stderr.isatty()
    done = -1

    def step(next: str = "") -> None:
        nonlocal done
        done += 1
        if shown:
            sys.stderr.write(f"\r\x1b[K{line(done, total, next)}")
            sys.stderr.flush()

    step(first)
    try:
        yield step
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def line(done: int, total: int, next: str) -> str:
    """The bar as text, never wider than the terminal."""
    filled = BAR * done // max(1, total)
    text = f"[{'#' * filled}{'-' * (BAR - filled)}] {done}/{total} {next}"
    return text[: shutil.get_terminal_size().columns - 1]
