"""
`ops heartbeat`: what is expected to ping, and whether it does.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.app import App
from masterops.cli.output import emit, emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, milliseconds, moment, size
from masterops.config import Heartbeat, Settings, find_business
from masterops.config.setting import GROUP
from masterops.core.durations import in_words
from masterops.heartbeats import (
    Standing,
    add,
    check,
    pause,
    pings_of,
    remove,
    resume,
    rotate,
    standing,
    standings,
)

MORE = (
    "severity", "every_seconds", "cron", "zone", "grace_seconds", "last_success_at", "last_failure_at",
    "last_duration_ms", "running_since", "missing_at", "paused_at", "declared_by",
)  # fmt: skip
COLUMNS = (
    Column("name", "name"),
    Column("business_id", "business", spare=1),
    Column("state", "state"),
    Column("since", "for", show=ago, right=True),
    Column("expected", "expected", spare=3),
    Column("last_ping_at", "last ping", show=ago, right=True),
    Column("due_at", "due", show=moment, spare=2),
    Column("reason", "reason", spare=4),
    *(Column(key, key, in_table=False) for key in MORE),
)
PINGS = (
    Column("accepted_at", "accepted"),
    Column("kind", "kind"),
    Column("exit_code", "exit", right=True),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("remote", "from", spare=1),
    Column("body_bytes", "body", show=size, right=True),
    Column("method", "method", in_table=False),
    Column("agent", "agent", in_table=False),
    Column("run_id", "run_id", in_table=False),
    Column("body", "body", in_table=False),
)
NONE = "There is no heartbeat yet. `ops heartbeat add NAME --every 1h` makes one."
FACTS = (
    ("business", "business_id"), ("expected", "expected"), ("grace", "grace_seconds"),
    ("severity", "severity"),
    ("declared by", "declared_by"), ("last ping", "last_ping_at"), ("last success", "last_success_at"),
    ("last failure", "last_failure_at"), ("took", "last_duration_ms"), ("running since", "running_since"),
    ("due", "due_at"), ("missing from", "missing_at"), ("paused", "paused_at"),
)  # fmt: skip
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")


@click.group()
def heartbeat() -> None:
    """
    What is expected to ping regularly, and whether it does.

    Example:

    \b
        ops heartbeat add nightly-backup --cron '30 2 * * *' --zone Australia/Melbourne --grace 30m
        ops heartbeat list
    """


@heartbeat.command("list")
@click.option("--business", help="Only this business, by slug or name.")
@output_option()
@pass_session
@acting
async def list_(session: Session, business: str | None, output: str) -> None:
    """
    Every heartbeat and how it stands, those that are down first.

    Example:

    \b
        ops heartbeat list
        ops heartbeat list --business teelixir --output json
    """
    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        await _stored(app)
        rows = [_row(each) for each in await standings(app.pool, business=slug)]
    emit(rows, COLUMNS, output, empty=NONE)


@heartbeat.command()
@click.argument("name")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 10_000), default=10, help="How many pings.  [default: 10]"
)
@output_option("table", "json")
@pass_session
@acting
async def show(session: Session, name: str, limit: int, output: str) -> None:
    """
    One heartbeat, how it stands and why, and its newest pings.

    Example:

    \b
        ops heartbeat show nightly-backup
        ops heartbeat show nightly-backup -n 100 --output json
    """
    async with session.app() as app:
        await _stored(app)
        found = await standing(app.pool, name)
        pings = await pings_of(app.pool, name, limit)
    if output == "json":
        emit_object({**msgspec.structs.asdict(found), "pings": pings})
        return
    write(_described(found))
    emit(pings, PINGS, output, empty="No ping yet.")


@heartbeat.command("add")
@click.argument("name")
@click.option("--business", default=GROUP, help="Whose it is, by slug or name.  [default: group]")
@click.option("--every", help="The longest time between two pings: 90s, 30m, 1d.")
@click.option("--cron", help="When a ping is due, in cron's five fields.")
@click.option("--zone", default="UTC", help="The time zone of --cron.  [default: UTC]")
@click.option("--grace", default="5m", help="How long a ping may be late.  [default: 5m]")
@click.option("--longest", help="How long a run may take, where it tells its start.  [default: as --grace]")
@click.option(
    "--severity", type=click.Choice(["warning", "critical"]), default="critical", help="[default: critical]"
)
@dry_run_option
@output_option("table", "json")
@pass_session
@acting
async def add_(session: Session, /, name: str, dry_run: bool, output: str, **values: Any) -> None:
    """
    Make a heartbeat and tell its address, which is told only now.

    Example:

    \b
        ops heartbeat add nightly-backup --every 1d --grace 30m
        ops heartbeat add orders --business teelixir --cron '*/15 * * * *' --severity warning
    """
    wanted = _wanted(session.settings, name, values)
    if dry_run:
        check(wanted)
        say(f"{name} would be made. Nothing was changed.")
        return
    async with session.app() as app:
        token = await add(app.pool, wanted)
    _tell(session.settings, name, token, output)


@heartbeat.command("rotate")
@click.argument("name")
@dry_run_option
@output_option("table", "json")
@pass_session
@acting
async def rotate_(session: Session, name: str, dry_run: bool, output: str) -> None:
    """
    Give a heartbeat a new address. The old one is refused within five seconds.

    Example:

    \b
        ops heartbeat rotate nightly-backup
    """
    async with session.app() as app:
        if dry_run:
            await standing(app.pool, name)
            say(f"{name} would have a new address. Nothing was changed.")
            return
        token = await rotate(app.pool, name, session.settings.heartbeats)
    _tell(session.settings, name, token, output)


@heartbeat.command("pause")
@click.argument("name")
@dry_run_option
@pass_session
@acting
async def pause_(session: Session, name: str, dry_run: bool) -> None:
    """
    Watch a heartbeat no more, until it is resumed. Its pings are taken all the same.

    Example:

    \b
        ops heartbeat pause nightly-backup
    """
    await _change(session, name, pause, "paused", dry_run=dry_run)


@heartbeat.command("resume")
@click.argument("name")
@dry_run_option
@pass_session
@acting
async def resume_(session: Session, name: str, dry_run: bool) -> None:
    """
    Watch a heartbeat again; its next ping is due as if it had been made now.

    Example:

    \b
        ops heartbeat resume nightly-backup
    """
    await _change(session, name, resume, "resumed", dry_run=dry_run)


@heartbeat.command("remove")
@click.argument("name")
@dry_run_option
@pass_session
@acting
async def remove_(session: Session, name: str, dry_run: bool) -> None:
    """
    Forget a heartbeat. Its address is refused within five seconds; its pings are kept until they are old.

    Example:

    \b
        ops heartbeat remove nightly-backup
    """
    await _change(session, name, remove, "removed", dry_run=dry_run)


async def _change(session: Session, name: str, act: Any, word: str, *, dry_run: bool) -> None:
    async with session.app() as app:
        if dry_run:
            await standing(app.pool, name)
            say(f"{name} would be {word}. Nothing was changed.")
            return
        await act(app.pool, name)
    say(f"{name} is {word}.")


async def _stored(app: App) -> None:
    """What waits on disk goes first, so that what is shown is the latest."""
    with contextlib.suppress(errors.SpoolUnusable, errors.DatabaseRefused):
        await app.listening.shipping.flush()


def _wanted(settings: Settings, name: str, values: dict[str, Any]) -> Heartbeat:
    """The heartbeat that the options say. Raises BadValue, UnknownName."""
    from masterops.config.keys import HEARTBEAT
    from masterops.config.kinds import Unfit

    kinds = {each.name: each.kind for each in HEARTBEAT}
    business = values.pop("business")
    given = {"name": name, **{key: value for key, value in values.items() if value is not None}}
    for key, value in given.items():
        try:
            given[key] = kinds[key].read(value)
        except Unfit as unfit:
            raise errors.BadValue(
                kind=key, value=value, reason=f"it must be {unfit.expected}", hint="See --help."
            ) from None
    owner = business if business == GROUP else find_business(settings, business).slug
    return Heartbeat(business=owner, **given)


def _tell(settings: Settings, name: str, token: str, output: str) -> None:
    from masterops.web import address

    url = f"{address(settings)}/ping/{token}"
    line = f"curl -fsS -m 10 --retry 5 {url}"
    if output == "json":
        emit_object({"name": name, "url": url, "curl": line})
        return
    write(f"{line}\n")
    say(f"This is the address of {name}. Keep it: it is told only now. Add /start, /fail or /$? to say more.")


def _row(found: Standing) -> dict[str, Any]:
    """Its values, and what is expected of it in words."""
    every = timedelta(seconds=found.every_seconds) if found.every_seconds else None
    zone = "" if found.zone == "UTC" else f" {found.zone}"
    return {
        **msgspec.structs.asdict(found),
        "expected": f"every {in_words(every)}" if every else f"{found.cron}{zone}",
    }


def _described(found: Standing) -> str:
    values = _row(found)
    since = f" for {ago(found.since)}" if found.since else ""
    lines = [f"{found.name}  {found.state}{since}" + (f"  ({found.reason})" if found.reason else "")]
    lines += [f"  {title:<14}{_fact(key, values[key])}" for title, key in FACTS if values[key] is not None]
    return "\n".join(lines) + "\n\n"


def _fact(key: str, value: Any) -> str:
    if key.endswith(("_at", "_since")):
        return f"{moment(value)}"
    if key == "last_duration_ms":
        return milliseconds(value)
    return in_words(timedelta(seconds=value)) if key == "grace_seconds" else str(value)
