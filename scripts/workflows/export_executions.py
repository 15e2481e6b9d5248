"""
The executions of n8n's workflows, as they were collected: to look at, or to hand on as CSV or JSON.

Example:
    ops run export_executions --hours 24 -o csv > executions.csv
    ops run export_executions --workflow "Sync orders" --failed -o json
"""

from __future__ import annotations

import masterops
from masterops.scripting import (
    Arguments,
    Column,
    columns,
    milliseconds,
    moment,
    of_business,
    run,
    show,
    since,
)

COLUMNS = (
    Column("started_at", "started", show=moment),
    *columns("workflow_name", "execution_id", "status"),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("mode", "mode", spare=2),
    Column("business_id", "business", spare=1),
    Column("error_message", "error", spare=3),
    Column("workflow_id", "workflow id", in_table=False),
    Column("finished_at", "finished", show=moment, in_table=False),
)


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--hours", type=float, default=24, help="how far back")
    arguments.add_argument("--workflow", help="only the workflow of this name")
    arguments.add_argument("--failed", action="store_true", help="only those that failed")
    arguments.add_argument("--limit", type=int, default=1_000, help="the most executions")
    given = arguments.parse()
    filters = [since("started_at", given.hours)]
    filters += [f"workflow_name={given.workflow}"] if given.workflow else []
    filters += ["failed=true"] if given.failed else []
    wanted = [column.key for column in COLUMNS]
    with masterops.open_sync() as ops:
        filters += of_business(ops, given.business)
        found = ops.query(
            "workflow_execution_logs", *filters, columns=wanted, order="started_at", descending=True,
            limit=given.limit,
        )  # fmt: skip
    show(found.rows, COLUMNS, given.output, empty="No execution was collected.")
    return 0


if __name__ == "__main__":
    run(main)
