"""
`ops health`: what the checks have found over time, and maintenance.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
import msgspec

from masterops.cli import look
from masterops.cli.commands.health import health_check
from masterops.cli.commands.health_maintenance import maintenance
from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, count
from masterops.config import Settings
from masterops.core import clock
from masterops.core.durations import in_words, parse_since
from masterops.core.spelling import nearest, unknown
from masterops.reports import flips, incidents, uptimes


def lasted(value: float | None) -> str:
    """`5 min`."""
    return "-" if value is None else in_words(timedelta(seconds=value))


def share(value: float | None) -> str:
    """`99.95 %`."""
    return "-" if value is None else f"{value:.4g} %"


def minutes(value: float | None) -> str:
    """`3.6 min`; days are easier to read in hours."""
    if value is None:
        return "-"
    return f"{value:,.1f} min" if value < 120 else f"{value / 60:,.1f} h"


FLIPS = (
    Column("flipped_at", "when"),
    Column("integration_id", "connection or check"),
    Column("check_name", "check", spare=2),
    Column("from_state", "from", show=lambda value: value or "-", spare=1),
    Column("to_state", "to", show=look.state),
    Column("lasted_seconds", "for", show=lasted, right=True),
    Column("reason", "reason", show=lambda value: value or ""),
    Column("business", "business", in_table=False),
    Column("service", "service", in_table=False),
    Column("ended_at", "until", in_table=False),
)
BUDGETS = (
    Column("check", "connection or check"),
    Column("business", "business", in_table=False),
    Column("window", "window"),
    Column("uptime_pct", "uptime", show=share, right=True),
    Column("target_pct", "target", show=share, right=True),
    Column("down_minutes", "down", show=minutes, right=True),
    Column("allowed_minutes", "allowed", show=minutes, right=True, spare=1),
    Column("left_pct", "budget left", show=share, right=True),
    Column("looks", "looks", show=count, right=True, spare=2),
)
INCIDENTS = (
    Column("title", "incident"),
    Column("state", "state", show=look.state),
    Column("since", "since"),
    Column("lasted_seconds", "for", show=lasted, right=True),
    Column("checks", "checks", show=count, right=True, spare=2),
    Column("closed_at", "ended", show=lambda value: "" if value is None else "yes", spare=1),
    Column("reason", "reason", show=lambda value: value or ""),
    Column("category", "category", in_table=False),
    Column("business", "business", in_table=False),
    Column("service", "service", in_table=False),
    Column("id", "id", in_table=False),
)
SINCE = click.option("--since", default="7d", help="How far back: 2h, 7d, 2026-03-01.  [default: 7d]")
MOST = click.option(
    "-n", "--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many.  [default: 50]"
)


@click.group()
def health() -> None:
    """
    What the checks found: now, over time, together, against a target; and maintenance.

    `ops health check` is `ops health-check`.

    Example:

    \b
        ops health history hubspot/teelixir
        ops health incidents
        ops health maintenance add "HubSpot upgrade" --applies-to hubspot --for 2h
    """


health.add_command(health_check, "check")
health.add_command(maintenance)


@health.command(short_help="Changes of state, and how long each lasted.")
@click.argument("check", required=False)
@SINCE
@MOST
@output_option()
@pass_session
@acting
async def history(session: Session, check: str | None, since: str, limit: int, output: str) -> None:
    """
    The changes of state of CHECK, or of all, each with how long it lasted. The newest is first.

    CHECK is a connection such as hubspot/teelixir, or the name of a check in [[checks]].

    Example:

    \b
        ops health history
        ops health history hubspot/teelixir --since 30d --output json
    """
    moment = parse_since(since, now=clock.now())
    async with session.app() as app:
        connections = [each.id for each in await app.connections()]
        wanted = known_check(app.settings, check, connections) if check else None
        found = await flips(app.pool, since=moment, check=wanted, limit=limit)
    rows = [msgspec.structs.asdict(each) for each in found]
    emit(rows, FLIPS, output, empty="Nothing has changed its state since then.")


@health.command(short_help="Uptime against the target, and what is left of it.")
@click.option("--window", type=click.Choice(["24h", "7d", "30d"]), help="Only this window.")
@output_option()
@pass_session
@acting
async def slo(session: Session, window: str | None, output: str) -> int:
    """
    Uptime against the target (health.target_pct), and what is left of the time that it may be down.

    Looks that could not say anything, those in maintenance among them, do not count. Exits with 1 when a
    target is missed.

    Example:

    \b
        ops health slo
        ops health slo --window 30d --output json
    """
    async with session.app() as app:
        found = await uptimes(app.pool, session.settings.health.target_pct)
    chosen = [each for each in found if window in (None, each.window)]
    rows: list[dict[str, Any]] = [msgspec.structs.asdict(each) for each in chosen]
    emit(rows, BUDGETS, output, empty="Nothing has been looked at yet: `ops health-check` does.")
    return 0 if all(each.kept for each in chosen) else 1


@health.command("incidents")
@SINCE
@MOST
@output_option()
@pass_session
@acting
async def incidents_(session: Session, since: str, limit: int, output: str) -> int:
    """
    What is wrong together now, and what was lately. Exits with 1 when something stands.

    Example:

    \b
        ops health incidents
        ops health incidents --since 30d --output json
    """
    moment = parse_since(since, now=clock.now())
    async with session.app() as app:
        rows = await incidents(app.pool, since=moment, limit=limit)
    emit(rows, INCIDENTS, output, empty="There is no incident, and there was none since then.")
    return 1 if any(row["closed_at"] is None for row in rows) else 0


def known_check(settings: Settings, name: str, connections: list[str]) -> str:
    """What the results of a check are kept under. Raises UnknownName."""
    names = {**{each: each for each in connections}, **{each.name: each.id for each in settings.checks}}
    names |= {each.id: each.id for each in settings.checks}
    names["masterops/platform"] = "masterops/platform"
    if name in names:
        return names[name]
    if (close := nearest(name, names)) is not None and close.casefold() == name.casefold():
        return names[close]
    raise unknown("connection or check", name, names)
