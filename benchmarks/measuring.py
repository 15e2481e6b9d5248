"""
Taking medians, and rows of the table.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """
    One figure beside what it is compared with. `ratio` is ours divided by theirs.
    """

    what: str
    ours: str
    theirs: str
    ratio: float | None
    goal: str


def seconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def paired(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
    """Medians in seconds of both, taken in turn after a warm-up, and the median of the ratios."""
    ours(), theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    mine, other = zip(*pairs, strict=True)
    ratios = [a / b for a, b in pairs]
    return statistics.median(mine), statistics.median(other), statistics.median(ratios)
