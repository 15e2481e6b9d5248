"""
Numbers of equal stretches of time as a line of bars, the oldest at the left: `▂▃█ ▁ max 1,234`.

There is no form of it for terminals without these characters: letters and signs of ASCII show no heights.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from masterops.cli.look import cell_width, width

BARS = "▁▂▃▄▅▆▇█"
GAP = " "
# The Linux console's own font has the lower half and the full block only.
WITHOUT_BARS = ("dumb", "linux")


def sparkline(numbers: Sequence[int]) -> str:
    """A character each: the greatest is a full bar, zero a gap and nothing else one. None may be negative."""
    most = max(numbers, default=0)
    return "".join(BARS[_eighths(number, most) - 1] if number else GAP for number in numbers)


def labelled(numbers: Sequence[int]) -> str:
    """The bars with their scale: what a full one stands for."""
    return f"{sparkline(numbers)} max {max(numbers, default=0):,}"


def drawable(encoding: str | None, terminal: str | None) -> bool:
    """Whether bars can be shown in this encoding (None: UTF-8) on this kind of terminal (TERM)."""
    if terminal in WITHOUT_BARS:
        return False
    try:
        BARS.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown() -> bool:
    """Whether stdout takes bars."""
    return drawable(sys.stdout.encoding, os.environ.get("TERM"))


def line(title: str, numbers: Sequence[int]) -> str | None:
    """`title`, the bars and their scale; None where they cannot be drawn or are wider than the terminal."""
    text = f"{title}{labelled(numbers)}"
    room = width()
    return text if shown() and (room is None or cell_width(text) <= room) else None


def _eighths(number: int, most: int) -> int:
    """The nearest number of eighths of the full bar, and one at least."""
    return max(1, (16 * number + most) // (2 * most))
