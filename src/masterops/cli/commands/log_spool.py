"""
`ops logs spool`, `ship` and `replay`: records on their way into the database, and those that it refused.
"""

from __future__ import annotations

from typing import Any

import click

from masterops import errors
from masterops.app.emptying import Waiting, empty, waiting
from masterops.app.losing import recent_loss
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, count, size, text, uuid_of
from masterops.db import LogStore, Pool, letters_by_segment, replay
from masterops.db.dead_letters import TORN, Replayed

SHIP_SECONDS = 60.0
SEGMENTS = (
    Column("segment", "segment"),
    Column("owner", "owner"),
    Column("size_bytes", "size", show=size, right=True),
    Column("waiting_bytes", "waiting", show=size, right=True),
    Column("started_at", "begun", show=ago, right=True, spare=2),
    Column("written_at", "last written", show=ago, right=True, spare=1),
    Column("dead_letters", "dead letters", show=count, right=True),
)
EMPTIED = (
    Column("records", "records", show=count, right=True),
    Column("rejected", "refused", show=count, right=True),
    Column("waiting_bytes", "waiting", show=size, right=True),
    Column("seconds", "took", show=lambda value: f"{value:.1f} s", right=True),
)
OUTCOMES = (
    Column("outcome", "outcome"),
    Column("letters", "dead letters", show=count, right=True),
    Column("reason", "reason", show=lambda value: text(value)),
)


@click.command(short_help="What waits in the spool, and who writes to it.")
@output_option()
@pass_session
@acting
async def spool(session: Session, output: str) -> None:
    """
    What waits in the spool: each segment, who writes to it, how much of it is not in the database yet.

    The last line adds up, with the dead letters of segments that are gone.

    Example:

    \b
        ops logs spool
        ops logs spool --output json
    """
    try:
        async with session.app(shipping=False) as app:
            found = await waiting(session.settings.home / "spool", LogStore(app.pool))
            letters = await letters_by_segment(app.pool)
    except errors.DatabaseError as error:
        say(f"{error.message}. So what of it is stored already, and what was refused, is not known.")
        found, letters = await waiting(session.settings.home / "spool", None), None
    emit(_rows(found, letters), SEGMENTS, output)
    if loss := recent_loss(session.settings.home):
        say(loss)


def _rows(found: list[Waiting], letters: dict[str, int] | None) -> list[dict[str, Any]]:
    rows = [
        {
            "segment": each.segment.name,
            "owner": "alive" if each.segment.alive else "gone",
            "size_bytes": each.segment.size_bytes,
            "waiting_bytes": each.waiting_bytes,
            "started_at": each.segment.started_at,
            "written_at": each.segment.written_at,
            "dead_letters": None if letters is None else letters.get(each.segment.name, 0),
        }
        for each in found
    ]
    known = [each.waiting_bytes for each in found if each.waiting_bytes is not None]
    total = {
        "segment": "total",
        "owner": None,
        "size_bytes": sum(each.segment.size_bytes for each in found),
        "waiting_bytes": None if letters is None else sum(known),
        "started_at": min(
            (each.segment.started_at for each in found if each.segment.started_at), default=None
        ),
        "written_at": max((each.segment.written_at for each in found), default=None),
        "dead_letters": None if letters is None else sum(letters.values()),
    }
    return [*rows, total]


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=SHIP_SECONDS,
    help="Give up after so long.  [default: 60]",
)
@output_option()
@pass_session
@acting
async def ship(session: Session, seconds: float, output: str) -> int:
    """
    Carry what waits in the spool into the database now. Exits with 1 if some of it still waits.

    It may run beside `ops up`: each segment is carried by one of them, and it waits for both.

    Example:

    \b
        ops logs ship
        ops logs ship --seconds 5
    """
    async with session.app(shipping=False) as app:
        done = await empty(session.settings.home / "spool", LogStore(app.pool), seconds)
    emit(
        [
            {
                "records": done.records,
                "rejected": done.rejected,
                "waiting_bytes": done.waiting_bytes,
                "seconds": done.seconds,
            }
        ],
        EMPTIED,
        output,
    )
    if done.rejected:
        say(
            f"{done.rejected:,} were refused: `ops db query ops.log_dead_letters` shows them with the reason."
        )
    return 1 if done.waiting_bytes else 0


@click.command(name="replay", short_help="Try again what the database refused.")
@click.option("--id", "only", metavar="ID", help="Only this dead letter.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@output_option()
@pass_session
@acting
async def replay_command(session: Session, only: str | None, every: bool, dry_run: bool, output: str) -> int:
    """
    Try dead letters again: records that the database refused, after a migration or a fix.

    Those that are stored now are no dead letters any more; the others keep the new reason. A torn line, whose
    process died while it wrote it, is no whole record and can never be stored. Exits with 1 if any is left.

    Example:

    \b
        ops db query ops.log_dead_letters --columns id,reason
        ops logs replay --all --dry-run
    """
    if (only is None) is not every:
        raise errors.UsageError(what="say which: --all, or one by --id ID")
    id = None if only is None else uuid_of("dead letter's id", only)
    async with session.app() as app:
        done = await replay(app.pool, only=id, dry_run=dry_run)
        await _check_found(app.pool, only, done)
    emit(_outcomes(done, dry_run), OUTCOMES, output, empty="There is no dead letter.")
    return 1 if done.left else 0


async def _check_found(pool: Pool, only: str | None, done: Replayed) -> None:
    if only is not None and not done.tried:
        hint = "`ops db query ops.log_dead_letters --columns id,reason` lists them."
        raise errors.UnknownName(kind="dead letter", name=only, hint=hint)


def _outcomes(done: Replayed, dry_run: bool) -> list[dict[str, Any]]:
    would = "would be " if dry_run else ""
    rows: list[dict[str, Any]] = []
    if done.stored:
        rows.append({"outcome": f"{would}stored", "letters": done.stored, "reason": None})
    for reason, letters in sorted(done.refused.items(), key=lambda each: -each[1]):
        rows.append({"outcome": f"{would}refused again", "letters": letters, "reason": reason})
    if done.torn:
        rows.append({"outcome": "torn", "letters": done.torn, "reason": TORN})
    return rows
