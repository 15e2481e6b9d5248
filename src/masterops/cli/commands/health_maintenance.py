"""
`ops health maintenance`: times in which nothing alerts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from masterops import errors
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, text
from masterops.config import Maintenance
from masterops.config.subjects import maintainable
from masterops.core import clock
from masterops.core.durations import parse_duration
from masterops.core.spelling import unknown
from masterops.health.windows import add_window, end_window, planned

WINDOWS = (
    Column("name", "maintenance"),
    Column("applies_to", "of", show=lambda value: ", ".join(value)),
    Column("starts_at", "from", show=text),
    Column("ends_at", "until", show=text),
    Column("weekly", "each week", show=lambda value: value or "", spare=1),
    Column("made_by", "made by", spare=2),
)
DRY = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
LONGEST = timedelta(days=366)


@click.group(short_help="Announce maintenance, list it, end it.")
def maintenance() -> None:
    """
    Times in which what is wrong is recorded, counts in no uptime and alerts nobody.
    """


@maintenance.command("list")
@output_option()
@pass_session
@acting
async def list_(session: Session, output: str) -> None:
    """
    The windows that have not ended: those made by hand, and those of the file.

    Example:

    \b
        ops health maintenance list
    """
    now = clock.now()
    async with session.app() as app:
        made = await planned(app.pool)
    rows = [_made(row) for row in made]
    rows += [_of_file(each) for each in session.settings.maintenance if each.ends is None or each.ends > now]
    emit(rows, WINDOWS, output, empty="No maintenance is planned.")


@maintenance.command()
@click.argument("name")
@click.option(
    "--applies-to",
    "applies",
    multiple=True,
    required=True,
    metavar="NAME",
    help="A connection, service, check or business, or `*`; may be given again.",
)
@click.option("--from", "begin", metavar="MOMENT", help="When it begins.  [default: now]")
@click.option("--for", "length", metavar="SPAN", help="How long: 30m, 2h.")
@click.option("--until", metavar="MOMENT", help="When it ends, in place of --for.")
@DRY
@output_option()
@pass_session
@acting
async def add(
    session: Session,
    name: str,
    applies: tuple[str, ...],
    begin: str | None,
    length: str | None,
    until: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """
    Announce maintenance NAME.

    Example:

    \b
        ops health maintenance add "HubSpot upgrade" --applies-to hubspot --for 2h --dry-run
        ops health maintenance add move --applies-to teelixir --from 2026-12-01T22:00+10:00 --for 4h
    """
    starts, ends = span(begin, length, until, clock.now())
    async with session.app() as app:
        connections = [each.id for each in await app.connections()]
        checks = [each.name for each in app.settings.checks]
        known = maintainable(connections, checks, app.settings.businesses)
        for each in applies:
            if each not in known:
                raise unknown("connection, service, check or business", each, known)
        if not dry_run:
            await add_window(app.pool, name, applies, starts, ends)
    row = {"name": name, "applies": list(applies), "starts_at": starts, "ends_at": ends}
    emit([_made(row)], WINDOWS, output)
    if dry_run:
        say("Nothing was changed: --dry-run.")


@maintenance.command()
@click.argument("name")
@DRY
@pass_session
@acting
async def end(session: Session, name: str, dry_run: bool) -> None:
    """
    End maintenance NAME now; one that has not begun is called off.

    Example:

    \b
        ops health maintenance end "HubSpot upgrade"
    """
    async with session.app() as app:
        names = [row["name"] for row in await planned(app.pool)]
        if name not in names:
            if any(name == each.name for each in session.settings.maintenance):
                raise errors.UsageError(
                    what=f"{name!r} stands in the file", hint="Delete its [[maintenance]] there."
                )
            raise unknown("maintenance", name, names)
        number = names.count(name) if dry_run else await end_window(app.pool, name)
    done = "would be ended" if dry_run else "ended"
    say(f"{number} window{'' if number == 1 else 's'} named {name!r} {done}.")


def span(
    begin: str | None, length: str | None, until: str | None, now: datetime
) -> tuple[datetime, datetime]:
    """From when until when. Raises BadValue and UsageError."""
    if (length is None) == (until is None):
        raise errors.UsageError(what="Say how long it takes", hint="With --for 2h, or with --until MOMENT.")
    starts = _moment(begin) if begin else now
    ends = starts + parse_duration(length) if length else _moment(until or "")
    if ends <= max(starts, now):
        shown = length or until
        raise errors.BadValue(kind="end", value=shown, reason="it lies in the past, or before the beginning")
    if ends - starts > LONGEST:
        raise errors.BadValue(kind="end", value=length or until, reason="it is more than a year away")
    return starts, ends


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "Write it as 2026-12-01T22:00+10:00; without an offset it is UTC."
        raise errors.BadValue(
            kind="point in time", value=written, reason="it cannot be read", hint=hint
        ) from None


def _made(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "applies_to": list(row["applies"]), "weekly": None, "made_by": "hand"}


def _of_file(window: Maintenance) -> dict[str, Any]:
    weekly = f"{window.weekly} ({window.zone})" if window.weekly else None
    return {
        "name": window.name,
        "applies_to": list(window.applies),
        "starts_at": window.starts,
        "ends_at": window.ends,
        "weekly": weekly,
        "made_by": "file",
    }
