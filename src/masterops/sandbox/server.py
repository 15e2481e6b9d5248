"""
The sandbox's process: one HTTP server for all services and businesses.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Protocol

import msgspec
from aiohttp import web

from masterops import errors
from masterops.core.plugins import installed, part
from masterops.sandbox import tokens
from masterops.sandbox.clock import Clock, SystemClock, VirtualClock
from masterops.sandbox.control import Control
from masterops.sandbox.faultbook import Faultbook
from masterops.sandbox.front import Front
from masterops.sandbox.hubspot.limits import Limits
from masterops.sandbox.hubspot.twin import HubSpotTwin
from masterops.sandbox.n8n.twin import N8nTwin
from masterops.sandbox.service import Service
from masterops.sandbox.supabase.twin import SupabaseTwin
from masterops.sandbox.unleashed.twin import UnleashedTwin

LIVE_SECONDS = 20.0
# The variable with the URL of Supabase's tables: others do not read it there, and it may hold a password.
DATABASE = "MASTEROPS_SANDBOX_DATABASE"
LONGEST_LINE = 65_536  # a URL longer than the service allows must reach us to be refused in its words
GRACE_SECONDS = 0.5


class Twin(Protocol):
    """
    Makes the twin of a service.
    """

    def __call__(
        self, businesses: Sequence[str], clock: Clock, *, seed: int = 1, records: int | None = None
    ) -> Service: ...


class Running(msgspec.Struct, frozen=True):
    """
    Where a started sandbox is.
    """

    host: str
    port: int
    url: str
    pid: int


async def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    businesses: Sequence[str],
    state_dir: Path | None,
    seed: int = 1,
    ready: Callable[[Running], None] | None = None,
    live: bool = False,
    live_seconds: float = LIVE_SECONDS,
    clock: Clock | None = None,
    limits: Limits | None = None,
    contacts: int | None = None,
    products: int | None = None,
    workflows: int | None = None,
    executions: int | None = None,
    database: str | None = None,
    rows: int | None = None,
    records: int | None = None,
    twins: Mapping[str, Twin] | None = None,
) -> None:
    """
    Serve until cancelled. Raises PortTaken, SandboxFailed or SandboxState.

    `ready` is told where it is once calls are answered. With `live` a record of some business changes
    every `live_seconds`, and n8n's workflows run by the clock. `contacts`, `products`, `workflows`,
    `executions` and `rows` set how many of them a business is seeded with at HubSpot, Unleashed, n8n and
    Supabase, whose tables are in databases of their own on the PostgreSQL at `database`; `records` those of
    each kind at the twins of installed connectors, which are `twins` where they are given.
    """
    names = _checked(businesses)
    virtual = VirtualClock(clock or SystemClock())
    services: dict[str, Service] = {
        "hubspot": HubSpotTwin(names, virtual, seed=seed, limits=limits, contacts=contacts),
        "unleashed": UnleashedTwin(names, virtual, seed=seed, products=products),
        "n8n": N8nTwin(names, virtual, seed=seed, workflows=workflows, live=live, executions=executions),
        "supabase": SupabaseTwin(names, virtual, seed=seed, database=database, rows=rows),
    }
    services |= _others(names, virtual, seed, records, twins)
    book = Faultbook(state_dir, seed)
    front = Front(services, Control(services, names, book, virtual), book)
    server = web.Server(front.handle, handler_cancellation=True, access_log=None, max_line_size=LONGEST_LINE)
    runner = web.ServerRunner(server, shutdown_timeout=GRACE_SECONDS)
    await runner.setup()
    try:
        running = await _listening(runner, host, port)
        if ready is not None:
            ready(running)
        async with asyncio.TaskGroup() as group:
            for service in services.values():
                group.create_task(service.work())
            if live:
                group.create_task(_live(services, names, Random(seed), live_seconds))
    finally:
        await runner.cleanup()


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    businesses: Sequence[str],
    state_dir: Path | None = None,
    seed: int = 1,
    ready: Callable[[Running], None] | None = None,
    live: bool = False,
    contacts: int | None = None,
    database: str | None = None,
    until_stdin_closes: bool = False,
) -> None:
    """
    As `serve`, for a process of its own: until SIGTERM or SIGINT, and on uvloop where there is one.

    With `until_stdin_closes` it also ends with the process at the other end of its standard input, however
    that one ends.
    """
    serving = serve(
        host, port, businesses=businesses, state_dir=state_dir, seed=seed, ready=ready, live=live,
        contacts=contacts, database=database,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_told(serving, until_stdin_closes))


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Running]:
    """`serve`, as long as the block; for tests."""
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(ready=started.set_result, **options))
    try:
        ends: set[asyncio.Future[Any]] = {task, started}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()  # raises what kept it from serving
        yield started.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until_told(serving: Coroutine[Any, Any, None], until_stdin_closes: bool) -> None:
    task = asyncio.ensure_future(serving)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    if until_stdin_closes:
        # Nothing is ever written to it: readable means closed.
        loop.add_reader(0, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
    return factory


def _checked(businesses: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(businesses))
    if not names:
        raise errors.BadValue(value="", kind="business", reason="the sandbox needs at least one business.")
    for name in names:
        tokens.check_slug(name)
    return names


def _others(
    names: list[str], clock: Clock, seed: int, records: int | None, twins: Mapping[str, Twin] | None
) -> dict[str, Service]:
    """The twins that installed connectors bring, or those that were given."""
    if twins is None:
        found = {service: part(service, "twin") for service in installed()}
        twins = {service: twin for service, twin in found.items() if twin is not None}
    return {name: twin(names, clock, seed=seed, records=records) for name, twin in twins.items()}


async def _listening(runner: web.ServerRunner, host: str, port: int) -> Running:
    if not 0 <= port <= 65_535:  # uvloop would quietly take the remainder
        raise errors.BadValue(value=port, kind="port", reason="give a number from 0 to 65535.")
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise errors.PortTaken(port=port, host=host) from None
        reason = f"cannot listen on {host}:{port}: {error.strerror or error}"
        raise errors.SandboxFailed(reason=reason) from None
    bound = int(runner.addresses[0][1])
    shown = f"[{host}]" if ":" in host else host
    return Running(host, bound, f"http://{shown}:{bound}", os.getpid())


async def _live(services: Mapping[str, Service], names: list[str], chance: Random, seconds: float) -> None:
    """Change something every now and then, for ever."""
    while True:
        await asyncio.sleep(seconds)
        chance.choice(list(services.values())).happen(chance.choice(names), chance)
