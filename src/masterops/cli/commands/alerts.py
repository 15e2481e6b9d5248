"""
`ops alerts`: what is wrong, who was told, and what people say to it.
"""

from __future__ import annotations

from typing import Any

import click

from masterops.alerts import asking, desk
from masterops.cli import look
from masterops.cli.commands.alert_channels import rules, send_test
from masterops.cli.commands.alert_silences import NUMBER, legible, silence, silences, unsilence
from masterops.cli.output import emit, emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, moment, text

LIST = (
    Column("id", "id", right=True),
    Column("severity", "severity", show=look.state),
    Column("status", "status"),
    Column("business", "business"),
    Column("summary", "what"),
    Column("since", "for", show=ago, right=True),
    Column("reason", "why", spare=1),
    Column("rule", "rule", spare=2),
    Column("service", "service", in_table=False),
    Column("flapping", "flapping", in_table=False),
    Column("acknowledged_by", "acknowledged by", in_table=False),
    Column("part_of", "part of", in_table=False),
    Column("resolved_at", "resolved", in_table=False),
)
NOTICES = (
    Column("created_at", "time", show=moment),
    Column("kind", "kind", spare=2),
    Column("channel", "channel"),
    Column("status", "outcome"),
    Column("title", "notice"),
    Column("error", "error", spare=1),
    Column("attempts", "attempts", in_table=False),
    Column("sent_at", "sent", in_table=False),
    Column("held_until", "held until", in_table=False),
)
ACKNOWLEDGED = (Column("id", "id", right=True), Column("business", "business"), Column("summary", "what"))
# What a person reads of one alert, in this order.
SHOWN = (
    "status",
    "severity",
    "rule",
    "business_id",
    "service",
    "reason",
    "hint",
    "since",
    "fired_at",
    "told_at",
    "told_channels",
    "part_of",
    "flapping",
    "acknowledged_at",
    "acknowledged_by",
    "note",
    "resolved_at",
)


@click.group(invoke_without_command=True)
@output_option()
@click.pass_context
def alerts(context: click.Context, output: str) -> int:
    """
    What is wrong now, who was told of it, and what you say to it.

    Without a command it lists what fires, the worst first. Rules and channels stand in the configuration:
    docs/alerts.md.

    Example:

    \b
        ops alerts
        ops alerts ack 17 --note "the key is being renewed"
    """
    if context.invoked_subcommand is not None:
        return 0
    code: int = context.invoke(list_command, every=False, limit=100, output=output)
    return code


@alerts.command(name="list", short_help="What fires now; --all has what is over too.")
@click.option("--all", "every", is_flag=True, help="Those that are over too, the newest first.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 10_000),
    default=100,
    help="With --all: at most so many.  [default: 100]",
)
@output_option()
@pass_session
@acting
async def list_command(session: Session, every: bool, limit: int, output: str) -> int:
    """
    What fires now, the worst first: `pending` must still hold for a while, `silenced` and `acknowledged` are
    not told again. Exits with 1 if one fires that is neither.

    Example:

    \b
        ops alerts list
        ops alerts list --all -n 20 --output json
    """
    async with session.app() as app:
        rows = await (asking.history(app.pool, limit) if every else asking.current(app.pool))
    emit(rows, LIST, output, empty="No alert fires." if not every else "There was no alert yet.")
    return 1 if any(row["status"] == "firing" for row in rows) else 0


@alerts.command(short_help="Everything about one alert.")
@click.argument("id", type=NUMBER)
@output_option("table", "json")
@pass_session
@acting
async def show(session: Session, id: int, output: str) -> None:
    """
    Everything about the alert ID, and what was told of it.

    Example:

    \b
        ops alerts show 17
    """
    async with session.app() as app:
        alert = await asking.one(app.pool, id)
        notices = await asking.told(app.pool, limit=100, alert=id)
    if output == "json":
        emit_object({**alert, "notices": notices})
        return
    write(f"{id}  {alert['summary']}\n\n")
    for name in SHOWN:
        if alert[name] not in (None, [], False):
            write(f"  {name.replace('_', ' '):<16} {_value(alert[name])}\n")
    write("\n")
    emit(notices, NOTICES, output, empty="Nobody was told of it.")


def _value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else text(value)


@alerts.command(short_help="Take care of alerts: nobody else is called.")
@click.argument("ids", metavar="ID...", type=NUMBER, nargs=-1, required=True)
@click.option("--note", callback=legible, help="What the others should know.")
@click.option("--dry-run", is_flag=True, help="Say which, and change nothing.")
@output_option()
@pass_session
@acting
async def ack(session: Session, ids: tuple[int, ...], note: str | None, dry_run: bool, output: str) -> None:
    """
    Say that you take care of these alerts. They are not escalated and not repeated; their end is told.

    Example:

    \b
        ops alerts ack 17 18 --note "the key is being renewed"
    """
    async with session.app() as app:
        rows = await desk.acknowledge(app.pool, ids, by=session.user, note=note, dry_run=dry_run)
    emit(rows, ACKNOWLEDGED, output)
    if dry_run:
        say("Nothing was changed.")


@alerts.command(name="log", short_help="What was sent when, to whom, and whether it arrived.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 10_000),
    default=50,
    help="At most so many.  [default: 50]",
)
@output_option()
@pass_session
@acting
async def log_command(session: Session, limit: int, output: str) -> int:
    """
    The notices, the newest first: sent, waiting (to be tried again), held (quiet hours), merged (told in a
    message at their end) or failed (given up). Exits with 1 if one of them failed.

    Example:

    \b
        ops alerts log
        ops alerts log -n 500 --output csv
    """
    async with session.app() as app:
        rows = await asking.told(app.pool, limit=limit)
    emit(rows, NOTICES, output, empty="Nobody was told anything yet.")
    return 1 if any(row["status"] == "failed" for row in rows) else 0


for command in (silence, unsilence, silences, rules, send_test):
    alerts.add_command(command)
