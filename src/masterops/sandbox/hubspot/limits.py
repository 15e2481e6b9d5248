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
    oauth_burst: int = 110  # of an app that people installed, whatever the plan


class Meter:
    """
    What an account has spent: the burst by each app for itself, search and day by all together.
    """

    def __init__(self, limits: Limits, clock: Clock, time_zone: str) -> None:
        self.zone = zone_of(time_zone)
        self._clock = clock
        self._bursts: dict[str, Window] = {}
        self._day: date | None = None
        self._spent_today = 0
        self.limits = limits
        self.set(limits)

    def set(self, limits: Limits) -> None:
        """Other limits from now on; what was spent of the old ones is forgotten, but for the day's."""
        self.limits = limits
        self._bursts.clear()
        self._search = Window(limits.search, limits.search_seconds)
        self._interval = str(round(limits.burst_seconds * 1000))

    def spend(self, *, search: bool, app: str = "private", oauth: bool = False) -> dict[str, str]:
        """Count one call and give the headers of its answer. Raises Refusal when a limit is reached."""
        ticks = self._clock.ticks()
        if self.today() >= self.limits.daily:
            raise problems.too_many("DAILY", {} if search else self.headers(app, oauth))
        if search:
            if not self._search.take(ticks):
                raise problems.too_many("SECONDLY")
        elif not self._burst(app, oauth).take(ticks):
            raise problems.too_many("TEN_SECONDLY_ROLLING", self.headers(app, oauth))
        self._spent_today += 1
        return {} if search else self.headers(app, oauth)

    def crowd(self, calls: int, *, search: bool, app: str, oauth: bool) -> None:
        """Count calls of others, as far as there is room for them."""
        window = self._search if search else self._burst(app, oauth)
        for _ in range(calls):
            if self.today() >= self.limits.daily or not window.take(self._clock.ticks()):
                return
            self._spent_today += 1

    def storm(
        self, *, search: bool, retry_after: int | str | None, app: str = "private", oauth: bool = False
    ) -> problems.Refusal:
        """The refusal when somebody else spends the whole limit."""
        asked = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if search:
            return problems.too_many("SECONDLY", asked)
        headers = self.headers(app, oauth) | {"X-HubSpot-RateLimit-Remaining": "0"}
        return problems.too_many("TEN_SECONDLY_ROLLING", headers | asked)

    def headers(self, app: str = "private", oauth: bool = False) -> dict[str, str]:
        """The rate headers as of now. An installed app is told nothing about the day."""
        window = self._burst(app, oauth)
        shown = {
            "X-HubSpot-RateLimit-Max": str(window.most),
            "X-HubSpot-RateLimit-Remaining": str(window.left(self._clock.ticks())),
            "X-HubSpot-RateLimit-Interval-Milliseconds": self._interval,
        }
        if oauth:
            return shown
        shown["X-HubSpot-RateLimit-Daily"] = str(self.limits.daily)
        shown["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, self.limits.daily - self.today()))
        return shown

    def _burst(self, app: str, oauth: bool) -> Window:
        window = self._bursts.get(app)
        if window is None:
            most = self.limits.oauth_burst if oauth else self.limits.burst
            window = self._bursts[app] = Window(most, self.limits.burst_seconds)
        return window

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
