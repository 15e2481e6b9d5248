"""
Time that a test moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from masterops.core import clock

Follower = Callable[[dict[str, object]], object]


class MovedClock:
    """
    The machine's time, moved on or set by a test; it goes on by itself unless it is stopped.

    The twins follow it, and `masterops_platform.look()` judges alerts as of the moment that it shows.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._still: datetime | None = None
        self._followers: list[Follower] = []

    def now(self) -> datetime:
        """The moment it shows, aware and in UTC."""
        return self._still or clock.now() + self._ahead

    def move(self, seconds: float) -> None:
        """Let `seconds` pass at once; a negative number sets only the wall clock back."""
        self._ahead += timedelta(seconds=seconds)
        if self._still is not None:
            self._still += timedelta(seconds=seconds)
        self._tell({"move": seconds})

    def set(self, moment: datetime) -> None:
        """Show this moment and go on from there. Raises ValueError for one without a time zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone: give datetime(..., tzinfo=UTC)")
        self._ahead += moment - self.now()
        self._still = moment if self._still is not None else None
        self._tell({"now": moment})

    def stop(self) -> None:
        """Stand still until it is moved or set."""
        self._still = self.now()
        self._tell({"speed": 0, "now": self._still})

    @contextmanager
    def followed(self, follower: Follower) -> Iterator[None]:
        """Tell somebody of every step within: what is to become of their clock, as the sandbox takes it."""
        if self._ahead or self._still:
            follower({"now": self.now(), **({"speed": 0} if self._still else {})})
        self._followers.append(follower)
        try:
            yield
        finally:
            self._followers.remove(follower)

    def _tell(self, step: dict[str, object]) -> None:
        for follower in self._followers:
            follower(step)
