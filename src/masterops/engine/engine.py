"""
The one place that knows PgQueuer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from masterops import errors
from masterops.db import AsyncConnection, Connect, explained
from masterops.engine.policy import PUT_BACK, Patience
from masterops.logs import Logger
from masterops.logs.redact import redact_text

if TYPE_CHECKING:  # importing it costs a third of a second, and most commands need no engine
    from pgqueuer import PgQueuer
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.models import Job as Task
    from pgqueuer.models import Schedule

    from masterops.engine.timing import DatabaseQueries

T = TypeVar("T")

SCHEMA = "pgqueuer"
# A worker that says nothing for so long is dead, and its job is taken over.
HEARTBEAT = timedelta(seconds=20)
POLL = timedelta(seconds=5)
# A schedule that fails each minute parks one job, not a day's fourteen hundred; and none once it is well.
CLEAR = f"""
WITH gone AS (
    DELETE FROM {SCHEMA}.pgqueuer
    WHERE status = 'failed' AND entrypoint = $1 AND payload IS NOT DISTINCT FROM $2 AND id < $3
    RETURNING id, entrypoint, priority
)
INSERT INTO {SCHEMA}.pgqueuer_log (job_id, status, entrypoint, priority)
SELECT id, 'deleted', entrypoint, priority FROM gone
"""
# How often in a row a job was begun without anything having come of it.
BEGUN = f"""
SELECT count(*) AS begun FROM {SCHEMA}.pgqueuer_log
WHERE job_id = $1 AND status = 'picked' AND id > coalesce(
    (SELECT max(id) FROM {SCHEMA}.pgqueuer_log WHERE job_id = $1 AND status <> 'picked'), 0)
