"""
HubSpot's limits of one account, spent and shown as HubSpot shows them.

Three of them: calls in a rolling window (search is exempt), searches in a rolling second (its answers
carry no rate headers at all), and calls a day, which ends at midnight where the account is. A refused call
is not spent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import problems
from masterops.sandbox.window import Window


class Limits(msgspec.Struct, frozen=True):
    """
    How much an account may spend: the numbers of a private app on the Free and Starter plans.
    """

    burst: int = 100
    burst_seconds: float = 10.0
    search: int = 5
    search_seconds: float = 1.0
    daily: int = 250_000


class Meter:
    """
    What an account has spent.
    """

    def __init__(self, limits: Limits, clock: Clock, time_zone: str) -> None:
        self.limits = limits
        self.zone = zone_of(time_zone)
        self._clock = clock
        self._burst = Window(limits.burst, limits.burst_seconds)
        self._search = Window(limits.search, limits.search_seconds)
        self._day: date | None = None
        self._spent_today = 0
        self._interval = str(round(limits.burst_seconds * 1000))

    def spend(self, *, search: bool) -> dict[str, str]:
        """Count one call and give the headers of its answer. Raises Refusal when a limit is reached."""
        ticks = self._clock.ticks()
        if self.today() >= self.limits.daily:
            raise problems.too_many("DAILY", {} if search else self.headers())
        if search:
            if not self._search.take(ticks):
                raise problems.too_many("SECONDLY")
        elif not self._burst.take(ticks):
            raise problems.too_many("TEN_SECONDLY_ROLLING", self.headers())
        self._spent_today += 1
        return {} if search else self.headers()

    def storm(self, *, search: bool, retry_after: int | None) -> problems.Refusal:
        """The refusal when somebody else spends the whole limit."""
        asked = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if search:
            return problems.too_many("SECONDLY", asked)
        headers = self.headers() | {"X-HubSpot-RateLimit-Remaining": "0"}
        return problems.too_many("TEN_SECONDLY_ROLLING", headers | asked)

    def headers(self) -> dict[str, str]:
        """The rate headers as of now."""
        return {
            "X-HubSpot-RateLimit-Max": str(self.limits.burst),
            "X-HubSpot-RateLimit-Remaining": str(self._burst.left(self._clock.ticks())),
            "X-HubSpot-RateLimit-Interval-Milliseconds": self._interval,
            "X-HubSpot-RateLimit-Daily": str(self.limits.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.limits.daily - self.today())),
        }

    def today(self) -> int:
        """Calls spent since midnight in the account's time zone."""
        day = self._clock.now().astimezone(self.zone).date()
        if day != self._day:
            self._day, self._spent_today = day, 0
        return self._spent_today

    def resets_at(self) -> datetime:
        """The next midnight in the account's time zone, in UTC."""
        tomorrow = self._clock.now().astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self.zone).astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """A time zone; UTC on a machine that has no time zone data."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
