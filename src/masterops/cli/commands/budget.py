"""
`ops budget`: what is left of the limits of each connection, and who spent it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import click
import msgspec

from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, count
from masterops.core.spelling import unknown


def until(value: datetime | None) -> str:
    """`15:40`; with its day when that is not today."""
    if value is None:
        return "-"
    local = value.astimezone()
    return local.strftime("%H:%M" if local.date() == datetime.now(UTC).astimezone().date() else "%a %H:%M")


def top(key: str) -> Any:
    """Shows the one that spent the most, and how many others did."""

    def show(value: list[dict[str, Any]] | None) -> str:
        if not value:
            return ""
        more = f" +{len(value) - 1}" if len(value) > 1 else ""
        return f"{value[0][key]} {count(value[0]['calls'])}{more}"

    return show


COLUMNS = (
    Column("connection", "connection"),
    Column("business", "business", in_table=False),
    Column("limit_name", "limit"),
    Column("window", "window"),
    Column("permits", "permits", show=count, right=True),
    Column("spent", "spent", show=count, right=True),
    Column("remaining", "left", show=count, right=True),
    Column("runs_out_at", "runs out", show=until, right=True),
    Column("resets_at", "anew", show=until, right=True, spare=1),
    Column("waiting", "waiting", show=count, right=True, spare=2),
    Column("by_operation", "spent most, 24 h", show=top("operation"), spare=3),
    Column("by_process", "process, today", show=top("process"), spare=4),
)


def _say_once(rows: list[dict[str, Any]]) -> None:
    """Who spent is the same for all limits of a connection: its first row says it."""
    for above, row in pairwise(rows):
        if above["connection"] == row["connection"]:
            row |= {"by_operation": None, "by_process": None}


@click.command()
@click.argument("connection", required=False)
@output_option()
@pass_session
@acting
async def budget(session: Session, connection: str | None, output: str) -> None:
    """
    What is left of each limit of CONNECTION, or of all: spent by whom, and when it runs out.

    It runs out at the pace of the last hour; `-` says that it lasts until it begins anew. `--output json` has
    every operation (of the last 24 hours) and every process (of today, UTC) with its calls and waits.

    Example:

    \b
        ops budget
        ops budget hubspot/teelixir --output json
    """
    from masterops.reports import budgets as read

    async with session.app() as app:
        known = [each.id for each in await app.connections()]
        if connection is not None and connection not in known:
            raise unknown("connection", connection, known)
        await app.shipping.flush()
        rows = await read(app.pool, connection=connection)
    shown = [msgspec.structs.asdict(row) for row in rows]
    if output == "table":
        _say_once(shown)
    emit(
        shown,
        COLUMNS,
        output,
        empty="Nothing was spent from a limit yet.",
    )
