"""
`ops alerts rules` and `ops alerts test`: what would be told, and whether it would arrive.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.alerts import asking, desk
from masterops.alerts.asking import RuleNow
from masterops.channels import Channel
from masterops.cli import look
from masterops.cli.output import emit, output_option, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, milliseconds
from masterops.core import clock
from masterops.core.durations import in_words
from masterops.core.spelling import unknown
from masterops.core.together import together

WIDEST_CHANNELS, MOST_FOUND = 16, 5


def _several(value: Any) -> str:
    named = ", ".join(value) or "-"
    return named if len(named) <= WIDEST_CHANNELS or len(value) < 2 else f"{value[0]} +{len(value) - 1}"


RULES = (
    Column("name", "rule"),
    Column("source", "source"),
    Column("severity", "severity"),
    Column("hold_seconds", "holds", show=lambda value: in_words(timedelta(seconds=value)) if value else "-"),
    Column("channels", "told to", show=_several),
    Column("matches", "finds", show=lambda value: "?" if value is None else str(value), right=True),
    Column("finds", "now", in_table=False),
    Column("error", "error", in_table=False),
    Column("origin", "from", in_table=False),
)
TRIED = (
    Column("channel", "channel"),
    Column("kind", "kind"),
    Column("result", "result", show=look.state),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("error", "error"),
    Column("hint", "what to do", in_table=False),
    Column("code", "code", in_table=False),
)


@click.command(short_help="The rules in force, and what each finds now.")
@output_option()
@pass_session
@acting
async def rules(session: Session, output: str) -> int:
    """
    The rules in force, and below them what they would match now; nothing is kept and nobody is told. Exits
    with 1 if a rule cannot be read (`?`).

    Example:

    \b
        ops alerts rules
        ops alerts rules --output json
    """
    async with session.app() as app:
        found = await asking.rules_now(app.pool, session.settings, clock.now())
    emit([msgspec.structs.asdict(each) for each in found], RULES, output, empty="There is no rule.")
    for each in found if output == "table" else ():
        write(_now(each))
    return 1 if any(each.error for each in found) else 0


def _now(rule: RuleNow) -> str:
    """What a rule finds, a line each, or why it cannot be read; nothing where it finds nothing."""
    lines = [f"cannot be read: {rule.error}"] if rule.error else rule.finds[:MOST_FOUND]
    more = len(rule.finds) - MOST_FOUND
    lines = [*lines, *([f"and {more} more"] if more > 0 else [])]
    text = [look.wrap(f"  {look.one_line(each)}", "    ") for each in lines]
    return "\n".join([f"\n{rule.name}", *text]) + "\n" if text else ""


@click.command(name="test", short_help="Send a test message, and say what became of it.")
@click.argument("channel", required=False)
@click.option("--dry-run", is_flag=True, help="Say which channels would get it, and send nothing.")
@output_option()
@pass_session
@acting
async def send_test(session: Session, channel: str | None, dry_run: bool, output: str) -> int:
    """
    Send a test message to CHANNEL, or to every channel that is switched on. Exits with 1 if one does not take
    it.

    Example:

    \b
        ops alerts test
        ops alerts test ops-slack
    """
    declared = {each.name: each for each in session.settings.channels}
    if channel is not None and channel not in declared:
        raise unknown("channel", channel, declared)
    kinds = {
        each.name: each.kind for each in declared.values() if channel in (None, each.name) and each.enabled
    }
    if not kinds:
        raise errors.ChannelGone(channel=channel)
    if dry_run:
        rows = [{"channel": name, "kind": kind, "result": "skipped"} for name, kind in kinds.items()]
        emit(rows, TRIED, output)
        return 0
    async with session.app() as app:
        opened = app.channels()
        rows = await together([_try(opened[name], kind) for name, kind in kinds.items()])
    emit(rows, TRIED, output)
    return 1 if any(row["result"] == "failed" for row in rows) else 0


async def _try(channel: Channel, kind: str) -> dict[str, Any]:
    start = clock.ticks()
    row: dict[str, Any] = {"channel": channel.name, "kind": kind, "result": "success"}
    try:
        await channel.send(desk.trial())
    except errors.MasterOpsError as error:
        row |= {"result": "failed", "error": error.message, "hint": error.advice, "code": error.code}
    return row | {"duration_ms": (clock.ticks() - start) * 1000}
