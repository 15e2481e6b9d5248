"""
`ops stats`: what each source did.
"""

from __future__ import annotations

import click
import msgspec

from masterops.app.losing import recent_loss
from masterops.cli import sparkline
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session, shipped
from masterops.cli.values import Column, ago, count, milliseconds
from masterops.config import find_business


def rate(value: float | None) -> str:
    """`1.50 %`, with as many digits as its neighbours, so that they can be compared at a glance."""
    return "-" if value is None else f"{value:.2f} %"


COLUMNS = (
    Column("source", "source"),
    Column("total_logs", "records", show=count, right=True),
    Column("error_count", "errors", show=count, right=True),
    Column("warning_count", "warnings", show=count, right=True, spare=2),
    Column("error_rate_pct", "error rate", show=rate, right=True, spare=1),
    Column("avg_duration_ms", "average", show=milliseconds, right=True, spare=3),
    Column("p95_duration_ms", "p95", show=milliseconds, right=True),
    Column("last_activity", "last seen", show=ago, right=True),
)


def bars() -> Column:
    """The last 24 hours; in JSON and CSV everywhere, in a table where they can be drawn."""
    return Column("hourly", "last 24 h", show=sparkline.labelled, in_table=sparkline.shown(), spare=4)


@click.command()
@click.option("--hours", type=int, default=24, help="How far back.  [default: 24]")
@click.option("--business", help="Only this business, by slug or name.")
@output_option()
@pass_session
@acting
async def stats(session: Session, hours: int, business: str | None, output: str) -> None:
    """
    What each source logged in the last hours: records, errors, durations.

    The bars are the records of each of the last 24 hours, the present one at the right, to the scale of
    their own row; a gap is an hour without any. A narrow terminal goes without them.

    Example:

    \b
        ops stats --hours 48
        ops stats --business "Red Hill Fresh" --output json
    """
    from masterops.reports import stats as read

    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        await shipped(app)
        rows = await read(app.pool, hours=hours, business=slug)
    emit(
        [msgspec.structs.asdict(row) for row in rows],
        [*COLUMNS, bars()],
        output,
        empty=f"Nothing was logged in the last {hours} h.",
    )
    if missing := recent_loss(session.settings.home):
        say(missing)
