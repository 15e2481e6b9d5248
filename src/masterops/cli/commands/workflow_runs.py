"""
`ops workflows show`, `retry` and `open`: one workflow, one execution.
"""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.app import App
from masterops.cli import look, sparkline
from masterops.cli.commands.integration import choose
from masterops.cli.output import emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import ago, milliseconds, moment
from masterops.config import Connection
from masterops.connectors.n8n import N8n
from masterops.connectors.n8n.paths import server_of
from masterops.core import clock
from masterops.core.spelling import unknown
from masterops.workflows import (
    PastRun,
    Problem,
    Seen,
    found,
    holding,
    past_runs,
    problems,
    upcoming,
    watching,
)

NEXT, DRAWN = 3, 30
AT = click.option("--connection", help="The n8n, such as n8n/group; needed where several have the same id.")


@click.command(short_help="One workflow: when it is due, how it runs, what is wrong.")
@click.argument("workflow", metavar="ID_OR_NAME")
@AT
@output_option("table", "json")
@pass_session
@acting
async def show(session: Session, workflow: str, connection: str | None, output: str) -> None:
    """
    Show one workflow: what sets it off, its next and last runs, what is wrong with it.

    The bars are the durations of its last runs, the newest at the right. n8n itself is asked for the next
    runs; when it cannot be reached, the next one that is known is shown.

    Example:

    \b
        ops workflows show "Orders to Unleashed"
    """
    async with session.app() as app:
        one = await found(app.pool, workflow, connection)
        runs = await past_runs(app.pool, one)
        standing = await problems(app.pool, workflow=one.workflow_id)
        standing = [each for each in standing if each.integration_id == one.integration_id]
        due = await _due(app, one, runs)
    if output == "json":
        emit_object(
            {**msgspec.to_builtins(one, builtin_types=()), "next": due, "problems": standing, "runs": runs}
        )
    else:
        write(_page(one, due, runs, standing))


@click.command(short_help="Run a failed execution again.")
@click.argument("execution")
@AT
@click.option("--dry-run", is_flag=True, help="Say what would be run again, and do nothing.")
@pass_session
@acting
async def retry(session: Session, execution: str, connection: str | None, dry_run: bool) -> None:
    """
    Let n8n run EXECUTION again: what the workflow did before it failed is not done twice.

    Example:

    \b
        ops workflows retry 4711 --dry-run
    """
    async with session.app() as app:
        held = [
            each for each in await holding(app.pool, execution) if connection in (None, each.integration_id)
        ]
        if len(held) > 1:
            names = ", ".join(each.integration_id for each in held)
            raise errors.BadValue(kind="execution", value=execution, reason=f"{names} have one of this id.",
                                  hint="Name one of them with --connection.")  # fmt: skip
        where = await _connection(app, held[0].integration_id if held else connection)
        about = (
            f"{held[0].workflow_name or held[0].workflow_id} ({held[0].status})"
            if held
            else "not recorded here"
        )
        if dry_run:
            say(f"Would run execution {execution} again at {where.id}: {about}.")
            return
        again = await _n8n(app, where).executions.retry(execution)
    write(f"{where.id}: execution {execution}, {about}, runs again as {again.id}: {again.status}\n")


@click.command(name="open", short_help="Where a workflow is in n8n.")
@click.argument("workflow", metavar="ID_OR_NAME")
@AT
@pass_session
@acting
async def open_(session: Session, workflow: str, connection: str | None) -> None:
    """
    Print the address of a workflow in n8n and, at a terminal, open it in the browser.

    Example:

    \b
        ops workflows open "Orders to Unleashed"
    """
    async with session.app() as app:
        one = await found(app.pool, workflow, connection)
        where = await _connection(app, one.integration_id)
    url = f"{server_of(str(where.values['base_url']))}/workflow/{one.workflow_id}"
    write(url + "\n")
    if sys.stdout.isatty():
        click.launch(url)


async def _connection(app: App, name: str | None) -> Connection:
    """The n8n of this name, or the only one. Raises UnknownName or BadValue."""
    if name is None:
        only: Connection = await choose(app, N8n.service, None)
        return only
    there = {each.id: each for each in await app.connections() if each.service == N8n.service}
    if name not in there:
        raise unknown("n8n connection", name, list(there))
    return there[name]


def _n8n(app: App, connection: Connection) -> N8n:
    connector = app.connector(connection)
    assert isinstance(connector, N8n)
    return connector


async def _due(app: App, one: Seen, runs: list[PastRun]) -> list[Any]:
    """The next moments; the one that is known where n8n does not answer."""
    if not one.active:
        return []
    try:
        where = await _connection(app, one.integration_id)
        there = await _n8n(app, where).workflows.get(one.workflow_id)
    except (errors.RemoteError, errors.UnknownName, errors.ConfigError) as error:
        say(f"{one.integration_id} cannot be asked: {error.message}.")
        return [one.next_at] if one.next_at else []
    last = next((run.started_at for run in runs if run.mode == "trigger"), None)
    return list(upcoming(there, watching(where.values), clock.now(), last, NEXT))


def _page(one: Seen, due: list[Any], runs: list[PastRun], standing: list[Problem]) -> str:
    state = "active" if one.active else "not active"
    since = f" for {ago(one.active_since)}" if one.active_since else ""
    took = sorted(run.duration_ms for run in runs if run.duration_ms is not None)
    lines = [
        look.paint(look.one_line(one.name), "1"),
        f"  {one.integration_id}  {one.workflow_id}  {one.business_id or 'group'}  {state}{since}",
        f"  set off by  {look.one_line(one.runs_when or 'people and other workflows')}",
        f"  next        {', '.join(map(moment, due)) or '-'}",
    ]
    lines += [f"  not judged  {look.one_line(one.unjudged)}"] if one.unjudged else []
    if runs:
        lines.append(f"  last run    {ago(runs[0].started_at)} ago: {runs[0].status}, {runs[0].execution_id}")
    if took:
        lines.append(f"  p95         {milliseconds(took[round(0.95 * (len(took) - 1))])} of {len(took)} runs")
        drawn = [max(1, round(run.duration_ms or 0)) for run in reversed(runs[:DRAWN])]
        bars = sparkline.line("  durations   ", drawn)
        lines += [f"{bars} ms"] if bars else []
    failed = next((run for run in runs if run.error_message), None)
    if failed is not None:
        said = look.one_line(failed.error_message or "")
        lines.append(f"  last error  {ago(failed.started_at)} ago, {failed.execution_id}: {said}")
    lines += [
        f"  {look.state(each.severity)}  {each.problem}: {look.one_line(each.reason)}" for each in standing
    ]
    return "\n".join(look.wrap(line, " " * 14) for line in lines) + "\n"
