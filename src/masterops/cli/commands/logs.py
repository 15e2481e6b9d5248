"""
`ops logs`: read log records, or follow them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.cli import look
from masterops.cli.output import as_json_line, emit, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, milliseconds
from masterops.config import find_business
from masterops.core import clock
from masterops.core.durations import parse_since
from masterops.logs import short_value
from masterops.reports import LogFilter, LogRow, follow_logs, read_logs

COLUMNS = (
    Column("created_at", "time"),
    Column("id", "id"),
    Column("level", "level"),
    Column("status", "status"),
    Column("source", "source"),
    Column("service", "service"),
    Column("operation", "operation"),
    Column("message", "message"),
    Column("duration_ms", "took", show=milliseconds),
    Column("business_id", "business"),
    Column("integration_id", "connection"),
    Column("workflow_id", "workflow"),
    Column("trace_id", "trace"),
    Column("details_json", "details"),
)
COLOURS = {"debug": "2", "info": "36", "warn": "33", "error": "1;31"}
LEVELS = ["debug", "info", "warn", "error"]


@click.command()
@click.option("--source", help="Only this source: hubspot, n8n, system, cli, ...")
@click.option("--level", type=click.Choice(LEVELS), help="This level and the graver ones.")
@click.option("--errors-only", is_flag=True, help="The same as --level error.")
@click.option("--business", help="Only this business, by slug or name.")
@click.option("--since", "since_text", metavar="TIME", help="2h, 30m, 7d or a moment like 2026-11-24T09:00.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 100_000),
    default=50,
    help="At most so many.  [default: 50]",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with new ones as they come; Ctrl-C ends it.")
@output_option()
@pass_session
@acting
async def logs(
    session: Session,
    source: str | None,
    level: str | None,
    errors_only: bool,
    business: str | None,
    since_text: str | None,
    limit: int,
    follow: bool,
    output: str,
) -> None:
    """
    Print log records, the newest last.

    Example:

    \b
        ops logs --errors-only --since 2h
        ops logs --business teelixir --follow
    """
    start: datetime | None = parse_since(since_text, now=clock.now()) if since_text else None
    slug = find_business(session.settings, business).slug if business else None
    if follow and output == "csv":
        raise errors.UsageError(
            what="--follow prints lines or, with --output json, an object a line; not CSV"
        )
    wanted = LogFilter(source, "error" if errors_only else level, slug, start)
    async with session.app() as app:
        if follow:
            async for row in follow_logs(app.pool, wanted, limit=limit):
                write(line(row) if output == "table" else as_json_line(row))
            return
        await app.shipping.flush()
        rows = await read_logs(app.pool, wanted, limit=limit)
    if output != "table":
        emit([msgspec.structs.asdict(row) for row in rows], COLUMNS, output)
    elif not rows:
        say("No log records pass these filters.")
    for row in rows if output == "table" else ():
        write(line(row))


def line(row: LogRow) -> str:
    """`2026-11-24 14:03:07  ERROR  hubspot/teelixir  hubspot.contacts.get  132 ms  error=...`, cut to fit."""
    where = row.integration_id or row.business_id or row.source
    took = milliseconds(row.duration_ms) if row.duration_ms is not None else ""
    head = f"{row.created_at.astimezone():%Y-%m-%d %H:%M:%S}  {row.level.upper():<5}  {where:<26}  "
    rest = "  ".join(part for part in (row.message, took, facts(row.details_json or {})) if part)
    rest = "".join(each if each.isprintable() else " " for each in rest)
    room = look.width()
    if room is not None and len(head) + len(rest) > room:
        rest = rest[: max(8, room - len(head) - 1)] + "…"
    level = f"{row.level.upper():<5}"
    return head.replace(level, look.paint(level, COLOURS[row.level]), 1) + rest + "\n"


def facts(details: dict[str, Any]) -> str:
    """The details as `key=value`, the error first."""
    ordered = sorted(details.items(), key=lambda item: item[0] != "error")
    return " ".join(f"{key}={short_value(value)}" for key, value in ordered if value not in (None, [], {}))
