"""
`ops workflows`: how n8n's workflows perform, what failed and what did not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from masterops.cli import look
from masterops.cli.commands import workflows_code
from masterops.cli.commands.budget import until
from masterops.cli.commands.workflow_runs import open_, retry, show
from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, count, milliseconds, percent
from masterops.config import find_business
from masterops.workflows import Performance, Seen
from masterops.workflows import failures as read_failures
from masterops.workflows import performance as read_performance
from masterops.workflows import problems as read_problems
from masterops.workflows import seen as read_seen

PERFORMANCE = (
    Column("workflow_id", "id", spare=2),
    Column("workflow_name", "workflow"),
    Column("business_id", "business", spare=3),
    Column("state", "state", show=look.state),
    Column("total_executions", "runs", show=count, right=True),
    Column("failed_executions", "failed", show=count, right=True),
    Column("successful_executions", "succeeded", show=count, right=True, in_table=False),
    Column("success_rate_pct", "success", show=percent, right=True, spare=5),
    Column("avg_duration_ms", "average", show=milliseconds, right=True, spare=6),
    Column("p95_duration_ms", "p95", show=milliseconds, right=True, spare=4),
    Column("last_execution", "last run", show=ago, right=True),
    Column("next_at", "next run", show=until, right=True),
    Column("problems", "problems", show=", ".join, spare=1),
    Column("integration_id", "connection", in_table=False),
)
MISSED = (
    Column("since", "since"),
    Column("workflow_name", "workflow"),
    Column("workflow_id", "id", in_table=False),
    Column("problem", "problem", spare=1),
    Column("severity", "severity", in_table=False),
    Column("reason", "what did not happen"),
    Column("business_id", "business", in_table=False),
    Column("integration_id", "connection", in_table=False),
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
@click.option("--missed", is_flag=True, help="What should have run and did not instead.")
@click.option("--business", help="Only this business, by slug or name.")
@output_option()
@click.pass_context
@pass_session
@acting
async def workflows(
    session: Session, ctx: click.Context, failures: bool, missed: bool, business: str | None, output: str
) -> None:
    """
    How each workflow performed in the last seven days and when it is due next, which executions failed, or
    which did not happen at all.

    Example:

    \b
        ops workflows
        ops workflows --failures --business teelixir
        ops workflows --missed
    """
    if ctx.invoked_subcommand is not None:
        return
    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        if failures:
            rows = [msgspec.structs.asdict(row) for row in await read_failures(app.pool, business=slug)]
        elif missed:
            kinds = ["missed", "never_ran"]
            found = await read_problems(app.pool, business=slug, kinds=kinds)
            rows = [msgspec.structs.asdict(row) for row in found]
        else:
            performed = await read_performance(app.pool, business=slug)
            rows = together(performed, await read_seen(app.pool, business=slug))
    if failures:
        emit(rows, FAILURES, output, empty="No execution failed.")
    elif missed:
        emit(rows, MISSED, output, empty="Nothing was missed, as far as it can be judged.")
    else:
        emit(rows, PERFORMANCE, output, empty=NOTHING.format(of=f" for {slug}" if slug else ""))


def together(performed: Sequence[Performance], there: Sequence[Seen]) -> list[dict[str, Any]]:
    """What ran, and behind it what is active and did not; with the state, the next run, the problems."""
    known = {(each.integration_id, each.workflow_id): each for each in there}
    rows = []
    for ran in performed:
        one = known.pop((ran.integration_id, ran.workflow_id), None)
        rows.append({**msgspec.structs.asdict(ran), **_standing(one)})
    for one in known.values():
        if one.active:
            who = {
                "workflow_id": one.workflow_id,
                "workflow_name": one.name,
                "integration_id": one.integration_id,
            }
            rows.append({**who, "total_executions": 0, "failed_executions": 0, **_standing(one)})
    return rows


def _standing(one: Seen | None) -> dict[str, Any]:
    state = None
    if one is not None:
        state = "warning" if one.problems else "ok" if one.active else "off"
    return {
        "business_id": one.business_id if one else None,
        "state": state,
        "next_at": one.next_at if one else None,
        "problems": one.problems if one else [],
    }


workflows.add_command(show)
workflows.add_command(retry)
workflows.add_command(open_)
workflows_code.join(workflows)
