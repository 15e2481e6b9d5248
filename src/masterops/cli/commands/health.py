"""
`ops health-check`, which is `ops health check` too: look at everything now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from masterops import errors
from masterops.app import App
from masterops.app.losing import recent_loss
from masterops.cli import look
from masterops.cli.junit import junit
from masterops.cli.output import emit, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.sparkline import shown, sparkline
from masterops.cli.values import Column, milliseconds
from masterops.config import Check, find_business, find_service
from masterops.core import clock
from masterops.core.durations import in_words
from masterops.core.spelling import unknown
from masterops.health import (
    Change,
    Checked,
    Patient,
    Result,
    care_of,
    check_connections,
    check_once,
    record_incidents,
    survey,
)
from masterops.reports import recent_looks

CHECKS = "check"
LOOKS = 24
COLUMNS = (
    Column("service", "service", in_table=False),
    Column("check", "service"),
    Column("business", "business", show=lambda value: value or "(group)", spare=2),
    Column("state", "state", show=look.state),
    Column("response_time_ms", "response", show=milliseconds, right=True),
    Column("for", "for", right=True, spare=1),
    Column("error_message", "reason", show=lambda value: value or ""),
    # As programs know it from before.
    Column("connection", "connection", in_table=False),
    Column("check_name", "check", in_table=False),
)
MORE = (
    Column("error_code", "code", show=lambda value: value or "", spare=3),
    Column("error_category", "category", show=lambda value: value or "", spare=4),
    Column("checked_at", "checked", spare=6),
    Column("maintenance", "maintenance", show=lambda value: value or "", spare=5),
)
HISTORY = Column("history", "the last looks", show=lambda value: value or "")


@click.command()
@click.option("--services", metavar="A,B", help="Only these services; `check` stands for [[checks]].")
@click.option("--business", help="Only this business, by slug or name.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show code, category, time and the last looks of each too."
)
@click.option("--watch", is_flag=True, help="Check again and again; Ctrl-C ends it.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    default=10,
    help="Seconds between checks of --watch.  [default: 10]",
)
@output_option("table", "json", "csv", "junit")
@pass_session
@acting
async def health_check(
    session: Session,
    services: str | None,
    business: str | None,
    verbose: bool,
    watch: bool,
    every: float,
    output: str,
) -> int:
    """
    Look at every connection and check now, and keep the results.

    What fails is looked at again before it counts as down. Of quotas, tokens, clocks and the like, those that
    are not well are shown, with --verbose all. Exits with 0 when everything is up or in maintenance, 1 when
    something is not, 2 when the command is wrong.

    Example:

    \b
        ops health-check
        ops health-check --services hubspot --business teelixir --verbose
    """
    settings = session.settings
    wanted = {_service(session, name.strip()) for name in services.split(",")} if services else None
    slug = find_business(settings, business).slug if business else None
    if missing := recent_loss(settings.home):
        say(missing)
    async with session.app() as app:
        await app.register()
        while True:
            rows = await _rows(app, wanted, slug, verbose)
            await _show(app, rows, verbose, output)
            if not watch:
                return 1 if any(row["state"] != "up" and not row["maintenance"] for row in rows) else 0
            await asyncio.sleep(every)
            say(f"\n{clock.now().astimezone():%H:%M:%S}")


def _service(session: Session, name: str) -> str:
    return CHECKS if name == CHECKS else find_service(session.settings, name)


async def _rows(
    app: App, services: set[str] | None, business: str | None, verbose: bool
) -> list[dict[str, Any]]:
    """What was found, the connections first."""
    patients, checks = await _wanted(app, services, business)
    care, health = care_of(app.settings), app.settings.health
    checked = await check_connections(patients, app.pool, app.log, care=care)
    aspects = await survey(patients, checked, app.pool, app.settings.home, care, health)
    looked = await check_once(checks, app.pool, care, at_once=health.at_once)
    await record_incidents(app.pool, app.settings.needs)
    everything = services is None and business is None
    return [
        *(as_row(each) for each in checked),
        *(_result_row(result, change) for result, change in looked),
        *(
            _result_row(each)
            for each in aspects
            if (verbose or each.conclusion.verdict.state != "up")
            and (everything or each.integration in {patient.connection.id for patient in patients})
        ),
    ]


async def _wanted(
    app: App, services: set[str] | None, business: str | None
) -> tuple[list[Patient], list[Check]]:
    everyone = await app.patients()
    there = {patient.connection.service for patient in everyone} | (
        {CHECKS} if app.settings.checks else set()
    )
    for service in sorted((services or set()) - there):
        raise unknown("connection to a service", service, there)

    def is_wanted(service: str, slug: str | None) -> bool:
        return (services is None or service in services) and business in (None, slug)

    patients = [each for each in everyone if is_wanted(each.connection.service, each.connection.slug)]
    checks = [each for each in app.settings.checks if is_wanted(CHECKS, each.business)]
    if not patients and not checks:
        raise errors.UsageError(
            what="No connection passes these filters", hint="`ops config show` lists them."
        )
    return patients, checks


async def _show(app: App, rows: list[dict[str, Any]], verbose: bool, output: str) -> None:
    if output == "junit":
        write(junit("ops health-check", rows))
        return
    columns = (*COLUMNS, *MORE) if verbose or output != "table" else COLUMNS
    if verbose and output == "table" and shown():
        keys = [(row["connection"], row["check_name"]) for row in rows]
        found = await recent_looks(app.pool, keys, limit=LOOKS)
        for row, key in zip(rows, keys, strict=True):
            row["history"] = bars([(each.state, each.response_time_ms) for each in found.get(key, [])])
        columns = (*columns, HISTORY)
    emit(rows, columns, output)


def bars(looks: Sequence[tuple[str, float | None]]) -> str:
    """A bar for each look by its response time; `!` for one that found it down."""
    heights = sparkline([max(1, round(took)) if took else 0 for _, took in looks])
    return "".join("!" if state == "down" else bar for (state, _), bar in zip(looks, heights, strict=True))


def as_row(result: Checked) -> dict[str, Any]:
    """One connection as the columns want it."""
    return {
        "service": result.service,
        "check": result.service,
        "business": result.business,
        "connection": result.connection,
        "check_name": "connection",
        "state": result.verdict.state,
        "response_time_ms": result.probe.response_ms,
        "for": _for(result.checked_at, result.since),
        "error_message": result.verdict.reason,
        "error_code": result.probe.error_code,
        "error_category": result.probe.error_category,
        "checked_at": result.checked_at,
        "maintenance": result.maintenance,
    }


def _result_row(result: Result, change: Change | None = None) -> dict[str, Any]:
    """A check of `[[checks]]`, or an aspect of a connection, as the columns want it."""
    row, verdict = result.row(), result.conclusion.verdict
    name = result.integration.removeprefix("check/") if result.service == CHECKS else result.service
    return {
        **{key: row[key] for key in ("service", "state", "response_time_ms", "error_message", "check_name")},
        "check": f"{name} {result.check}",
        "business": result.business,
        "connection": result.integration,
        "for": _for(result.at, change.since if change else None),
        "error_code": None if verdict.healthy else result.code,
        "error_category": None if verdict.healthy else result.category,
        "checked_at": result.at,
        "maintenance": result.conclusion.window,
    }


def _for(at: datetime, since: datetime | None) -> str:
    return in_words(at - since) if since else "-"
