"""
`ops attention`: which business needs somebody, and why.
"""

from __future__ import annotations

import click
import msgspec

from masterops.cli import look, sparkline
from masterops.cli.output import emit, output_option, say, write
from masterops.cli.session import Session, acting, pass_session, shipped
from masterops.cli.values import Column, ago
from masterops.config import find_business
from masterops.reports import Attention, Reason
from masterops.reports import attention as read

UNBROKEN = "\N{NO-BREAK SPACE}"  # where a line is not to be wrapped: a number stays with its unit
NAMED = 3  # connections with errors; --output json names all
COLUMNS = tuple(Column(key, key) for key in Attention.__struct_fields__)


@click.command()
@click.option("--business", help="Only this business, by slug or name.")
@output_option()
@pass_session
@acting
async def attention(session: Session, business: str | None, output: str) -> int:
    """
    Name each business with something wrong now, and every reason. Exits with 1 if there is one.

    The bars are the errors of each of the last 24 hours, the present one at the right.

    Example:

    \b
        ops attention
        ops attention --output json
    """
    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        await shipped(app)
        rows = await read(app.pool, business=slug)
    if output != "table":
        emit([msgspec.to_builtins(row, builtin_types=()) for row in rows], COLUMNS, output)
    elif not rows:
        say("Nothing needs attention.")
    for row in rows if output == "table" else ():
        write(paragraph(row))
    return 1 if rows else 0


def paragraph(row: Attention) -> str:
    """The business with its severity, then a line a reason."""
    mark = look.state(row.severity)
    colour = "1;31" if row.severity == "critical" else "33"  # bold yellow cannot be read on white
    lines = [f"{look.paint(mark, colour)}  {look.paint(row.business_name, '1')}"]
    for reason in row.reasons:
        since = " " + f"(for {ago(reason.since)})".replace(" ", UNBROKEN) if reason.since else ""
        detail = look.one_line(reason.detail or reason.kind)
        # An error of a connection names it already.
        what = f"{about(reason)}: " if reason.what and not detail.startswith(reason.what) else ""
        lines.append(look.wrap(f"    {what}{detail}{since}", "      ").replace(UNBROKEN, " "))
    if row.errors_last_24h:
        lines += errors(row)
    return "\n".join(lines) + "\n"


def about(reason: Reason) -> str:
    """What a reason is about; of many connections with errors the first few and how many more."""
    what = look.one_line(reason.what or "")
    names = what.split(", ")
    if reason.kind != "errors" or len(names) <= NAMED + 1:
        return what
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def errors(row: Attention) -> list[str]:
    """How many, and when."""
    counts = f"    errors: {row.errors_last_hour:,} in the last hour, {row.errors_last_24h:,} in 24 h"
    bars = sparkline.line("    hourly: ", row.hourly)
    return [counts, bars] if bars else [counts]
