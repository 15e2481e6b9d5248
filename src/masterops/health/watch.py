"""
The checks of `[[checks]]`, each in its time, in one process of however many run.

Which one is a lease in the database: a lock of a session would not outlive a pooler, and a job for each
slot would be a hundred jobs a second. Whoever holds it and loses the database goes on looking and keeps the
results; whoever was stopped for longer than the lease finds another in its place and stands back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence

from masterops import errors
from masterops.config import Check
from masterops.core import clock
from masterops.core.dependencies import Needs
from masterops.db import Pool
from masterops.health.checking import Asker
from masterops.health.concluding import Before, Care, with_windows
from masterops.health.lag import Pulsometer
from masterops.health.network import Network
from masterops.health.recording import (
    Change,
    Result,
    made_windows,
    new_holder,
    present,
    record,
    record_incidents,
    take_lease,
)
from masterops.health.rounds import Surroundings, after, one_round
from masterops.health.timetable import Due, Timetable
from masterops.logs import Logger
from masterops.transport import Prober

LEASE = "checks"
LEASE_SECONDS = 20.0
RENEW_SECONDS = 5.0
WRITE_SECONDS = 0.5
MOST_IN_ONE = 500
MOST_KEPT = 20_000


class Watch:
    """
    Looks at the checks while `run` runs. `looks` and `missed` count for the whole of its life.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        pool: Pool,
        log: Logger,
        care: Care,
        *,
        at_once: int = 200,
        needs: Needs | None = None,
    ) -> None:
        self._checks = tuple(checks)
        self._pool, self._log, self._plain, self._at_once = pool, log, care, at_once
        self._holder = new_holder()
        self._needs = needs or {}
        self._care = care
        self._before: dict[str, Before] = {}
        self._results: deque[Result] = deque(maxlen=MOST_KEPT)
        self._running: dict[int, asyncio.Task[None]] = {}
        self.looks = self.missed = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: wait for the lease, and look as long as it is ours."""
        while self._checks and not stop.is_set():
            try:
                if await self._take(LEASE_SECONDS):
                    await self._prepare()
                    await self._hold(stop)
            except errors.DatabaseError as error:
                self._log.warn("health.watch.database_away", error=error.message)
            except Exception:  # a watch that has died must not be taken for one that sees nothing wrong
                self._log.exception("health.watch.crashed")
            await _pause(stop, RENEW_SECONDS)
        if self._checks:
            with contextlib.suppress(errors.DatabaseError):
                await self._take(0)

    async def _take(self, seconds: float) -> bool:
        return await take_lease(self._pool, LEASE, self._holder, seconds)

    async def _prepare(self) -> None:
        found = await present(self._pool, [each.id for each in self._checks])
        self._before = {each.id: found.get((each.id, each.kind), Before()) for each in self._checks}

    async def _hold(self, stop: asyncio.Event) -> None:
        """Look, write and renew, until `stop` or until the lease is another's."""
        self._log.info("health.watch.began", checks=len(self._checks))
        ours = asyncio.Event()  # set when it ends
        prober = Prober()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(prober.close)
            beat = await stack.enter_async_context(Pulsometer())
            asker = Asker(prober, self._pool)
            turns = asyncio.Semaphore(self._at_once)
            shared = Surroundings(asker, beat, Network(self._plain.anchors), turns)
            helpers = [
                asyncio.create_task(each)
                for each in (self._renew(ours), self._write(ours), _forward(stop, ours))
            ]
            for each in helpers:
                each.add_done_callback(lambda _: ours.set())
            try:
                await self._look(ours, shared)
            finally:
                ours.set()
                await self._let_go(helpers)

    async def _let_go(self, helpers: Sequence[asyncio.Task[None]]) -> None:
        for task in (*self._running.values(), helpers[-1]):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()
        ends = await asyncio.gather(*helpers, return_exceptions=True)
        for each in ends:
            if isinstance(each, Exception):
                raise each

    async def _look(self, ended: asyncio.Event, shared: Surroundings) -> None:
        table = Timetable([each.every for each in self._checks], clock.ticks())
        while not ended.is_set():
            for due in table.due(clock.ticks()):
                self._begin(due, shared)
            at = table.next_at()
            await _pause(ended, max(0.0, (at or 0.0) - clock.ticks()))

    def _begin(self, due: Due, shared: Surroundings) -> None:
        self.missed += due.missed
        if due.which in self._running:  # its last round goes on: that is one look less, and no second one
            self.missed += 1
            return
        task = asyncio.create_task(self._round(due.which, shared))
        self._running[due.which] = task
        task.add_done_callback(lambda _: self._running.pop(due.which, None))

    async def _round(self, index: int, shared: Surroundings) -> None:
        check = self._checks[index]
        before = self._before[check.id]
        try:
            result = await one_round(check, before, self._care, shared)
        except Exception:  # a fault of ours in one kind of check must not stop the others
            self._log.exception("health.check.crashed", check=check.id)
            return
        self._before[check.id] = after(before, result)
        self._results.append(result)
        self.looks += 1

    async def _renew(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            await _pause(ended, RENEW_SECONDS)
            try:
                self._care = with_windows(self._plain, await made_windows(self._pool))
                if not ended.is_set() and not await self._take(LEASE_SECONDS):
                    self._log.info("health.watch.handed_over")
                    ended.set()
            except errors.DatabaseError:
                continue  # nobody else can take it either; what is seen meanwhile waits

    async def _write(self, ended: asyncio.Event) -> None:
        """In batches; what cannot be written waits, and of too much the oldest goes."""
        while True:
            last = ended.is_set()
            while self._results:
                batch = [self._results.popleft() for _ in range(min(MOST_IN_ONE, len(self._results)))]
                try:
                    await self._keep(batch)
                except errors.DatabaseError:
                    self._results.extendleft(reversed(batch))
                    break
            if last:
                return
            await _pause(ended, WRITE_SECONDS)

    async def _keep(self, batch: Sequence[Result]) -> None:
        changes = await record(self._pool, batch)
        for result, change in zip(batch, changes, strict=True):
            if change.flipped and change.previous is not None:
                announce(self._log, result, change)
        if any(each.flipped for each in changes):
            await record_incidents(self._pool, self._needs)


def announce(log: Logger, result: Result, change: Change) -> None:
    """A flip into the log."""
    verdict = result.conclusion.verdict
    level = log.info if verdict.healthy else log.warn
    level(
        "health.flipped",
        service=result.service,
        business=result.business,
        connection=result.integration,
        check=result.check,
        from_state=change.previous,
        to_state=verdict.state,
        reason=verdict.reason,
    )


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)


async def _forward(stop: asyncio.Event, ended: asyncio.Event) -> None:
    await stop.wait()
    ended.set()
