"""
`ops alerts silence`, `unsilence` and `silences`: what nobody wants to hear of for a while.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from masterops import errors
from masterops.alerts import asking, desk
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, moment
from masterops.config import find_business, find_service
from masterops.core import clock
from masterops.core.durations import parse_duration
from masterops.core.spelling import unknown

SILENCES = (
    Column("id", "id", right=True),
    Column("business", "business", show=lambda value: value or "any"),
    Column("service", "service", show=lambda value: value or "any"),
    Column("rule", "rule", show=lambda value: value or "any"),
    Column("ends_at", "until", show=moment),
    Column("reason", "reason"),
    Column("created_by", "by", spare=1),
    Column("starts_at", "from", in_table=False),
)

NUMBER = click.IntRange(1, 2**63 - 1)  # what the database counts with
NUMBER.name = "number"


def legible(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A text that the database can store. Raises BadValue."""
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        reason = "it holds a character that cannot be stored"
        raise errors.BadValue(kind=f"--{parameter.name}", value=value, reason=reason) from None
    return value


@click.command(short_help="Tell nobody of some alerts for a while.")
@click.option("--business", help="Of this business, by slug or name.")
@click.option("--service", help="Of this service, such as hubspot.")
@click.option("--rule", help="Of this rule.")
@click.option("--for", "span", required=True, metavar="SPAN", help="How long: 90m, 2h, 1d.")
@click.option("--reason", callback=legible, help="What the others should know.")
@click.option("--dry-run", is_flag=True, help="Say what would be silent, and change nothing.")
@output_option()
@pass_session
@acting
async def silence(
    session: Session,
    *,
    business: str | None,
    service: str | None,
    rule: str | None,
    span: str,
    reason: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """
    Tell nobody of alerts that fit all that is given, until the time is over. Looking goes on: what still
    fires then is told, and the end of what was told before is told at once.

    Example:

    \b
        ops alerts silence --service hubspot --for 2h --reason "they maintain it"
        ops alerts silence --business teelixir --rule workflow-problem --for 1d
    """
    wanted = _wanted(session, business, service, rule)
    until = _until(span)
    async with session.app() as app:
        row = await desk.silence(
            app.pool, until=until, by=session.user, reason=reason, dry_run=dry_run, **wanted
        )
    made = {**wanted, "reason": reason, "created_by": session.user, **row}
    emit([made | ({"id": None} if dry_run else {})], SILENCES, output)
    if dry_run:
        say("Nothing was changed.")


def _wanted(session: Session, business: str | None, service: str | None, rule: str | None) -> dict[str, Any]:
    if business is None and service is None and rule is None:
        what = "say what should be silent: --business, --service or --rule"
        raise errors.UsageError(what=what, hint="Everything at once would hide what you do not think of.")
    names = [each.name for each in session.settings.alert_rules]
    if rule is not None and rule not in names:
        raise unknown("alert rule", rule, names)
    return {
        "business": find_business(session.settings, business).slug if business else None,
        "service": find_service(session.settings, service) if service else None,
        "rule": rule,
    }


def _until(span: str) -> datetime:
    length = parse_duration(span)
    if not length:
        raise errors.BadValue(kind="duration", value=span, reason="it would be over at once")
    try:
        return clock.now() + length
    except OverflowError:
        raise errors.BadValue(kind="duration", value=span, reason="it is longer than any calendar") from None


@click.command(short_help="End silences before their time.")
@click.argument("ids", metavar="[ID...]", type=NUMBER, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that are in force.")
@click.option("--dry-run", is_flag=True, help="Say which, and change nothing.")
@output_option()
@pass_session
@acting
async def unsilence(session: Session, ids: tuple[int, ...], every: bool, dry_run: bool, output: str) -> None:
    """
    End the silences with these ids, or all of them. What fires is told within a minute.

    Example:

    \b
        ops alerts silences
        ops alerts unsilence --all
    """
    if bool(ids) is every:
        raise errors.UsageError(what="say which: --all, or ids of `ops alerts silences`")
    async with session.app() as app:
        ended = await desk.unsilence(app.pool, ids, every=every, dry_run=dry_run)
    emit(
        [{"id": id} for id in ended],
        (Column("id", "ended", right=True),),
        output,
        empty="Nothing is silenced.",
    )
    if dry_run:
        say("Nothing was changed.")


@click.command(short_help="What is silenced now, and until when.")
@output_option()
@pass_session
@acting
async def silences(session: Session, output: str) -> None:
    """
    The silences in force.

    Example:

    \b
        ops alerts silences
    """
    async with session.app() as app:
        rows = await asking.silences(app.pool)
    emit(rows, SILENCES, output, empty="Nothing is silenced.")
