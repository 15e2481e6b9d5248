"""
The twins in a thread of the test's process, over real HTTP: for tests with an event loop and without.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import msgspec

from masterops import errors
from masterops.app.blocking import Blocking, Portal
from masterops.app.demo import demo_connection
from masterops.config import Connection, Secret, load
from masterops.connectors import Connector
from masterops.connectors.registry import connector_for
from masterops.core.backoff import RetryPolicy
from masterops.logs import ApiMetric, Logger, LogRecord
from masterops.sandbox import Running, serve, token_for
from masterops.testing.clock import MovedClock
from masterops.transport import Transport

# A test wants its answer: what a twin does not say within a second or two it will not say.
SOON = RetryPolicy(attempts=4, base=0.01, ceiling=0.2, deadline=20.0)
SEED = 1
FEW = 30  # records of a kind that a business begins with


class Sandbox:
    """
    Running twins of some businesses: where they are, and what can be set about them.
    """

    def __init__(self, url: str, businesses: Sequence[str]) -> None:
        self.url = url
        self.businesses = tuple(businesses)

    def fault(self, connection: str, **fields: object) -> None:
        """Let this go wrong at `hubspot/teelixir`; the fields are those of `ops sandbox fault`."""
        self._ask("PUT", f"faults/{connection}", fields)

    def heal(self, connection: str) -> None:
        """End the fault of a connection."""
        self._ask("DELETE", f"faults/{connection}")

    def set(self, connection: str, **traits: object) -> dict[str, Any]:
        """Change what can be set about an account, as `latency_ms`; what is set now."""
        found: dict[str, Any] = self._ask("PUT", f"settings/{connection}", traits)
        return found

    def state(self, connection: str) -> dict[str, Any]:
        """Counts of what an account has."""
        service, business = connection.split("/", 1)
        found: dict[str, Any] = self._ask("GET", "state")["businesses"][business][service]
        return found

    def faults(self) -> dict[str, Any]:
        """Every fault in force, by connection."""
        found: dict[str, Any] = self._ask("GET", "state")["faults"]
        return found

    def reset(self, business: str) -> None:
        """Put the accounts of a business back to their seeds, and end their faults."""
        self._ask("POST", f"reset?business={business}")

    def show(self, step: dict[str, object]) -> None:
        """Change the twins' clock: `now`, `move` or `speed`."""
        self._ask("PUT", "clock", step)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        asked = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(asked):
            asked.request(method, f"/_sandbox/{path}", msgspec.json.encode(body) if body is not None else b"")
            answer = asked.getresponse()
            said = answer.read()
        if answer.status >= 300:
            told = msgspec.json.decode(said)
            raise errors.UsageError(what=told["error"].rstrip("."), hint=told["hint"])
        return msgspec.json.decode(said) if said else None


class Faults:
    """
    What goes wrong at the twins, by connection.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def set(self, connection: str, **fields: object) -> None:
        """One fault: `set("hubspot/teelixir", status=503, times=3)`. Raises UsageError."""
        self._sandbox.fault(connection, **fields)

    def profile(self, connection: str, name: str, *, seed: int = 1) -> None:
        """A mixture of faults: `profile("hubspot/teelixir", "flaky")`; one seed meets the same requests."""
        self._sandbox.fault(connection, profile=name, seed=seed)

    def clear(self, connection: str) -> None:
        """End it."""
        self._sandbox.heal(connection)

    def now(self) -> dict[str, Any]:
        """Those in force."""
        return self._sandbox.faults()


class Account:
    """
    One account, and connectors to it. What they log and measure is kept.
    """

    def __init__(self, portal: Portal, stack: ExitStack, connection: Connection) -> None:
        self.connection = connection
        self.records: list[LogRecord] = []
        self.metrics: list[ApiMetric] = []
        self._portal, self._stack = portal, stack

    @property
    def id(self) -> str:
        """As the connection is called: `hubspot/teelixir`."""
        return self.connection.id

    def connect(self) -> Any:
        """The connector for code without an event loop: every call waits for its answer."""
        opened = self._stack.enter_context(self._portal.wrap(self.connected()))
        return Blocking(opened, self._portal)

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        """The connector in the event loop of whoever asks, as long as the block."""
        async with Transport(log=Logger(self), measure=self.metrics.append, policy=SOON) as transport:
            made: Connector = connector_for(self.connection, transport)
            yield made

    def emits(self, level: str, source: str, message: object) -> bool:
        """Every record is kept."""
        return True

    def emit(self, record: LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)


class Twin(Account):
    """
    An account at a twin.
    """

    def __init__(self, sandbox: Sandbox, portal: Portal, stack: ExitStack, connection: Connection) -> None:
        super().__init__(portal, stack, connection)
        self._sandbox = sandbox

    def fault(self, **fields: object) -> None:
        """Let this go wrong here."""
        self._sandbox.fault(self.id, **fields)

    def heal(self) -> None:
        """End the fault."""
        self._sandbox.heal(self.id)

    def state(self) -> dict[str, Any]:
        """Counts of what the account has."""
        return self._sandbox.state(self.id)


class Twins:
    """
    Makes twins of a running sandbox: `twins("hubspot", "teelixir")`.
    """

    def __init__(self, sandbox: Sandbox, portal: Portal, stack: ExitStack) -> None:
        self._sandbox, self._portal, self._stack = sandbox, portal, stack

    def __call__(self, service: str, business: str | None = None) -> Twin:
        """The account of a business, the first one unless it is said. Raises UnknownName."""
        slug = business or self._sandbox.businesses[0]
        return Twin(self._sandbox, self._portal, self._stack, connection_of(self._sandbox.url, service, slug))


@contextlib.contextmanager
def twins(sandbox: Sandbox) -> Iterator[Twins]:
    """What makes twins; their connectors are closed at the end."""
    with Portal() as portal, ExitStack() as stack:
        yield Twins(sandbox, portal, stack)


def connection_of(url: str, service: str, business: str) -> Connection:
    """The connection to a twin, its token in it. Raises UnknownName."""
    if service != "n8n":
        return demo_connection(service, business, url)
    values = {"api_key": Secret(token_for(service, business)), "base_url": f"{url}/n8n"}
    return Connection(id=f"n8n/{business}", service="n8n", business=business, values=values)


def demo_businesses() -> tuple[str, ...]:
    """The slugs of the businesses that demo mode knows, where nothing is configured."""
    with TemporaryDirectory() as folder:
        settings = load(environ={}, cwd=Path(folder), home=Path(folder))
    return tuple(each.slug for each in settings.businesses)


@contextlib.contextmanager
def sandbox(
    businesses: Sequence[str], *, clock: MovedClock, database: str | None = None
) -> Iterator[Sandbox]:
    """
    Twins as long as the block. With `database`, the URL of a PostgreSQL, Supabase's has its tables beside it.
    """
    with Portal() as portal, portal.wrap(_serving(businesses, database)) as running:
        made = Sandbox(running.url, businesses)
        with clock.followed(made.show):
            yield made


@contextlib.asynccontextmanager
async def _serving(businesses: Sequence[str], database: str | None) -> AsyncIterator[Running]:
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(
        serve(
            businesses=businesses, state_dir=None, seed=SEED, ready=ready.set_result,
            contacts=FEW, products=FEW, rows=FEW, database=database,
        )
    )  # fmt: skip
    try:
        either: list[asyncio.Future[Any]] = [ready, task]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield await ready
    finally:
        task.cancel()
        await asyncio.wait([task])
