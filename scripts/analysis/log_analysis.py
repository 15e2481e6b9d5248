"""
What the errors of the last hours have in common: one line for messages that differ in numbers and ids alone.

It reads, and changes nothing.

Example:
    ops run log_analysis --hours 24
    ops run log_analysis --business teelixir -o json
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import masterops
from masterops.scripting import Arguments, Column, count, moment, of_business, run, show, since

COLUMNS = (
    Column("source", "source"),
    Column("operation", "operation"),
    Column("pattern", "message"),
    Column("records", "records", show=count, right=True),
    Column("first", "first", show=moment, spare=1),
    Column("last", "last", show=moment),
    Column("example", "example", in_table=False),
)
MOST = 100_000
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def pattern(message: str) -> str:
    """A message without what differs from record to record."""
    return NUMBER.sub("N", QUOTED.sub("'...'", UUID.sub("ID", message)))


def grouped(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a pattern, the most frequent first."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for each in records:
        found[each["source"] or "", each["operation"] or "", pattern(each["message"] or "")].append(each)
    rows = [
        {
            "source": source,
            "operation": operation,
            "pattern": told,
            "records": len(group),
            "first": min(each["created_at"] for each in group),
            "last": max(each["created_at"] for each in group),
            "example": str(group[0]["id"]),
        }
        for (source, operation, told), group in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["records"], row["source"], row["pattern"]))


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--hours", type=float, default=24, help="how far back")
    given = arguments.parse()
    filters = ["level=error", since("created_at", given.hours)]
    wanted = ("id", "source", "operation", "message", "created_at")
    with masterops.open_sync() as ops:
        filters += of_business(ops, given.business)
        records = ops.query(
            "integration_logs", *filters, columns=wanted, order="created_at", descending=True, limit=MOST
        )
    show(grouped(records.rows), COLUMNS, given.output, empty="No error was logged.")
    return 0


if __name__ == "__main__":
    run(main)
