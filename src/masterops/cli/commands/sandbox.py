"""
`ops sandbox`: the twins.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import click

from masterops import errors
from masterops.app import demo
from masterops.cli.commands.up import stop_on_signals
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column
from masterops.config import Settings, find_business
from masterops.sandbox import DATABASE, Running, faults, serve, token_for

ACCOUNTS = (Column("connection", "connection"), Column("base_url", "base URL"), Column("token", "demo token"))
FAULTS = (Column("connection", "connection"), Column("fault", "fault"))


@click.group()
def sandbox() -> None:
    """
    The local twins of the services: stateful, with demo records, limits and faults to switch on.
    """


@sandbox.command(name="serve")
@click.option("--host", help="The address to answer at.  [default: sandbox.host, 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port; 0 picks a free one.  [default: sandbox.port]"
)
@click.option("--live", is_flag=True, help="Let some record change every now and then.")
@output_option()
@pass_session
@acting
async def serve_command(
    session: Session, host: str | None, port: int | None, live: bool, output: str
) -> None:
    """
    Serve the twins until Ctrl-C, and print where each account answers and its demo token.

    Supabase's rows are kept in databases of their own on the PostgreSQL that the variable
    MASTEROPS_SANDBOX_DATABASE names; without it, its row API says that it has none.

    Example:

    \b
        ops sandbox serve --port 8790
    """
    settings = session.settings
    sandbox = settings.sandbox

    def ready(running: Running) -> None:
        demo.announce(settings.home, demo.Place(running.url, running.pid))
        emit(_accounts(settings, running.url), ACCOUNTS, output)
        say("Serving. Ctrl-C stops.")

    serving = asyncio.create_task(
        serve(
            host or sandbox.host,
            sandbox.port if port is None else port,
            businesses=[business.slug for business in settings.businesses],
            state_dir=demo.state_folder(settings.home),
            seed=sandbox.seed,
            ready=ready,
            live=live,
            database=os.environ.get(DATABASE),
        )
    )
    stopping = asyncio.create_task(stop_on_signals().wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        serving.cancel()
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        demo.withdraw(settings.home, os.getpid())


@sandbox.command()
@pass_session
@acting
async def reset(session: Session) -> None:
    """
    Clear every fault, and put a running sandbox's records back to the seed.

    Example:

    \b
        ops sandbox reset
    """
    home = session.settings.home
    faults.clear_faults(demo.state_folder(home))
    place = demo.find(home)
    running = place is not None and await demo.ask(place.url, "POST", "/_sandbox/reset") is not None
    say("Faults cleared, records as seeded." if running else "Faults cleared. No sandbox is running.")


@sandbox.command()
@click.argument("connection", required=False)
@click.option("--status", type=int, help="Answer with this HTTP status, 400 to 599.")
@click.option("--storm", is_flag=True, default=None, help="Refuse with 429.")
@click.option("--expired", is_flag=True, default=None, help="Refuse the token with 401.")
@click.option("--profile", help=f"A mixture of faults: {', '.join(faults.PROFILES)}.")
@click.option("--seed", type=int, help="Of --profile: the same seed meets the same requests.")
@click.option("--garbage", is_flag=True, default=None, help="Answer with a page of HTML.")
@click.option("--partial", is_flag=True, default=None, help="Fail some inputs of a batch (207).")
@click.option("--crowd", type=int, help="Spend so many calls of others with each call.")
@click.option("--hang", is_flag=True, default=None, help="Take the request and never answer.")
@click.option("--malformed", is_flag=True, default=None, help="Answer with broken JSON.")
@click.option("--cut", is_flag=True, default=None, help="Close the connection in the middle of the answer.")
@click.option("--latency-ms", type=float, help="Answer so many milliseconds later.")
@click.option("--jitter-ms", type=float, help="And up to so many more, at random.")
@click.option("--retry-after", help="Send Retry-After, as it stands, with --status or --storm.")
@click.option("--ratio", type=float, help="Only this part of the requests, such as 0.2.")
@click.option("--times", type=int, help="Only the next so many requests.")
@click.option("--clear", is_flag=True, help="End the fault of CONNECTION.")
@output_option()
@pass_session
def fault(session: Session, /, connection: str | None, clear: bool, output: str, **effects: Any) -> None:
    """
    Make the twin at CONNECTION (hubspot/teelixir) misbehave, now and until it is cleared.

    It holds for a running sandbox from the next request on, and for one started later. Without CONNECTION
    the faults in force are printed.

    Example:

    \b
        ops sandbox fault hubspot/teelixir --status 500
        ops sandbox fault hubspot/teelixir --profile storm --seed 7
        ops sandbox fault hubspot/teelixir --clear
    """
    settings = session.settings
    folder = demo.state_folder(settings.home)
    if connection is not None:
        connection = _known(settings, connection)
        wanted = {name: value for name, value in effects.items() if value is not None}
        if clear and wanted:
            raise errors.UsageError(what="--clear ends a fault; it takes no effect beside it.")
        faults.save_fault(folder, connection, None if clear else faults.parse(wanted))
    emit(_in_force(folder), FAULTS, output, empty="No fault is set.")


def _known(settings: Settings, connection: str) -> str:
    """The connection with its business checked and spelt as a slug."""
    service, slash, business = connection.partition("/")
    if not slash:
        reason = "write service/business, like hubspot/teelixir"
        raise errors.BadValue(value=connection, kind="connection", reason=reason)
    return f"{service}/{find_business(settings, business).slug}"


def _in_force(folder: Path) -> list[dict[str, str]]:
    return [
        {
            "connection": connection,
            "fault": ", ".join(f"{name}={value}" for name, value in found.named().items()),
        }
        for connection, found in faults.load_faults(folder).items()
    ]


def _accounts(settings: Settings, url: str) -> list[dict[str, str]]:
    return [
        {
            "connection": f"{service}/{business.slug}",
            "base_url": f"{url}/{service}",
            "token": token_for(service, business.slug),
        }
        for business in settings.businesses
        for service in demo.services(settings)
    ]
