"""
Time, through one door.

Aware and in UTC everywhere. Code that decides is handed a moment; code that acts asks a clock, so that
a test can hand it another one.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)


def ticks() -> float:
    """Seconds on a clock that never jumps, for measuring durations."""
    return time.perf_counter()


def microseconds() -> int:
    """The same clock in whole microseconds, rounded down: arithmetic that is exact."""
    return time.perf_counter_ns() // 1000
