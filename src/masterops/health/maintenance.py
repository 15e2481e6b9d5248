"""
Windows of maintenance: what is looked at in one is recorded and moves no state, pure.

What is found wrong there is kept as `unknown`, with what was found and the window's name beside it: it counts
in no uptime and alerts nobody. What is found well is what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from masterops.core.weekly import Weekly
from masterops.health.evaluate import Verdict

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Window:
    """
    One window: from a moment to a moment, or each week in a time zone. `applies` are names of connections,
    services, checks or businesses.
    """

    name: str
    applies: frozenset[str]
    starts: datetime | None = None
    ends: datetime | None = None
    weekly: Weekly | None = None
    zone: str = "UTC"

    def covers(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        if self.weekly is not None:
            return self.weekly.covers(at, ZoneInfo(self.zone))
        return self.starts is not None and self.ends is not None and self.starts <= at < self.ends


def current(windows: Iterable[Window], at: datetime, names: Collection[str]) -> Window | None:
    """The first window that a moment lies in and that applies to something of these names."""
    wanted = {*names, EVERYTHING}
    return next((each for each in windows if wanted & each.applies and each.covers(at)), None)


def sheltered(verdict: Verdict, window: Window) -> Verdict:
    """What a look inside a window is kept as."""
    if verdict.state in ("up", "unknown"):
        return verdict
    return Verdict("unknown", False, f"maintenance ({window.name}): {verdict.reason or verdict.state}")