"""
# Workers that may die with one job in hand before it is the job's fault: the third may have been unlucky.
MOST_DEATHS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """
    One kind of work: its name, what it does with a payload, and when it runs by itself (a cron line in
    UTC, or None). `at_once` is how many may run at the same time over all workers; 0 means any number.
    `patience` is how often one that fails is tried before it is parked.
    """

    name: str
    run: Callable[[Payload], Awaitable[None]]
    cron: str | None = None
    at_once: int = 0
    patience: Patience = field(default_factory=Patience)


class Engine:
    """
    Puts jobs into the queue and works them off.
    """

    def __init__(self, connect: Connect, log: Logger, jobs: Sequence[Job]) -> None:
        """`connect` opens a new autocommit connection; a worker keeps one for itself."""
        self._connect = connect
        self._log = log
        self._jobs = tuple(jobs)

    async def prepare(self) -> None:
        """Make or upgrade the queue's tables, in a schema of their own; safe to call from many at once."""
        async with contextlib.AsyncExitStack() as stack:
            queries = await self._queries(stack)
            async with queries.schema_lock():
                if await queries.schema_is_installed():
                    await queries.apply_upgrade()
                else:
                    await queries.install()

    async def enqueue(
        self, name: str, payload: Payload | None = None, *, once: str | None = None
    ) -> int | None:
        """
        Put a job into the queue; its id. With `once`, a job of the same key that still waits or runs is
        enough, and there is none.
        """
        async with contextlib.AsyncExitStack() as stack:
            queries = await self._queries(stack)
            return await _enqueue(queries, name, payload or {}, once)

    @property
    def names(self) -> list[str]:
        """The jobs that there are."""
        return [job.name for job in self._jobs]

    async def retry(self, ids: Sequence[int]) -> None:
        """Put parked jobs back into the queue, with all their tries before them again."""
        async with contextlib.AsyncExitStack() as stack:
            queries = await self._queries(stack)
            await queries.requeue_jobs(cast("Any", list(ids)))

    async def work(self, stop: asyncio.Event) -> None:
        """
        Work until `stop` is set; jobs in hand are finished first.

        A database that goes away is waited for, and whatever else ends the work is logged and begun anew,
        with the queue's tables made again if somebody dropped them.
        """
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                await self._work(stop)
                pause = FIRST_PAUSE
            except errors.DatabaseError as error:
                self._log.warn("engine.database_away", error=error.message, wait_seconds=pause)
            except Exception:  # a worker that has died must not be taken for one that has nothing to do
                self._log.exception("engine.crashed", wait_seconds=pause)
                with contextlib.suppress(errors.DatabaseError):
                    await self.prepare()
            else:
                continue
            await _pause(stop, pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _work(self, stop: asyncio.Event) -> None:
        from pgqueuer import PgQueuer

        async with contextlib.AsyncExitStack() as stack:
            queries = await self._queries(stack, stop)
            worker = PgQueuer(queries.driver, queries=queries, channel=queries.qbe.settings.channel)
            for job in self._jobs:
                _register(worker, queries, job, self._log)
            # No subclass of the manager: PgQueuer makes its own.
            setattr(worker.qm, "listener_healthy", _asked_twice(worker.qm.listener_healthy))  # noqa: B010
            watcher = asyncio.create_task(_forward(stop, worker.shutdown))
            stack.callback(watcher.cancel)
            # A listening connection that has died quietly would leave a worker that only polls.
            await worker.run(
                dequeue_timeout=POLL, heartbeat_timeout=HEARTBEAT, shutdown_on_listener_failure=True
            )

    async def _queries(
        self, stack: contextlib.AsyncExitStack, stop: asyncio.Event | None = None
    ) -> DatabaseQueries:
        """
        PgQueuer's queries on connections of their own; psycopg's errors leave as ours.

        With `stop`, connections that are lost are made anew until it is set.
        """
        from pgqueuer.adapters.persistence import qb
        from pgqueuer.domain.settings import DBSettings

        from masterops.engine.driver import TwoConnections
        from masterops.engine.timing import DatabaseQueries

        stack.enter_context(explained("the job queue"))
        async with contextlib.AsyncExitStack() as opening:
            working, listening = [await self._open(opening) for _ in range(2)]
            driver = TwoConnections(working, listening, partial(self._open_again, stop) if stop else None)
            opening.pop_all()
        stack.push_async_callback(driver.close)
        settings = DBSettings(db_schema=SCHEMA)
        return DatabaseQueries(
            driver,
            qbe=qb.QueryBuilderEnvironment(settings),
            qbq=qb.QueryQueueBuilder(settings),
            qbs=qb.QuerySchedulerBuilder(settings),
        )

    async def _open(self, stack: contextlib.AsyncExitStack) -> AsyncConnection:
        connection = await self._connect()
        stack.push_async_callback(connection.close)
        return connection

    async def _open_again(self, stop: asyncio.Event) -> AsyncConnection:
        """A connection, as soon as there is a server to have one with. Raises DatabaseError after `stop`."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._connect()
            except errors.DatabaseError as error:
                if error.recovery != "retry" or stop.is_set():
                    raise
                self._log.warn("engine.database_away", error=error.message, wait_seconds=pause)
            await _pause(stop, pause)
            pause = min(LONGEST_PAUSE, pause * 2)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """So long, or until `stop`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _enqueue(queries: Queries, name: str, payload: Payload, once: str | None) -> int | None:
    body = msgspec.json.encode(payload)
    made = await queries.enqueue(name, body, dedupe_key=once, on_conflict="skip")
    return made[0] if made else None


def _register(worker: PgQueuer, queries: DatabaseQueries, job: Job, log: Logger) -> None:
    """
    A schedule only puts the job into the queue, where it is safe from whatever happens to this worker.

    A run takes the place of one before it that was parked: the same job with the same payload.
    """

    @worker.entrypoint(job.name, concurrency_limit=job.at_once, accepts_context=False, on_failure="hold")
    async def run(task: Task) -> None:
        if (deaths := await _deaths(queries, task)) >= MOST_DEATHS:
            log.error("engine.job_kills", job=job.name, task=task.id, workers=deaths)
            raise errors.JobFailed(job=job.name, reason=f"{deaths} workers died with it in hand")
        try:
            await job.run(msgspec.json.decode(task.payload or b"{}"))
        except Exception as error:  # the worker must survive one bad job
            told = _after(error, job, task, log)
            if isinstance(told, errors.JobFailed):
                await queries.driver.execute(CLEAR, task.entrypoint, task.payload, task.id)
            raise told from None
        await queries.driver.execute(CLEAR, task.entrypoint, task.payload, task.id)

    if job.cron is not None:
        from masterops.engine.timing import DatabaseTime

        timed = partial(DatabaseTime, driver=queries.two)

        @worker.schedule(f"{job.name}.schedule", job.cron, executor_factory=timed, accepts_context=False)
        async def due(schedule: Schedule) -> None:
            # The key is the firing, not the job: one that a killed worker holds must not hold up the next.
            await _enqueue(queries, job.name, {}, f"{job.name} {schedule.next_run.isoformat()}")


async def _deaths(queries: Queries, task: Task) -> int:
    """How many workers died with this job in hand since something last came of it."""
    # Of one that was younger than it takes to notice, none; and its history need not be looked for.
    if task.updated - task.created < HEARTBEAT:  # both by the database's clock
        return 0
    rows = await queries.driver.fetch(BEGUN, task.id)
    return int(cast("Any", rows[0]["begun"])) - 1


def _after(error: Exception, job: Job, task: Task, log: Logger) -> Exception:
    """
    What PgQueuer is told of a job that failed: to put it back, or the error with which it is parked.

    It writes down what it is told, so that must hold no secret.
    """
    from pgqueuer.errors import RetryRequested

    if isinstance(error, errors.DatabaseError) and error.recovery == "retry":
        log.warn("engine.job_put_back", job=job.name, error=error.message)
        return RetryRequested(delay=PUT_BACK, reason=error.message)
    log.exception("engine.job_failed", job=job.name, task=task.id, failures=task.attempts + 1)
    reason = redact_text(f"{type(error).__name__}: {error}")
    wait = job.patience.wait(task.attempts + 1)
    return errors.JobFailed(job=job.name, reason=reason) if wait is None else RetryRequested(wait, reason)


def _asked_twice(healthy: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """
    PgQueuer's question whether its listening connection hears, asked once more before a no is believed: at
    the start it may ask before it listens, which nobody answers.
    """

    async def asked(*words: Any, **named: Any) -> T:
        from pgqueuer.errors import FailingListenerError

        try:
            return await healthy(*words, **named)
        except FailingListenerError:
            return await healthy(*words, **named)

    return asked


async def _forward(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
