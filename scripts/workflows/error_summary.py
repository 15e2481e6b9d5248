"""
Why n8n's workflows failed: one line a workflow and reason, with how often and since when.

Reasons that differ in numbers and quoted values alone are one.

Example:
    ops run error_summary --hours 168
    ops run error_summary --business teelixir -o json
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import masterops
from masterops.scripting import Arguments, Column, columns, count, moment, of_business, run, show, since

COLUMNS = (
    *columns("workflow", "reason"),
    Column("failures", "failures", show=count, right=True),
    Column("first", "first", show=moment, spare=1),
    Column("last", "last", show=moment),
    Column("execution", "last execution", in_table=False),
)
DIFFERING = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9]+(\.[0-9]+)?")


def reasons(failures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a workflow and reason, the most frequent first."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for each in failures:
        reason = DIFFERING.sub("...", each["error_message"] or "no reason was given")
        found[each["workflow_name"] or each["workflow_id"], reason].append(each)
    rows = []
    for (workflow, reason), group in found.items():
        last = max(group, key=lambda each: each["started_at"])
        rows.append(
            {
                "workflow": workflow,
                "reason": reason,
                "failures": len(group),
                "first": min(each["started_at"] for each in group),
                "last": last["started_at"],
                "execution": last["execution_id"],
            }
        )
    return sorted(rows, key=lambda row: (-row["failures"], row["workflow"]))


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--hours", type=float, default=24, help="how far back")
    given = arguments.parse()
    filters = ["failed=true", since("started_at", given.hours)]
    wanted = ("workflow_id", "workflow_name", "execution_id", "error_message", "started_at")
    with masterops.open_sync() as ops:
        filters += of_business(ops, given.business)
        found = ops.query("workflow_execution_logs", *filters, columns=wanted, limit=100_000)
    show(reasons(found.rows), COLUMNS, given.output, empty="No workflow failed.")
    return 0


if __name__ == "__main__":
    run(main)
