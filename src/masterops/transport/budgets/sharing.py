"""
A budget of which other processes hold parts, too.

What this process holds it spends without a word to anybody. A task beside it talks to the ledger: at once
when somebody waits for more, some times a second while there is anything to do, to be known to be alive and
to give others what is theirs, and not at all when nothing happens.

When the ledger is away, nobody is handed more and everybody goes on with what he holds, which all together is
never more than the limit. One who held nothing takes a small part: that is a guess.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from masterops.core import clock
from masterops.core.budgets import (
    INTERACTIVE,
    MICROSECONDS,
    NEVER,
    AllowanceMeter,
    Ask,
    Lane,
    Learned,
    Limit,
    Part,
    SlotMeter,
    Spending,
)
from masterops.logs import Logger
from masterops.transport.budgets.budget import Budget
from masterops.transport.budgets.ledger import Ledger

HOLD = 5.0  # seconds without a word after which we count as dead
VALID = 4 * MICROSECONDS  # since the last answer was asked for: what is held is spent no longer than that
POLL = 0.25  # seconds between two words while there is something to do
SOON = 0.05  # the same while others have to give back what is ours, and twice as long each time
BEAT = 1.0  # the same while we only wait for answers to calls
IDLE = MICROSECONDS  # after which everything is given back
RETRY, LONGEST_RETRY = 0.5, 4.0  # seconds; when the ledger is back, all are heard within HOLD
PART = 4  # of one's share that is taken, unknown to the ledger, by a process that held nothing


class SharedBudget(Budget):
    """
    What one connection may spend, together with all processes that know the same ledger.
    """

    def __init__(
        self,
        connection: str,
        limits: Sequence[Limit],
        ledger: Ledger,
        *,
        log: Logger | None = None,
        now: Callable[[], int] = clock.microseconds,
    ) -> None:
        super().__init__(connection, limits, now=now, shared=True)
        self._ledger = ledger
        self._log = log
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._heard_at: int | None = None  # when that was asked to which the ledger last answered
        self._ask_at = self._busy_at = 0
        self._soon = SOON
        self._apart, self._retry = False, RETRY
        self._spending = Spending()
        self._learned = Learned([limit for limit in limits if limit.learned])
        self._credit = 0

    @property
    def apart(self) -> bool:
        """Whether the ledger is away."""
        return self._apart

    async def close(self) -> None:
        """Give back what is held. What is on its way counts until it would have been answered."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._send_away()
        for each in self._shares(self._now()):
            _release(each, self._now())
            each.spent = 0  # and as much is not wanted again
        await self._exchange()

    def _send_away(self) -> None:
        """Nobody is granted anything any more: who still waits is cancelled."""
        for line in self._lines.values():
            for caller in list(line):
                line.leave(caller)
                caller.future.cancel()

    def _short(self, now: int) -> None:
        if self._task is None:
            if self._shares(now) or self._account.learned():
                name = f"budget {self.connection}"
                self._task = asyncio.get_running_loop().create_task(self._run(), name=name)
        elif now >= self._ask_at:
            self._news.set()

    def _lapse(self, now: int) -> None:
        """This process slept for longer than the others believe it to be alive: they have what it held."""
        self._valid_until = NEVER
        for each in self._shares(now):
            if isinstance(each, SlotMeter):
                each.drop(now)
        self._ask_at = 0
        self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            now = self._now()
            if self._idle(now):
                for each in self._shares(now):
                    _release(each, now)
            self._ask_at = NEVER  # whoever comes to wait now is asked for next time
            try:
                await self._exchange()
            except Exception as error:  # nobody may wait for a task that has died
                self._lose(self._now(), error)
            now = self._now()
            pause = self._pause(now)
            waits = any(self._lines.values())
            self._ask_at = now + round(pause * MICROSECONDS) if waits and pause is not None else now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()

    def _idle(self, now: int) -> bool:
        """Whether what is held is not needed. While the ledger is away nobody else could have it."""
        return not self._apart and not any(self._lines.values()) and now - self._busy_at >= IDLE

    def _pause(self, now: int) -> float | None:
        """Seconds until the ledger should hear of us again; None for "when somebody wants something"."""
        shares = self._shares(now)
        held = any(each.held if isinstance(each, AllowanceMeter) else each.most for each in shares)
        if self._apart:
            return self._retry if held or any(self._lines.values()) else None
        if any(self._lines.values()):
            ours = any(isinstance(each, SlotMeter) and each.most < each.target for each in shares)
            return self._soon if ours else POLL
        if now - self._busy_at < IDLE:
            return POLL
        if any(each.open for each in shares):
            return BEAT
        return 0.0 if held else None

    async def _exchange(self) -> None:
        began = self._now()
        shares = self._shares(began)
        if any(each.spent for each in shares) or any(self._lines.values()):
            self._busy_at = began
        asks = [self._ask(each, began) for each in shares] + self._learned.asks(self._account.learned())
        elapsed = None if self._heard_at is None else (began - self._heard_at) / MICROSECONDS
        total = Spending(self.granted, self.waits, self.waited)
        told = self._spending
        news = Spending(total.calls - told.calls, total.waits - told.waits, total.waited - told.waited)
        try:
            answers = await self._ledger.share(
                self.connection,
                sorted(asks, key=lambda ask: str(ask["name"])),
                elapsed=elapsed,
                hold=HOLD,
                spending=news,
            )
            parts = {part.name: part for part in answers}
            parts = {name: parts[name] for name in [str(ask["name"]) for ask in asks]}  # all of them
        except BaseException as error:
            now = self._now()
            for each, ask in zip(shares, asks, strict=False):
                each.unheard(ask, now)
            if not isinstance(error, Exception):
                raise
            self._lose(now, error)  # whatever went wrong: those who wait are served from what is here
            return
        self._spending, self._heard_at = total, began
        if self._apart and self._log is not None:
            self._log.info("budgets.shared_again", connection=self.connection)
        self._apart, self._retry = False, RETRY
        for name, most in self._learned.heard(parts).items():
            self._account.learn(name, most)
        self._grant(shares, parts, began)

    def _grant(
        self, shares: Sequence[SlotMeter | AllowanceMeter], parts: Mapping[str, Part], began: int
    ) -> None:
        now = self._now()
        if now >= began + VALID:  # we slept meanwhile
            self._lapse(now)
            return
        self._shares(now)  # what left meanwhile is entered first
        self._valid_until = began + VALID
        self._soon = min(2 * self._soon, POLL)
        for each in shares:
            part = parts[each.limit.name]
            if part.granted:
                self._soon = SOON
            each.grant(part, now)
        self._serve_all()
        for bucket in list(self._lines):
            self._turn_away(bucket)

    def _lose(self, now: int, error: Exception) -> None:
        """The ledger is away: everybody goes on with what he holds."""
        if self._apart:
            self._retry = min(2 * self._retry, LONGEST_RETRY)
        elif self._log is not None:
            self._log.warn("budgets.apart", connection=self.connection, error=error)
        self._apart, self._valid_until = True, NEVER
        if not any(self._lines.values()):
            return
        for each in self._shares(now):
            if isinstance(each, AllowanceMeter):
                each.borrow()
            elif not each.most:
                each.borrow(max(1, each.whole // (PART * each.peers)), now)
        self._serve_all()

    def _shares(self, now: int) -> list[SlotMeter | AllowanceMeter]:
        return sorted(self._account.shared(now), key=lambda each: each.limit.name)

    def _ask(self, meter: SlotMeter | AllowanceMeter, now: int) -> Ask:
        waiting: Counter[Lane] = Counter()
        heaviest = 1
        for bucket, line in self._lines.items():
            if meter.limit.concerns(bucket):
                waiting.update(line.by_lane())
                heaviest = max(heaviest, line.heaviest())
        if isinstance(meter, AllowanceMeter):
            return meter.ask(waiting, now)
        meter.credit = self._credit = max(self._credit, self.latency.credit)
        return meter.ask(waiting.total(), waiting[INTERACTIVE], now, heaviest)


def _release(meter: SlotMeter | AllowanceMeter, now: int) -> None:
    if isinstance(meter, SlotMeter):
        meter.release(meter.most, now)
    else:
        meter.release(now)
