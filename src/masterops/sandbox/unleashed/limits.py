"""
What an account may spend: calls a month, anew on the first at 00:00 UTC, and calls a minute.

How many a minute Unleashed lets through is published nowhere; the number here is one to try clients with. No
answer says what is left. A refused call is not spent.
"""

from __future__ import annotations

from masterops.sandbox.clock import Clock
from masterops.sandbox.unleashed.problems import USED_UP, Refusal, too_many
from masterops.sandbox.unleashed.traits import Traits
from masterops.sandbox.window import Window

WINDOW_SECONDS = 60.0


class Meter:
    """
    What an account has spent.
    """

    def __init__(self, traits: Traits, clock: Clock) -> None:
        self._clock = clock
        self._month: tuple[int, int] | None = None
        self._spent = 0
        self.set(traits)

    def set(self, traits: Traits) -> None:
        """Other limits from now on; what was spent of the minute is forgotten."""
        self._traits = traits
        self._window = Window(traits.calls_per_minute, WINDOW_SECONDS)

    def spend(self) -> None:
        """Count one call. Raises Refusal when a limit is reached."""
        if self.this_month() >= self._traits.calls_per_month:
            raise Refusal(self._traits.quota_status, USED_UP)
        if not self._window.take(self._clock.ticks()):
            raise too_many()
        self._spent += 1

    def crowd(self, calls: int) -> None:
        """Count calls of others, as far as there is room for them."""
        for _ in range(calls):
            if self.this_month() >= self._traits.calls_per_month or not self._window.take(
                self._clock.ticks()
            ):
                return
            self._spent += 1

    def this_month(self) -> int:
        """Calls spent since the month began."""
        now = self._clock.now()
        if self._month != (now.year, now.month):
            self._month, self._spent = (now.year, now.month), 0
        return self._spent
