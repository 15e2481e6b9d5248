"""
Taking medians, and rows of the table.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

# A tenth of the records and seconds, say, to see that a benchmark runs: its figures are not written down.
SCALE = float(os.environ.get("MASTEROPS_BENCH_SCALE", "1"))


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


def sized(number: int, whole: int = 1) -> int:
    """So many at full size; at another one a part of it, in multiples of `whole`."""
    return max(whole, round(number * SCALE / whole) * whole)


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
