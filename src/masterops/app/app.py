"""
A running application: database, log pipeline, transport, connectors, engine; joined here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from uuid import UUID

from masterops import errors
from masterops.app.database import Database
from masterops.app.demo import Demo
from masterops.app.home import make_home
from masterops.app.listening import Listening
from masterops.app.shipping import Shipping
from masterops.app.tuning import Tuning
from masterops.app.writing import pipeline_for
from masterops.channels import Channel, open_channels
from masterops.config import Connection, Settings
from masterops.connectors import Connector, connector_for
from masterops.core.backoff import RetryPolicy
from masterops.core.spelling import unknown
from masterops.db import BudgetLedger, Jsonb, LogStore, OAuthTokens, Pool, connect
from masterops.engine import Engine
from masterops.health import Patient, Watch, care_of, forget_other_checks
from masterops.heartbeats import declare
from masterops.jobs import CYCLE, catalogue
from masterops.logs import Logger, Pipeline
from masterops.transport import Budgets, Request, Target, Transport

KEEP_SECONDS = 2.0


class App:
    """
    The joined parts of one process. Made by `open_app`.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        pool: Pool,
        pipeline: Pipeline,
        transport: Transport,
        log: Logger,
    ) -> None:
        self.settings = settings
        self.database = database
        self.pool = pool
        self.pipeline = pipeline
        self.log = log
        self.shipping = Shipping(pipeline, LogStore(pool), log)
        self.listening = Listening(settings, pool, log)
        self.tuning = Tuning(settings, pipeline, log)
        embedded = database.url if database.embedded else ""
        self.demo = Demo(settings, embedded) if settings.demo else None
        self._transport = transport
        self._channels: Mapping[str, Channel] | None = None
        self.watch = Watch(
            settings.checks,
            pool,
            log,
            care_of(settings),
            at_once=settings.health.at_once,
            needs=settings.needs,
        )
        self.engine = Engine(lambda: connect(database.url), log, catalogue(self))

    async def connections(self) -> list[Connection]:
        """Every enabled connection, the twins' in demo mode."""
        if self.demo is not None:
            return await self.demo.connections()
        return [each for each in self.settings.connections if each.enabled]

    async def patients(self) -> list[Patient]:
        """Every enabled connection with its connector, or with the reason why it has none."""
        return [
            Patient(
                each,
                self._connector_or_error(each),
                partial(self._transport.shut, each.id),
                partial(self._transport.skew, each.id),
            )
            for each in await self.connections()
        ]

    def connector(self, connection: Connection) -> Connector:
        """The connector of one connection. Raises ConfigReference or UnknownName."""
        return connector_for(connection, self._transport)

    async def remove(self, target: Target, path: str, *, first: str = "") -> None:
        """Delete what stands at a path of a service, after a POST to `first` there. Raises a RemoteError."""
        if first:
            emptying = Request("POST", path + first, "leftover.empty")
            await self._transport.call(target, emptying, lambda body: None)
        await self._transport.call(target, Request("DELETE", path, "leftover.remove"), lambda body: None)

    def channels(self) -> Mapping[str, Channel]:
        """The channels that are switched on, by name; opened when first asked for."""
        if self._channels is None:
            self._channels = open_channels(self.settings.channels, self._transport, self.log)
        return self._channels

    def pick(self, connections: Sequence[Connection], service: str, business: str | None) -> Connection:
        """The one of `connections` that is meant; a service with one connection needs no business."""
        wanted = f"{service}/{business or 'group'}"
        for each in connections:
            if each.id == wanted:
                return each
        of_service = [each for each in connections if each.service == service]
        if business is None and len(of_service) == 1:
            return of_service[0]
        raise unknown("connection", wanted, [each.id for each in connections])

    async def register(self) -> None:
        """Tell the database which businesses, connections and checks there are, so that the views know."""
        connections = [
            {
                "id": each.id,
                "service": each.service,
                "business": each.slug,
            }
            for each in await self.connections()
        ]
        async with self.pool.connection() as conn:
            for business in self.settings.businesses:
                await conn.execute(
                    "SELECT ops.upsert_business(p_slug => %s, p_name => %s, p_type => %s, p_status => %s,"
                    " p_hubspot_company_id => %s, p_unleashed_customer_code => %s)",
                    [
                        business.slug,
                        business.name,
                        business.type,
                        business.status,
                        business.hubspot_company_id,
                        business.unleashed_customer_code,
                    ],
                )
            await conn.execute("SELECT ops.set_connections(%s)", [Jsonb(connections)])
        await declare(self.pool, self.settings.heartbeats)
        await forget_other_checks(self.pool, self.settings.checks)

    async def request_cycle(self, cycle: UUID) -> None:
        """Put a cycle into the queue."""
        await self.engine.enqueue(CYCLE, {"cycle": str(cycle)})

    async def cycle_finished(self, cycle: UUID) -> bool:
        """Whether a cycle has ended, whichever worker ran it."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "SELECT 1 FROM ops.cycles WHERE id = %s AND finished_at IS NOT NULL", [cycle]
            )
            return await cursor.fetchone() is not None

    async def keep_database(self, stop: asyncio.Event) -> None:
        """Until `stop`, see that the embedded server runs, and start it again when something killed it."""
        away = False
        while not stop.is_set():
            try:
                await self.database.revive()
                if away:
                    self.log.info("database.back")
                away = False
            except errors.DatabaseError as error:
                if not away:
                    self.log.error("database.away", error=error.message)
                away = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), KEEP_SECONDS)

    def _connector_or_error(self, connection: Connection) -> Connector | errors.MasterOpsError:
        try:
            return self.connector(connection)
        except errors.MasterOpsError as error:
            return error


@contextlib.asynccontextmanager
async def open_app(
    settings: Settings, *, migrating: bool = False, source: str = "system", shipping: bool = True
) -> AsyncIterator[App]:
    """
    Everything that a command or a script needs, closed in the right order whatever happens.

    With `shipping` this process carries log records into the database while it runs and empties the
    spool when it ends; without it records wait in the spool for one that does.
    """
    make_home(settings.home)
    pipeline = pipeline_for(settings)
    log = pipeline.logger(source=source)
    http = settings.http
    policy = RetryPolicy(attempts=http.max_attempts, deadline=http.deadline_seconds)
    database = Database(settings, migrating=migrating)
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(database)
        ledger = BudgetLedger(lambda: connect(database.url))
        stack.push_async_callback(ledger.close)
        budgets = Budgets(ledger=ledger, log=log)
        stack.push_async_callback(budgets.close)
        transport = Transport(
            log=log,
            measure=pipeline.measure,
            lines=pipeline,
            policy=policy,
            timeout=http.timeout_seconds,
            budgets=budgets,
            largest_bytes=http.largest_answer_mb * 1024 * 1024,
            tokens=OAuthTokens(pool, lambda: connect(database.url)),
        )
        await stack.enter_async_context(transport)
        app = App(settings, database, pool, pipeline, transport, log)
        if shipping:
            await stack.enter_async_context(app.shipping)
            await stack.enter_async_context(app.listening.shipping)
        if app.demo is not None:
            stack.push_async_callback(app.demo.close)
        yield app
