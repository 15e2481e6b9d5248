"""
What a connection may spend at a service, as data.

A connection has several limits at once and several buckets of calls. A call spends from every limit that
names its bucket, or from none: HubSpot's searches have five a second to themselves and spend the day that
all calls share, but not the ten seconds of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from masterops.errors import BadValue

Lane = str
INTERACTIVE: Lane = "interactive"  # somebody waits for it
BULK: Lane = "bulk"
CALLS = "calls"  # the bucket of a call that names none

MICROSECONDS = 1_000_000
NEVER = 1 << 62  # a wait of which nobody can say the end: until a call in flight is answered

MOST_PERMITS = 1_000_000_000
MOST_ROLLING_PERMITS = 1_000_000  # each is remembered, with eight bytes
LONGEST_WINDOW = 31 * 86_400.0
SHORTEST_WINDOW = 0.001


@dataclass(frozen=True, slots=True)
class Rolling:
    """
    At most so many in any span of `seconds`.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    So many a day or month, anew at midnight in `zone` (a name of the time zone database).
    """

    period: Literal["day", "month"]
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Concurrent:
    """
    So many unanswered at once.
    """


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """
    A bucket of so many that is refilled by `per_second`: for services that really count so (Shopify). Up to
    twice its size fits into one window, so it is no way to keep a rolling limit.
    """

    per_second: float


Span = Rolling | Calendar | Concurrent | TokenBucket


@dataclass(frozen=True, slots=True)
class Limit:
    """
    One limit: `permits` (calls, or cost points) in a `span`.

    `buckets` names those that spend it, none means all. `reserved` keeps a share (0 to 1) of the permits for
    a lane: nobody else may spend into it. `pinned` permits were chosen by a person, and what the service
    says may lower but not raise them. `learned` ones are only where to begin: the service publishes no
    number, and its answers move it. Raises BadValue for what is no limit.
    """

    name: str
    permits: int
    span: Span
    buckets: frozenset[str] = frozenset()
    reserved: Mapping[Lane, float] = field(default_factory=dict)
    pinned: bool = False
    learned: bool = False

    def __post_init__(self) -> None:
        most = MOST_ROLLING_PERMITS if isinstance(self.span, Rolling) else MOST_PERMITS
        if not 1 <= self.permits <= most:
            raise self._bad(self.permits, f"it must be from 1 to {most:,}")
        match self.span:
            case Rolling(seconds) if not SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW:
                raise self._bad(seconds, f"seconds are from {SHORTEST_WINDOW} to {LONGEST_WINDOW:,.0f}")
            case TokenBucket(rate) if not 1 / LONGEST_WINDOW <= rate <= MOST_PERMITS:
                raise self._bad(rate, "a bucket is refilled by more than nothing and less than all")
            case Calendar(_, zone):
                self._check_zone(zone)
            case _:
                pass
        shares = self.reserved.values()
        if any(share < 0 for share in shares) or not sum(shares) < 1:
            raise self._bad(dict(self.reserved), "reserved shares are 0 or more, and less than 1 together")

    def concerns(self, bucket: str) -> bool:
        """Whether a call of `bucket` spends it."""
        return not self.buckets or bucket in self.buckets

    def kept(self, permits: int) -> tuple[dict[Lane, int], int]:
        """What each lane with a reservation may not spend of `permits`, and what any other lane may not."""
        return {lane: self._kept_from(lane, permits) for lane in self.reserved}, self._kept_from("", permits)

    def believed(self, said: int | None, now: int) -> int:
        """The permits to go by when they are `now` and the service says `said`: nonsense changes nothing."""
        most = MOST_ROLLING_PERMITS if isinstance(self.span, Rolling) else MOST_PERMITS
        if said is None or not 1 <= said <= most:
            return now
        return min(said, self.permits) if self.pinned else said

    def _kept_from(self, lane: Lane, permits: int) -> int:
        kept = sum(share for owner, share in self.reserved.items() if owner != lane)
        # At least one can be spent by anybody: a reservation may delay the others, not lock them out.
        return min(permits - 1, ceil(permits * kept))

    def _check_zone(self, zone: str) -> None:
        try:
            zone_of(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self._bad(zone, "no time zone has this name") from error

    def _bad(self, value: object, reason: str) -> BadValue:
        return BadValue(value=value, kind=f"limit {self.name!r}", reason=reason)


def zone_of(name: str) -> tzinfo:
    """A time zone; UTC exists on a machine without a database of them too. Raises ZoneInfoNotFoundError."""
    return UTC if name == "UTC" else ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What one answer says of one limit: its size, what is left of it, how long its window is (seconds). None is
    what it did not say.
    """

    limit: str
    permits: int | None = None
    remaining: int | None = None
    seconds: float | None = None
