"""
A minute's guard against getting slower, for CI: the ratios that a machine of any speed shows.

Run as `make bench-quick`. Everything is a fraction of its size, and compared in the same run with the same
thing as on the page of the benchmarks. A bound is what no noise has reached, not the goal: a change that
breaks one has made something about twice as slow. What misses its bound is measured again: a machine's hiccup
passes, a slower program does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from benchmarks import logs, overhead, reading, shipping, startup
from benchmarks.measuring import Row

TRIES = 3


@dataclass(frozen=True, slots=True)
class Bound:
    """
    How far the ratio of a row may go, ours divided by theirs: of times at most, of rates at least.
    """

    at_most: float = float("inf")
    at_least: float = 0.0

    def holds(self, row: Row) -> bool:
        """Whether this row is within."""
        return row.ratio is not None and self.at_least <= row.ratio <= self.at_most

    def __str__(self) -> str:
        return f">= {self.at_least:g}" if self.at_least else f"<= {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Guard:
    """
    What is measured, and the bound of each of its rows, in their order.
    """

    measure: Callable[[], list[Row]]
    bounds: tuple[Bound, ...]


GUARDS = (
    Guard(lambda: [startup.beside("--help")], (Bound(at_most=12),)),
    Guard(logs.usual, (Bound(at_most=0.6), Bound(at_most=1.6))),
    Guard(lambda: overhead.rows()[:1], (Bound(at_most=3),)),
    Guard(lambda: list(islice(reading.unlimited(), 1)), (Bound(at_most=3.5),)),
    Guard(lambda: shipping.measure()[:1], (Bound(at_least=0.3),)),
)


def main() -> int:
    """Measure all; 1 if anything is outside of its bound each time."""
    slow = [guard for guard in GUARDS if not kept(guard)]
    return 1 if slow else 0


def kept(guard: Guard) -> bool:
    """Whether every row is within its bound, in one try of three; each try is printed."""
    for _ in range(TRIES):
        judged = list(zip(guard.measure(), guard.bounds, strict=True))
        for row, bound in judged:
            mark = "fine" if bound.holds(row) else "SLOW"
            ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
            print(f"{mark}  {ratio:>6} {bound!s:>7}  {row.what}: {row.ours}, {row.theirs}", flush=True)
        if all(bound.holds(row) for row, bound in judged):
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
