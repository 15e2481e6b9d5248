"""
`ops up`: the platform, running.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from uuid import UUID

import click

from masterops import errors
from masterops.app import App
from masterops.cli import look, screen
from masterops.cli.output import as_json_line, emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.core.ids import uuid7
from masterops.reports import Summary, summary

DEMO = (
    "No credentials are configured: demo mode. The services are local twins with made-up demo records;"
    " `ops init` sets up your own."
)
ONCE_SECONDS, POLL_SECONDS = 150.0, 0.05


@click.command()
@click.option(
    "--once", is_flag=True, help="One full cycle, the summary, and out: 0 when all is well, else 1."
)
@output_option("table", "json")
@pass_session
@acting
async def up(session: Session, once: bool, output: str) -> int:
    """
    Run the platform: check every connection each minute, read what changed, keep logs and metrics.

    On a terminal it shows a live summary, elsewhere a line a cycle (with --output json an object a line).
    Ctrl-C stops everything in order. Beside that it serves HTTP, unless `web.enabled` is false: pings of
    heartbeats, /healthz, /readyz, /status.json.

    Example:

    \b
        ops up
        ops up --once --output json
    """
    async with session.app(migrating=True) as app:
        if app.demo is not None:
            say(DEMO)
        await app.engine.prepare()
        await app.register()
        return await _once(app, output) if once else await _run(app, output)


async def _once(app: App, output: str) -> int:
    """One cycle through the queue, so that it is the same cycle that `ops up` runs all day."""
    cycle = uuid7()
    await app.request_cycle(cycle)
    async with working(app):
        await _ended(app, cycle)
        await app.shipping.flush()
        now = await summary(app.pool)
    if output == "table":
        write(screen.render(now, demo=app.demo is not None))
    else:
        emit_object(now)
    return 0 if now.well else 1


async def _ended(app: App, cycle: UUID) -> None:
    """Another process may be the one that runs it, so the database is asked."""
    for _ in range(int(ONCE_SECONDS / POLL_SECONDS)):
        if await app.cycle_finished(cycle):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise errors.CycleUnfinished(seconds=ONCE_SECONDS)


async def _run(app: App, output: str) -> int:
    stop = stop_on_signals()
    await app.request_cycle(uuid7())
    async with working(app, stop), _web(app):
        live = output == "table" and sys.stdout.isatty()
        await (_live(app, stop) if live else _lines(app, stop, output))
    say("Stopped.")
    return 0


@contextlib.asynccontextmanager
async def _web(app: App) -> AsyncIterator[None]:
    """HTTP beside the worker; an address that cannot be had is said, and the platform goes on."""
    if not app.settings.web.enabled:
        yield
        return
    from masterops.web import bind, serving  # a quarter of a second that other commands need not spend

    try:
        bound = bind(app.settings.web)
    except errors.WebError as error:
        app.log.warn("web.not_served", service="web", code=error.code, error=error.message)
        say(f"{error.message}. {error.advice}")
        yield
        return
    async with serving(app, bound):
        yield


@contextlib.asynccontextmanager
async def working(app: App, stop: asyncio.Event | None = None) -> AsyncIterator[None]:
    """A worker for the jobs while the block runs; it finishes what it has in hand."""
    ending = stop or asyncio.Event()
    tune_on_hangup(app)
    worker = asyncio.create_task(app.engine.work(ending), name="masterops-worker")
    keeper = asyncio.create_task(app.keep_database(ending), name="masterops-keeper")
    watch = asyncio.create_task(app.watch.run(ending), name="masterops-checks")
    tuner = asyncio.create_task(app.tuning.follow(ending), name="masterops-tuner")
    try:
        yield
    finally:
        ending.set()
        await asyncio.gather(worker, keeper, tuner, watch)


def stop_on_signals() -> asyncio.Event:
    """An event that the first Ctrl-C or SIGTERM sets. A second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def asked() -> None:
        say("\nStopping … (once more ends it at once)")
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, asked)
    return stop


def tune_on_hangup(app: App) -> None:
    """
    Let SIGHUP read the settings of records again.

    On a terminal it means that the terminal is gone, and goes on ending the process.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.tuning.ask)


async def _live(app: App, stop: asyncio.Event) -> None:
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), auto_refresh=False, screen=False) as live:
        async for now, trouble in _moments(app, stop):
            shown = screen.render(now, demo=app.demo is not None) if now else ""
            note = trouble or "Ctrl-C stops. In another terminal: ops attention, ops logs --follow"
            live.update(Text.from_ansi(f"{shown}{look.wrap(note)}"), refresh=True)


async def _lines(app: App, stop: asyncio.Event, output: str) -> None:
    last, said = "", ""
    async for now, trouble in _moments(app, stop):
        if trouble and trouble != said:
            say(trouble)
        said = trouble
        if now and now.last_cycle and now.last_cycle.id != last:
            last = now.last_cycle.id
            write(screen.cycle_line(now) if output == "table" else as_json_line(now))


async def _moments(app: App, stop: asyncio.Event) -> AsyncIterator[tuple[Summary | None, str]]:
    """The summary each second until `stop`; what is wrong with the database where there is none."""
    while not stop.is_set():
        try:
            yield await summary(app.pool), ""
        except errors.DatabaseError as error:
            yield None, f"The database is away ({error.message}); logs wait in the spool."
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)
