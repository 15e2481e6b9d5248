"""
Time that a test moves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from masterops.core import clock


class MovedClock:
    """
    The machine's time, moved on or set by a test; it goes on by itself unless it is stopped.

    It is the twins' clock, and the moment as of which `masterops_platform.look()` judges alerts.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._passed = 0.0
        self._still: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """The moment it shows, aware and in UTC."""
        return (self._still[0] if self._still else clock.now()) + self._ahead

    def ticks(self) -> float:
        """Seconds on a scale that never goes back."""
        return (self._still[1] if self._still else clock.ticks()) + self._passed

    def move(self, seconds: float) -> None:
        """Let `seconds` pass at once; a negative number sets only the wall clock back."""
        self._ahead += timedelta(seconds=seconds)
        self._passed += max(0.0, seconds)

    def set(self, moment: datetime) -> None:
        """Show this moment and go on from there. Raises ValueError for one without a time zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone: give datetime(..., tzinfo=UTC)")
        self.move((moment - self.now()).total_seconds())

    def stop(self) -> None:
        """Stand still until it is moved."""
        self._still = (clock.now(), clock.ticks())
