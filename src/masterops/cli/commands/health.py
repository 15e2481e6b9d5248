"""
`ops health-check`: ask every connection now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from masterops import errors
from masterops.app import App
from masterops.app.losing import recent_loss
from masterops.cli import look
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, milliseconds
from masterops.config import find_business, find_service
from masterops.core import clock
from masterops.core.durations import in_words
from masterops.core.spelling import unknown
from masterops.core.states import UNHEALTHY
from masterops.health import Checked, Patient, check_connections

COLUMNS = (
    Column("connection", "connection"),
    Column("state", "state", show=look.state),
    Column("response_time_ms", "response", show=milliseconds, right=True),
    Column("for", "for", right=True),
    Column("error_message", "what is wrong", show=lambda value: value or ""),
)
MORE = (
    Column("error_code", "code", show=lambda value: value or ""),
    Column("error_category", "category", show=lambda value: value or ""),
    Column("checked_at", "checked"),
)


@click.command()
@click.option("--services", metavar="A,B", help="Only these services.")
@click.option("--business", help="Only this business, by slug or name.")
@click.option("-v", "--verbose", is_flag=True, help="Show error code, category and time too.")
@click.option("--watch", is_flag=True, help="Check again and again; Ctrl-C ends it.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    default=10,
    help="Seconds between checks of --watch.  [default: 10]",
)
@output_option()
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
    Check every connection now and keep the results. Exits with 1 if one is not up.

    Example:

    \b
        ops health-check
        ops health-check --services hubspot --business teelixir --verbose
    """
    settings = session.settings
    wanted = {find_service(settings, name.strip()) for name in services.split(",")} if services else None
    slug = find_business(settings, business).slug if business else None
    if missing := recent_loss(settings.home):
        say(missing)
    async with session.app() as app:
        await app.register()
        while True:
            results = await _check(app, wanted, slug)
            _show(results, verbose, output)
            if not watch:
                return 1 if any(each.verdict.state in UNHEALTHY for each in results) else 0
            await asyncio.sleep(every)
            say(f"\n{clock.now().astimezone():%H:%M:%S}")


async def _check(app: App, services: set[str] | None, business: str | None) -> list[Checked]:
    def is_wanted(patient: Patient) -> bool:
        connection = patient.connection
        return (services is None or connection.service in services) and business in (
            None,
            connection.slug,
        )

    everyone = await app.patients()
    there = {patient.connection.service for patient in everyone}
    for service in sorted((services or set()) - there):
        raise unknown("connection to a service", service, there)
    patients = [patient for patient in everyone if is_wanted(patient)]
    if not patients:
        raise errors.UsageError(
            what="No connection passes these filters", hint="`ops config show` lists them."
        )
    return await check_connections(patients, app.pool, app.log)


def _show(results: Sequence[Checked], verbose: bool, output: str) -> None:
    columns = (*COLUMNS, *MORE) if verbose or output != "table" else COLUMNS
    emit([as_row(each) for each in results], columns, output)


def as_row(result: Checked) -> dict[str, Any]:
    """One result as the columns want it."""
    return {
        "connection": result.connection,
        "state": result.verdict.state,
        "response_time_ms": result.probe.response_ms,
        "for": in_words(result.checked_at - result.since) if result.since else "-",
        "error_message": result.verdict.reason,
        "error_code": result.probe.error_code,
        "error_category": result.probe.error_category,
        "checked_at": result.checked_at,
    }
