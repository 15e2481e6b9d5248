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
