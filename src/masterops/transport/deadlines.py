"""
Ends for attempts: one timer for all that are under way.

`asyncio.timeout` gives each its own timer, which is made, sorted in and cancelled for nearly every call
without ever ringing. Here an attempt notes when it must have ended, and the only timer rings for the first
of them; most are gone by then.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """
    Those that are under way. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self.under_way: set[Within] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings = float("inf")

    def begin(self, block: Within, loop: asyncio.AbstractEventLoop) -> None:
        """It is under way from now on."""
        if loop is not self._loop:  # another one was run to its end before
            self._loop, self._timer, self._rings = loop, None, float("inf")
            self.under_way.clear()
        self.under_way.add(block)
        if block.when < self._rings:
            self._ring_at(loop, block.when)

    def _ring_at(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings = loop.call_at(when, self._ring, loop), when

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._rings = None, float("inf")
        now = loop.time()
        for block in [each for each in self.under_way if each.when <= now]:
            self.under_way.discard(block)
            block.expire()
        if self.under_way:
            self._ring_at(loop, min(each.when for each in self.under_way))


class Within:
    """
    A block that ends with a TimeoutError when it takes longer than `seconds`, as with `asyncio.timeout`. A
    cancellation from elsewhere stays one, also when both come together.
    """

    __slots__ = ("_before", "_deadlines", "_expired", "_seconds", "_task", "when")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines, self._seconds = deadlines, seconds
        self._task: asyncio.Task[object] | None = None
        self._expired = False
        self._before = 0
        self.when = 0.0

    def expire(self) -> None:
        """The time is over."""
        assert self._task is not None
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> Within:
        loop = asyncio.get_running_loop()
        self._task = task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("A deadline needs a task that it can end")
        self._before = task.cancelling()
        self.when = loop.time() + self._seconds
        self._deadlines.begin(self, loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The timer is left to ring: cancelling costs more than finding nothing to do.
        self._deadlines.under_way.discard(self)
        if not self._expired:
            return
        assert self._task is not None
        ours = self._task.uncancel() <= self._before
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
