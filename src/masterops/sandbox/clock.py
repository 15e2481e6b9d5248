"""
The twins' sense of time, behind one small object, so that a test can move it.

Two readings: `now` stamps records and decides which day it is, `ticks` measures rolling windows. The
wall clock may be set back; a window measured on it would then let calls through or block for hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from masterops.core import clock


class Clock(Protocol):
    """
    What a twin asks for the time.
    """

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        ...

    def ticks(self) -> float:
        """Seconds on a scale that never goes back."""
        ...


class SystemClock:
    """
    The machine's own time.
    """

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return clock.now()

    def ticks(self) -> float:
        """Seconds on a scale that never goes back."""
        return clock.ticks()


class HandClock:
    """
    Time that stands still until somebody moves it.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._start + timedelta(seconds=self._passed)

    def ticks(self) -> float:
        """Seconds since it was made."""
        return self._passed

    def move(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._passed += seconds


class VirtualClock:
    """
    Another clock's time, moved, set or sped up while it runs.

    A step forward passes for both readings, so that a window opens and a token runs out. A step back moves
    `now` alone, as when somebody sets a machine's clock: `ticks` never goes back.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._now = base.now()
        self._ticks = self._seen = base.ticks()
        self.speed = 1.0

    def now(self) -> datetime:
        """The moment it shows, aware and in UTC."""
        self._pass()
        return self._now

    def ticks(self) -> float:
        """Seconds on a scale that never goes back."""
        self._pass()
        return self._ticks

    def move(self, seconds: float) -> None:
        """Let `seconds` pass at once; a negative number sets only the wall clock back."""
        self._pass()
        self._now += timedelta(seconds=seconds)
        self._ticks += max(0.0, seconds)

    def set(self, now: datetime) -> None:
        """Show this moment and go on from there."""
        self.move((now - self.now()).total_seconds())

    def run(self, speed: float) -> None:
        """Run `speed` times as fast as the other clock; 0 stands still."""
        self._pass()
        self.speed = speed

    def _pass(self) -> None:
        seen = self._base.ticks()
        if seen != self._seen:
            passed = (seen - self._seen) * self.speed
            self._seen = seen
            self._ticks += passed
            self._now += timedelta(seconds=passed)
