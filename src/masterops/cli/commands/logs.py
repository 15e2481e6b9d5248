"""
`ops logs`: read log records, or follow them.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import click
import msgspec

from masterops import errors
from masterops.app import App
from masterops.cli.commands.log_spool import replay_command, ship, spool
from masterops.cli.log_lines import hidden_words, line, marked_line, thread_line
from masterops.cli.output import as_json_line, emit, output_option, reader_gone, say, write
from masterops.cli.session import Session, acting, pass_session, shipped
from masterops.cli.values import Column, milliseconds, uuid_of
from masterops.config import find_business
from masterops.core import clock
from masterops.core.durations import parse_since
from masterops.reports import (
    LogFilter,
    LogRow,
    follow_logs,
    hidden,
    read_around,
    read_logs,
    read_trace,
    thread,
)

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
STEPS = (Column("offset_ms", "after"), Column("depth", "depth"), *COLUMNS)
NEIGHBOURS = (Column("marked", "marked"), *COLUMNS)
LEVELS = ["debug", "info", "warn", "error"]
LINES, LINES_OF_TRACE = 50, 1_000
READER_SECONDS = 0.5


@click.group(invoke_without_command=True)
@click.option("--source", help="Only this source: hubspot, n8n, system, cli, ...")
@click.option("--level", type=click.Choice(LEVELS), help="This level and the graver ones.")
@click.option("--errors-only", is_flag=True, help="The same as --level error.")
@click.option("--business", help="Only this business, by slug or name.")
@click.option("--connection", help="Only this connection, such as hubspot/teelixir.")
@click.option("--operation", help="Only this operation, such as contacts.get.")
@click.option("--search", metavar="TEXT", help="Only with this text in message or details, in any case.")
@click.option("--since", "since_text", metavar="TIME", help="2h, 30m, 7d or a moment like 2026-11-24T09:00.")
@click.option("--until", "until_text", metavar="TIME", help="Up to then; written as for --since.")
@click.option("--trace", metavar="ID", help="One piece of work as a thread: what happened inside what.")
@click.option(
    "--around", metavar="ID", help="The record with this id, and those before and after it in time."
)
@click.option("--ids", is_flag=True, help="Show the id of each record.")
@click.option(
    "-n",
    "--lines",
    "limit",
    type=click.IntRange(1, 100_000),
    help="At most so many.  [default: 50; 1000 with --trace]",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with new ones as they arrive; Ctrl-C ends it.")
@output_option()
@click.pass_context
@pass_session
@acting
async def logs(
    session: Session,
    context: click.Context,
    /,
    *,
    limit: int | None,
    follow: bool,
    ids: bool,
    around: str | None,
    output: str,
    **filters: Any,
) -> None:
    """
    Print log records, the newest last.

    When fewer pass than asked for, it says how many each filter hides.

    Example:

    \b
        ops logs --errors-only --since 2h
        ops logs --business teelixir --follow
        ops logs --search order-1042 --since 7d
    """
    if context.invoked_subcommand is not None:
        return
    _check(follow, around, output, filters)
    wanted, options = _wanted(session, filters)
    async with session.app() as app:
        if follow:
            await _follow(app, wanted, limit or LINES, output, ids)
            return
        await shipped(app)
        if around is not None:
            await _around(app, uuid_of("record id", around), wanted, limit or LINES, output, ids)
        elif wanted.trace is not None:
            await _trace(app, wanted, limit or LINES_OF_TRACE, output)
        else:
            rows = await read_logs(app.pool, wanted, limit=limit or LINES)
            _print(rows, COLUMNS, [line(row, ids=ids) for row in rows], output)
            if output == "table" and len(rows) < (limit or LINES):
                await _say_hidden(app, wanted, options, len(rows))


logs.add_command(spool)
logs.add_command(ship)
logs.add_command(replay_command)


def _check(follow: bool, around: str | None, output: str, filters: dict[str, Any]) -> None:
    if follow and output == "csv":
        raise errors.UsageError(
            what="--follow prints lines or, with --output json, an object a line; not CSV"
        )
    if follow and (around is not None or filters["until_text"] is not None):
        raise errors.UsageError(
            what="--follow goes on with what comes; it takes neither --around nor --until"
        )
    for name, value in filters.items():
        if isinstance(value, str) and not _storable(value):
            reason = "it holds a character that PostgreSQL cannot store"
            raise errors.BadValue(kind=f"--{name.removesuffix('_text')}", value=value, reason=reason)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def _wanted(session: Session, given: dict[str, Any]) -> tuple[LogFilter, dict[str, str]]:
    """The filter, and for each part of it the option as it was typed."""
    level = "error" if given["errors_only"] else given["level"]
    business = given["business"]
    wanted = LogFilter(
        source=given["source"],
        level=level,
        business=find_business(session.settings, business).slug if business else None,
        since=_moment(given["since_text"]),
        until=_moment(given["until_text"]),
        connection=given["connection"],
        operation=given["operation"],
        trace=given["trace"],
        search=given["search"] or None,
    )
    texts = {**given, "since": given["since_text"], "until": given["until_text"]}
    options = {name: f"--{name} {shlex.quote(texts[name])}" for name in wanted.given}
    if given["errors_only"]:
        options["level"] = "--errors-only"
    return wanted, options


def _moment(text: str | None) -> datetime | None:
    return parse_since(text, now=clock.now()) if text else None


async def _follow(app: App, wanted: LogFilter, limit: int, output: str, ids: bool) -> None:
    """Until Ctrl-C, or until nobody reads it any more: that is seen also while nothing is written."""
    following = asyncio.create_task(_print_new(app, wanted, limit, output, ids), name="masterops-following")
    try:
        while not following.done() and not reader_gone():
            await asyncio.wait({following}, timeout=READER_SECONDS)
        if following.done():
            await following
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _print_new(app: App, wanted: LogFilter, limit: int, output: str, ids: bool) -> None:
    def away(error: errors.DatabaseError) -> None:
        say(f"The database is away ({error.message}). Following goes on when it is back.")

    async with _kept(app):
        async for row in follow_logs(app.pool, wanted, limit=limit, away=away):
            write(line(row, ids=ids) if output == "table" else as_json_line(row))


@contextlib.asynccontextmanager
async def _kept(app: App) -> AsyncIterator[None]:
    """An embedded server that dies is started again, whoever else uses it."""
    stop = asyncio.Event()
    keeper = asyncio.create_task(app.keep_database(stop), name="masterops-keeper")
    try:
        yield
    finally:
        stop.set()
        await keeper


async def _around(app: App, id: UUID, wanted: LogFilter, limit: int, output: str, ids: bool) -> None:
    rows = await read_around(app.pool, id, wanted, limit=limit)
    lines = [marked_line(row, row.id == str(id), ids=ids) for row in rows]
    _print(rows, NEIGHBOURS, lines, output, [{"marked": row.id == str(id)} for row in rows])


async def _trace(app: App, wanted: LogFilter, limit: int, output: str) -> None:
    rows = await read_trace(app.pool, wanted, limit=limit + 1)
    steps = thread(rows[:limit])
    extra = [{"offset_ms": step.offset_ms, "depth": step.depth} for step in steps]
    _print([step.row for step in steps], STEPS, [thread_line(step) for step in steps], output, extra)
    if output != "table":
        return
    if not rows:
        say(f"No log record of trace {wanted.trace} passes.")
    elif len(rows) > limit:
        say(f"These are the first {limit:,} records; -n shows more.")


def _print(
    rows: Sequence[LogRow],
    columns: Sequence[Column],
    lines: Sequence[str],
    output: str,
    extra: Sequence[dict[str, Any]] = (),
) -> None:
    if output == "table":
        for each in lines:
            write(each)
        return
    more = extra or [{} for _ in rows]
    emit([msgspec.structs.asdict(row) | own for row, own in zip(rows, more, strict=True)], columns, output)


async def _say_hidden(app: App, wanted: LogFilter, options: dict[str, str], shown: int) -> None:
    if wanted.given:
        say(hidden_words(shown, await hidden(app.pool, wanted), options))
    elif not shown:
        say("There are no log records yet.")
