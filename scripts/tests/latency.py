"""
How long each connection takes to answer, one call after the other.

With --limit-ms it exits with 1 when a connection's median is above. The calls spend of the limits.

Example:
    ops run latency --calls 10
    ops run latency --service hubspot --limit-ms 800
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import masterops
from masterops import errors
from masterops.scripting import Arguments, Column, columns, count, milliseconds, run, show

COLUMNS = (
    *columns("connection"),
    Column("calls", "calls", show=count, right=True),
    Column("failed", "failed", show=count, right=True),
    Column("fastest_ms", "fastest", show=milliseconds, right=True),
    Column("median_ms", "median", show=milliseconds, right=True),
    Column("slowest_ms", "slowest", show=milliseconds, right=True),
)
MOST_CALLS = 100


def told(took: Sequence[float], failed: int) -> dict[str, Any]:
    """The figures of one connection; no call, no figure."""
    counts = {"calls": len(took) + failed, "failed": failed}
    if not took:
        return counts
    figures = {"fastest_ms": min(took), "median_ms": statistics.median(took), "slowest_ms": max(took)}
    return counts | {name: round(figure, 1) for name, figure in figures.items()}


def measured(call: Callable[[], Any], calls: int) -> dict[str, Any]:
    """So many calls, and what came of them."""
    took, failed = [], 0
    for _ in range(calls):
        begun = time.perf_counter()
        try:
            call()
            took.append((time.perf_counter() - begun) * 1000)
        except errors.RemoteError:
            failed += 1
    return told(took, failed)


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--service", help="only this service")
    arguments.add_argument("--calls", type=int, default=5, help=f"how many, at most {MOST_CALLS}")
    arguments.add_argument("--limit-ms", type=float, help="exit with 1 above this median")
    given = arguments.parse()
    if not 1 <= given.calls <= MOST_CALLS:
        raise errors.BadValue(
            kind="number of calls", value=given.calls, reason=f"it is from 1 to {MOST_CALLS}."
        )
    with masterops.open_sync() as ops:
        rows = [
            {"connection": each.id, **measured(ops.connector(each).ping, given.calls)}
            for each in ops.connections(given.service, given.business)
        ]
    show(rows, COLUMNS, given.output, empty="No connection is configured.")
    slow = given.limit_ms is not None and any(row.get("median_ms", 0) > given.limit_ms for row in rows)
    return 1 if slow or any(row["failed"] for row in rows) else 0


if __name__ == "__main__":
    run(main)
