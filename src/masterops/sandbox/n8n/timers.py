"""
What runs by itself at a server of the sandbox: workflows with a schedule, as long as it stands.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec


class Timer(msgspec.Struct):
    """
    A workflow that runs at every multiple of some minutes, by UTC. From moments on it fails each time, gives
    nothing, or does not run any more, though n8n says that it is active.
    """

    workflow: str
    minutes: int
    following: datetime
    share: int = 0  # of a hundred runs that fail
    failing: str = ""
    words: str = ""
    fails_from: datetime | None = None
    empty_from: datetime | None = None
    stops_at: datetime | None = None

    def due(self, now: datetime) -> list[datetime]:
        """The moments that have passed since the last time that this was asked."""
        found, step = [], timedelta(minutes=self.minutes)
        while self.following <= now:
            if self.stops_at is None or self.following < self.stops_at:
                found.append(self.following)
            self.following += step
        return found

    def run(self, at: datetime, chance: Random) -> dict[str, Any]:
        """How the run of a moment goes."""
        fails = chance.random() * 100 < self.share or _is_over(self.fails_from, at)
        return {
            # n8n begins some seconds behind the full minute.
            "at": at + timedelta(seconds=2),
            "seconds": 1 + chance.random() * 20,
            "ends_as": "error" if fails else "success",
            "failing": self.failing if fails else "",
            "words": self.words,
            "items": 0 if _is_over(self.empty_from, at) else 1 + chance.randrange(20),
        }


def first(minutes: int, since: datetime) -> datetime:
    """The first multiple behind a moment."""
    step = minutes * 60
    return datetime.fromtimestamp((since.timestamp() // step + 1) * step, UTC)


def _is_over(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and at >= moment
