"""
`ops test-integration`: does a connector do what it promises, at this account?
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.output import emit, output_option, say
from masterops.cli.progress import progress
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, milliseconds
from masterops.config import Connection, find_business, find_service
from masterops.connectors import Capability, Connector
from masterops.connectors.leftovers import Journal
from masterops.core import clock
from masterops.transport.overhearing import overheard

if TYPE_CHECKING:
    from masterops.app import App

COLUMNS = (
    Column("connection", "connection", in_table=False),
    Column("capability", "capability"),
    Column("state", "result", show=look.state),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("detail", "detail"),
    Column("code", "code", in_table=False),
)


@click.command()
@click.argument("service")
@click.option("--business", help="Which business's account, by slug or name; needed where there are several.")
@click.option("--write", is_flag=True, help="Also try what writes, with records that are removed again.")
@click.option("--live", is_flag=True, help="A real account or nothing: refuse the demo's twins.")
@output_option()
@pass_session
@acting
async def test_integration(
    session: Session, service: str, business: str | None, write: bool, live: bool, output: str
) -> int:
    """
    Try each capability of SERVICE's connector and time it. Exits with 1 if one fails.

    A real account is only read unless --write is given; the demo's twins are always tried whole. What was
    made is removed again, also after Ctrl-C; what a killed run has left, the next that may write removes.

    Example:

    \b
        ops test-integration hubspot --business teelixir
        ops test-integration hubspot --business teelixir --live --write
    """
    settings = session.settings
    name = find_service(settings, service)
    slug = find_business(settings, business).slug if business else None
    if live and settings.demo:
        hint = f"Configure a connection to {name} (`ops init`), or leave out --live."
        raise errors.UsageError(what="no real account is configured: this is demo mode", hint=hint)
    async with session.app() as app:
        await app.register()
        connection = await choose(app, name, slug)
        say(f"{connection.id}{'  (demo: a local twin)' if app.demo else ''}")
        rows = await _all(app, connection, allowed=write or app.demo is not None)
    emit([{"connection": connection.id, **row} for row in rows], COLUMNS, output)
    return 1 if any(row["state"] == "failed" for row in rows) else 0


async def _all(app: App, connection: Connection, *, allowed: bool) -> list[dict[str, Any]]:
    """Every capability, and nothing left behind."""
    connector, journal = app.connector(connection), Journal(app.settings.home, connection)
    capabilities = connector.capabilities()
    rows = []
    with journal.alone(), overheard(journal.heard):
        await _earlier(app, connector, journal, allowed=allowed)
        try:
            with progress(len(capabilities), capabilities[0].name) as step:
                for capability, after in zip_longest(capabilities, capabilities[1:]):
                    rows.append(await _try(capability, allowed=allowed))
                    step(after.name if after else "")
        finally:  # also after Ctrl-C
            if allowed:
                await _removed(app, journal)
            journal.close()
    return rows


async def _earlier(app: App, connector: Connector, journal: Journal, *, allowed: bool) -> None:
    """What an earlier run has left: removed, or said where nothing may be written."""
    left = journal.left()
    if not left:
        return
    if not allowed:
        say(f"An earlier run has left {len(left)} of its records here; with --write they are removed.")
        return
    with suppress(errors.RemoteError):  # what is wrong with the service, the capabilities will tell
        await connector.ping()  # from then on it is known how the account is reached
    count = await _removed(app, journal)
    say(f"{count} of {len(left)} records of an earlier run were removed.")


async def _removed(app: App, journal: Journal) -> int:
    """How many of what is left could be removed; what could not be is said."""
    count = 0
    for each in journal.left():
        target = journal.target(each)
        if target is None:
            # The twin that had it has ended, and all that it had with it.
            if app.demo is not None and journal.targets:
                journal.forget(each)
            else:
                say(f"{each.path} is left: nobody answered, or it was made with other credentials.")
            continue
        try:
            await app.remove(target, each.path, first=each.first)
            count += 1
        except errors.NotFound:
            count += 1  # somebody else was faster
        except errors.RemoteError as error:
            say(f"{each.path} is left: {error.message}")
    return count


async def choose(app: Any, service: str, business: str | None) -> Any:
    """The connection that is meant; in demo mode, where every business has one, the first will do."""
    connections = await app.connections()
    first = next((each for each in connections if each.service == service), None)
    if business is None and app.demo is not None and first is not None:
        return first
    return app.pick(connections, service, business)


async def _try(capability: Capability, *, allowed: bool) -> dict[str, Any]:
    if capability.writes and not allowed:
        return {
            "capability": capability.name,
            "state": "skipped",
            "detail": "it writes: give --write to try it",
        }
    if capability.lacking:
        return {"capability": capability.name, "state": "skipped", "detail": capability.lacking}
    start = clock.ticks()
    facts: dict[str, Any]
    try:
        async with asyncio.timeout(120):
            facts = {"state": "ok", "detail": await capability.run()}
    except errors.MasterOpsError as error:
        facts = {"state": "failed", "detail": error.message, "code": error.code}
    except TimeoutError:
        facts = {"state": "failed", "detail": "not done after 120 s", "code": errors.Timeout.code}
    return {"capability": capability.name, "duration_ms": (clock.ticks() - start) * 1000, **facts}
