"""
Which calls to services take longest: by endpoint, with the share that failed.

It reads what was measured; nothing is asked of a service.

Example:
    ops run slow_calls --hours 24
    ops run slow_calls --least 10 -o csv
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import masterops
from masterops.scripting import (
    Arguments,
    Column,
    count,
    milliseconds,
    of_business,
    percent,
    run,
    say,
    show,
    since,
)

COLUMNS = (
    Column("service", "service"),
    Column("endpoint", "endpoint"),
    Column("calls", "calls", show=count, right=True),
    Column("average_ms", "average", show=milliseconds, right=True),
    Column("p95_ms", "p95", show=milliseconds, right=True),
    Column("slowest_ms", "slowest", show=milliseconds, right=True),
    Column("failed_pct", "failed", show=percent, right=True),
)
MOST = 100_000


def summed(calls: Iterable[Mapping[str, Any]], least: int) -> list[dict[str, Any]]:
    """One row an endpoint with at least so many calls, the slowest first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for call in calls:
        found[call["service"], f"{call['method']} {call['endpoint']}"].append(call)
    rows = []
    for (service, endpoint), group in found.items():
        took = sorted(float(each["duration_ms"] or 0) for each in group)
        if len(took) >= least:
            rows.append(
                {
                    "service": service,
                    "endpoint": endpoint,
                    "calls": len(took),
                    "average_ms": round(sum(took) / len(took), 1),
                    "p95_ms": took[min(len(took) - 1, len(took) * 95 // 100)],
                    "slowest_ms": took[-1],
                    "failed_pct": round(100 * sum(not each["success"] for each in group) / len(took), 2),
                }
            )
    return sorted(rows, key=lambda row: -row["p95_ms"])


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--hours", type=float, default=24, help="how far back")
    arguments.add_argument("--least", type=int, default=1, help="leave out endpoints with fewer calls")
    given = arguments.parse()
    filters = [since("created_at", given.hours)]
    wanted = ("service", "endpoint", "method", "duration_ms", "success")
    with masterops.open_sync() as ops:
        filters += of_business(ops, given.business)
        calls = ops.query(
            "api_metrics", *filters, columns=wanted, order="created_at", descending=True, limit=MOST
        )
    if len(calls.rows) == MOST:
        say(f"Only the latest {MOST:,} calls are counted.")
    show(summed(calls.rows, given.least), COLUMNS, given.output, empty="No call was measured.")
    return 0


if __name__ == "__main__":
    run(main)
