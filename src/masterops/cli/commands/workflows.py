"""
`ops workflows`: how n8n's workflows perform.
"""

from __future__ import annotations

import click
import msgspec

from masterops.cli.commands import workflows_code
from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, count, milliseconds, percent
from masterops.config import find_business
from masterops.workflows import failures as read_failures
from masterops.workflows import performance as read_performance

PERFORMANCE = (
    Column("workflow_id", "id"),
    Column("workflow_name", "workflow"),
    Column("total_executions", "runs", show=count, right=True),
    Column("failed_executions", "failed", show=count, right=True),
    Column("successful_executions", "succeeded", show=count, right=True, in_table=False),
    Column("success_rate_pct", "success", show=percent, right=True),
    Column("avg_duration_ms", "average", show=milliseconds, right=True),
    Column("p95_duration_ms", "p95", show=milliseconds, right=True),
    Column("last_execution", "last run", show=ago, right=True),
)
FAILURES = (
    Column("started_at", "started"),
    Column("workflow_name", "workflow"),
    Column("workflow_id", "id", in_table=False),
    Column("execution_id", "execution"),
    Column("status", "status"),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("error_message", "error"),
    Column("nodes_executed", "nodes", in_table=False),
    Column("nodes_failed", "nodes failed", in_table=False),
    Column("finished_at", "finished", in_table=False),
)
NOTHING = (
    "No workflow execution is recorded{of}. Executions come from n8n or from ops.upsert_workflow_execution."
)


@click.group(invoke_without_command=True)
@click.option("--failures", is_flag=True, help="The newest failed executions instead.")
@click.option("--business", help="Only this business, by slug or name.")
@output_option()
@pass_session
@acting
async def workflows(session: Session, failures: bool, business: str | None, output: str) -> None:
    """
    How each workflow performed in the last seven days, or which executions failed.

    Example:

    \b
        ops workflows
        ops workflows --failures --business teelixir
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        rows = (
            [msgspec.structs.asdict(row) for row in await read_failures(app.pool, business=slug)]
            if failures
            else [msgspec.structs.asdict(row) for row in await read_performance(app.pool, business=slug)]
        )
    empty = "No execution failed." if failures else NOTHING.format(of=f" for {slug}" if slug else "")
    emit(rows, FAILURES if failures else PERFORMANCE, output, empty=empty)


workflows_code.join(workflows)
