"""
The budget of one connection: callers wait here until their call may leave.

`core.budgets` decides; here is a future for each who waits, and one timer a bucket for when the next may
go. Nobody is handed a time to come back at: a permit that was promised to a caller who is cancelled meanwhile
would be lost, and nobody knows how long the calls that are under way will take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from masterops.core import clock
from masterops.core.budgets import (
    BULK,
    CALLS,
    MICROSECONDS,
    NEVER,
    Account,
    Clock,
    Lane,
    Latency,
    Limit,
    Line,
    Reading,
    Waiter,
)
from masterops.errors import BadValue
from masterops.transport.budgets.permit import Permit
from masterops.transport.budgets.refusal import refusal

CLOCK_EVERY = 10 * MICROSECONDS  # how often the clock on the wall is looked at
LONGEST_ASKED = 1e9  # seconds; what is not a sensible wait is shortened further on
SHORTEST_TIMER = 0.0005  # a timer may be early by the grain of the loop's clock


class Caller(Waiter):
    """
    One who waits, and how to tell him.
    """

    __slots__ = ("deadline", "future", "until")

    def __init__(self, weight: int, lane: Lane, deadline: float | None, now: int) -> None:
        super().__init__(weight, lane)
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.deadline = deadline
        self.until = NEVER if deadline is None else now + round(deadline * MICROSECONDS)


class Budget:
    """
    What one connection may spend, and who waits for it. Belongs to one event loop.
    """

    def __init__(
        self,
        connection: str,
        limits: Sequence[Limit] = (),
        *,
        now: Callable[[], int] = clock.microseconds,
        shared: bool = False,
    ) -> None:
        self.connection = connection
        self.limits = tuple(limits)
        self.latency = Latency()
        self._now = now
        self.under_way = self.granted = 0  # permits that are not settled, and all there ever were
        self.waits, self.waited = 0, 0.0  # calls that had to wait, and for how many seconds together
        self._account = Account(limits, Clock(now(), clock.now()), shared=shared)
        self._valid_until = NEVER  # then what is held may be held by others
        self._told = now()
        self._lines: dict[str, Line[Caller]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def acquire(
        self, bucket: str = CALLS, weight: int = 1, *, lane: Lane = BULK, deadline: float | None = None
    ) -> Permit:
        """
        Wait until a call of `bucket` may leave. Raises BudgetExhausted when that cannot be within `deadline`
        seconds, at once where it can be known, and QuotaExhausted when the day's or month's quota is used up;
        BadValue for a weight that can never be had.
        """
        permit = self.at_once(bucket, weight, lane)
        if permit is not None:
            return permit
        await self._wait(bucket, weight, lane, deadline)
        return Permit(self, bucket, weight, self._account.marks(bucket))

    def at_once(self, bucket: str, weight: int, lane: Lane) -> Permit | None:
        """The same for a call that need not wait; nothing where it would have to."""
        if weight <= 0 or self._lines.get(bucket):
            return None
        now = self._now()
        if now > self._valid_until:
            self._lapse(now)
        account = self._account
        if account.take(bucket, weight, now, lane):
            return None
        return Permit(self, bucket, weight, account.hot.marks)

    def alone(self, permit: Permit) -> bool:
        """Whether no other call was under way at any time of this one."""
        return permit.alone and permit.number == self.granted

    def settle(self, permit: Permit, *, sent: bool, credit: int) -> None:
        """What was taken for a call is used, or given back."""
        self.under_way -= 1
        now = self._now()
        self._account.settle(permit.bucket, permit.weight, now - credit, now, sent=sent)
        if self._lines:
            self._serve_all()

    def read(self, permit: Permit, readings: Sequence[Reading]) -> None:
        """What an answer's headers said, before its permit is settled."""
        now = self._now()
        self._tell_clock(now)
        self._account.read(permit.bucket, readings, permit.marks, now)

    def went_well(self, bucket: str, readings: Sequence[Reading]) -> None:
        """A call was carried out."""
        self._account.went_well(bucket, readings)

    def stop(self, bucket: str, seconds: float) -> None:
        """The service wants no call of this bucket for so long: whoever cannot wait for it is told."""
        self._account.stop(bucket, round(min(seconds, LONGEST_ASKED) * MICROSECONDS), self._now())
        self._turn_away(bucket)

    def exhaust(self, bucket: str) -> None:
        """The service says that the quota is used up: whoever waits for it is told."""
        self._account.exhaust(bucket, self._now())
        for each in list(self._lines):
            self._turn_away(each)

    def move(self, zone: str) -> None:
        """The account's days end at midnight in `zone`. A name that nobody knows changes nothing."""
        try:
            self._account.move(zone)
        except BadValue:
            return

    def left(self) -> dict[str, int]:
        """What is free of each limit."""
        return self._account.left(self._now())

    def waiting(self, bucket: str = CALLS) -> int:
        """How many wait."""
        return len(self._lines.get(bucket, ()))

    async def _wait(self, bucket: str, weight: int, lane: Lane, deadline: float | None) -> None:
        self._check(bucket, weight, lane)
        now = self._now()
        self._tell_clock(now)
        line = self._lines.setdefault(bucket, Line())
        caller = Caller(weight, lane, deadline, now)
        obstacle = self._account.obstacle(bucket, line.weight(lane) + weight, now, lane)
        if now + obstacle.wait > caller.until:
            raise refusal(self.connection, obstacle, deadline)
        line.join(caller)
        self._serve(bucket)
        try:
            async with asyncio.timeout(deadline):
                await caller.future
            self.waits += 1
            self.waited += (self._now() - now) / MICROSECONDS
        except TimeoutError:
            self._give_up(bucket, caller)
            obstacle = self._account.obstacle(bucket, line.weight(lane) + weight, self._now(), lane)
            raise refusal(self.connection, obstacle, deadline) from None
        except asyncio.CancelledError:
            self._give_up(bucket, caller)
            raise

    def _give_up(self, bucket: str, caller: Caller) -> None:
        """A caller who was cancelled or is too late takes nothing along: not his place, not his permit."""
        if caller.future.done() and not caller.future.cancelled() and not caller.gone:
            now = self._now()
            self._account.settle(bucket, caller.weight, now, now, sent=False)
        elif not caller.gone:
            self._lines[bucket].leave(caller)
        self._serve_all()

    def _serve_all(self) -> None:
        for bucket, line in self._lines.items():
            if line:
                self._serve(bucket)

    def _serve(self, bucket: str) -> None:
        """Let all go who may, and see when the next may."""
        line = self._lines[bucket]
        now = self._now()
        if now > self._valid_until:
            self._lapse(now)
        wait = 0
        while line and not wait:
            served, wait = line.serve(partial(self._take, bucket, now))
            for each in served:
                if each.future.done():  # cancelled, and does not know it yet
                    each.gone = True
                    self._account.settle(bucket, each.weight, now, now, sent=False)
                    wait = 0
                else:
                    each.future.set_result(None)
            if line and wait >= NEVER and self._refuse_too_heavy(bucket):
                wait = 0
        if line:
            self._short(now)
            self._wake_in(bucket, next(iter(line)).future.get_loop(), wait)

    def _take(self, bucket: str, now: int, weight: int, lane: Lane) -> int:
        return self._account.take(bucket, weight, now, lane)

    def _short(self, now: int) -> None:
        """Somebody waits: whoever shares this budget with other processes asks for more."""

    def _lapse(self, now: int) -> None:
        """What was held is not ours any more."""

    def _wake_in(self, bucket: str, loop: asyncio.AbstractEventLoop, wait: int) -> None:
        """One timer a bucket. Where only an answer can help, there is none: it serves when it comes."""
        if wait >= NEVER:
            return
        seconds = max(SHORTEST_TIMER, wait / MICROSECONDS)
        timer = self._timers.get(bucket)
        if timer is not None:
            if loop.time() < timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[bucket] = loop.call_later(seconds, self._ring, bucket)

    def _ring(self, bucket: str) -> None:
        self._timers.pop(bucket, None)
        self._serve(bucket)

    def _turn_away(self, bucket: str) -> None:
        """Those whose deadline is before the next call can leave need not wait for it."""
        now = self._now()
        for caller in list(self._lines.get(bucket, ())):
            obstacle = self._account.obstacle(bucket, caller.weight, now, caller.lane)
            if now + obstacle.wait > caller.until and not caller.future.done():
                self._lines[bucket].leave(caller)
                caller.future.set_exception(refusal(self.connection, obstacle, caller.deadline))

    def _refuse_too_heavy(self, bucket: str) -> bool:
        """A limit may become smaller than what a call weighs that waits for it. Whether there was one."""
        line = self._lines[bucket]
        before = len(line)
        for caller in list(line):
            try:
                self._check(bucket, caller.weight, caller.lane)
            except BadValue as error:
                if not caller.future.done():
                    line.leave(caller)
                    caller.future.set_exception(error)
        return len(line) < before

    def _tell_clock(self, now: int) -> None:
        if now - self._told > CLOCK_EVERY:
            self._told = now
            self._account.tell_clock(Clock(now, clock.now()))

    def _check(self, bucket: str, weight: int, lane: Lane) -> None:
        largest = self._account.largest(bucket, lane)
        if not 1 <= weight <= largest:
            reason = f"a call in lane {lane!r} can cost from 1 to {largest:,} here"
            raise BadValue(value=weight, kind=f"weight for {self.connection}", reason=reason)
