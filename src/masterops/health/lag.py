"""
Whether this process was held up while it looked.

A loop that was blocked, a process that was stopped and a machine that slept all make a service look slow or
silent. A beat is expected every twentieth of a second; how late the latest one is, or was, is known at any
moment. Sleep does not show on the clock that never jumps, so the other clock is compared with it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from masterops.core import clock

BEAT_SECONDS = 0.05
KEPT_SECONDS = 120.0


class Pulsometer:
    """
    Beats while it is open; `held_up` answers for the time since a moment on its clock.
    """

    def __init__(self) -> None:
        self._last = clock.ticks()
        self._apart = clock.now().timestamp() - self._last
        self._gaps: deque[tuple[float, float]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Pulsometer:
        self._last = clock.ticks()
        self._apart = clock.now().timestamp() - self._last
        self._task = asyncio.create_task(self._beat(), name="masterops-beat")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def now(self) -> float:
        """The clock that `held_up` is asked by."""
        return clock.ticks()

    def held_up(self, since: float) -> float:
        """The longest, in seconds, that anything had to wait for this process since then."""
        self._note()
        return max((gap for ended, gap in self._gaps if ended >= since), default=0.0)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._note()

    def _note(self) -> None:
        """Asked before the beat itself could come, because what waits for the same loop may ask first."""
        now = clock.ticks()
        apart = clock.now().timestamp() - now
        # A clock that was set forward looks like sleep; that costs one look more and nothing else.
        gap = max(now - self._last - BEAT_SECONDS, apart - self._apart)
        self._last, self._apart = now, apart
        if gap > BEAT_SECONDS:
            self._gaps.append((now, gap))
        while self._gaps and self._gaps[0][0] < now - KEPT_SECONDS:
            self._gaps.popleft()
