"""
A day's or month's limit of which this process is handed parts.

Where the account is and when its midnight comes is the ledger's business; here is what may still be spent
until then. What is spent close to the end counts for both periods: the service's clock is not the ledger's.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.core.budgets.calendar import SKEW
from masterops.core.budgets.limit import MICROSECONDS, NEVER, Calendar, Lane, Limit, Reading
from masterops.core.budgets.sharing import Ask, Part
from masterops.core.budgets.used_up import UsedUp

ANYBODY: Lane = ""
DRY = (
    MICROSECONDS // 4
)  # after which one who got nothing may ask again: others give back what they do not need


class AllowanceMeter:
    """
    What was handed out and is not spent, for each lane with a reservation and for all others.
    """

    def __init__(self, limit: Limit, span: Calendar) -> None:
        self.limit = limit
        self.most = self._unheld = limit.permits
        self.peers = 1
        self.used_up = UsedUp()
        self._period, self._zone = span.period, span.zone
        self._zone_known = span.zone != "UTC"  # which is what is taken when nobody says anything
        self._pools: dict[Lane, int] = dict.fromkeys([*limit.reserved, ANYBODY], 0)
        self._lane = ANYBODY  # whose pool the next `put` is for: `wait` has just been asked
        self._open = self._edge = self._back = 0
        self.spent = 0  # since the ledger was last asked
        self._starts = -1
        self._ends = NEVER
        self._dry_until = 0
        self._said: int | None = None
        self._remaining: tuple[int, int] | None = None
        self._refilled = False
        self._wished = [0] * len(self._pools)
        self._borrowed = 0

    @property
    def exhausted(self) -> bool:
        """Whether the service said that nothing is left."""
        return self.used_up.said

    @property
    def largest(self) -> int:
        return self.most

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        if now >= self._ends + SKEW:
            self._roll()
        self._lane = lane if lane in self._pools else ANYBODY
        if self.used_up.said:
            return 0 if self.used_up.asks(now) else self.until_end(now)
        if self._pools[self._lane] >= weight:
            return 0
        return self.until_end(now) if now < self._dry_until and self._ends < NEVER else NEVER

    def put(self, weight: int, now: int) -> None:
        self._pools[self._lane] -= weight
        self._open += weight
        self.spent += weight
        if now > self._ends - SKEW:
            self._edge += weight
        if self.used_up.said:
            self.used_up.asked(now)

    def settle(self, weight: int, moment: int, *, sent: bool) -> None:
        self._open -= weight
        if not sent:
            self._back += weight  # whose it was is not known any more
            self._edge = max(0, self._edge - weight)
        elif moment > self._ends - SKEW:
            self._edge += weight

    def settle_all(self, moments: list[int]) -> None:
        self._open -= len(moments)
        if moments[-1] > self._ends - SKEW:
            self._edge += len(moments)

    def room(self, now: int) -> int:
        if self.limit.reserved or self.used_up.said or now >= self._ends:
            return 0
        self._lane = ANYBODY
        return max(0, self._pools[ANYBODY])

    def mark(self) -> int:
        return 0

    def read(self, reading: Reading, mark: int, now: int) -> None:
        """For the ledger."""
        if reading.permits is not None:
            self._said = self.limit.believed(reading.permits, self.most)
        total = reading.permits or self.most
        if reading.remaining is not None and 0 <= reading.remaining <= total:
            # Of a person's own, smaller limit is left what is missing to it.
            self._remaining = max(0, reading.remaining - total + min(total, self._said or self.most)), now
            if reading.remaining > 0:
                self.used_up.over()
            else:
                self.used_up.told(now)

    def left(self, now: int) -> int:
        return (
            0
            if self.used_up.said
            else max(0, self._unheld) + sum(max(0, each) for each in self._pools.values())
        )

    def exhaust(self, now: int) -> None:
        """The service says that all is spent: until the end, but for one call in a while that asks again."""
        self.used_up.refused(now)
        self._remaining = 0, now

    def refill(self) -> None:
        """It takes calls again, before the end that we knew of, and does not say how many."""
        if self.used_up.said:
            self.used_up.over()
            self._refilled, self._remaining, self._dry_until = True, None, 0

    def move(self, zone: str) -> None:
        """The account is in another time zone than we thought."""
        self._zone, self._zone_known = zone, True

    def until_end(self, now: int) -> int:
        """Microseconds until all is there again."""
        return self._ends + SKEW - now

    @property
    def held(self) -> int:
        """What was handed out and is not spent."""
        return sum(max(0, each) for each in self._pools.values())

    @property
    def open(self) -> int:
        """Calls that are not answered yet."""
        return self._open

    def ask(self, waiting: Mapping[Lane, int], now: int) -> Ask:
        """What to tell the ledger, with what callers wait for in each lane."""
        if now >= self._ends + SKEW:
            self._roll()
        spent, self.spent = self.spent, 0
        back, self._back = self._back, 0
        (remaining, since), self._remaining = self._remaining or (None, now), None
        said, self._said = self._said, None
        refilled, self._refilled = self._refilled, False
        self._wished = [self._want(lane, waiting, spent) for lane in self._pools]
        return {
            "name": self.limit.name,
            "most": self.limit.permits,
            "period": self._period,
            "zone": self._zone,
            "zone_known": self._zone_known,
            "held": self.held,
            "waiting": sum(waiting.values()),
            "starts": self._starts,
            "back": back,
            "wants": [[want, self._kept(lane)] for lane, want in zip(self._pools, self._wished, strict=True)],
            "said": said,
            "remaining": remaining,
            "age": (now - since) / MICROSECONDS,
            "refilled": refilled,
        }

    def unheard(self, ask: Ask, now: int) -> None:
        """The ledger did not answer to `ask`, and may have heard it: what was borrowed is told again."""
        back = ask["back"]
        assert isinstance(back, int)
        self._back += min(0, back)

    def grant(self, part: Part, now: int) -> None:
        """What the ledger answered."""
        if part.target != self._starts:
            self._begin(part.target)
        self._ends = now + round(part.rests[0] * MICROSECONDS)
        self.most, self._unheld, self.peers = part.most, part.unheld, part.peers
        for lane, granted in zip(self._pools, part.granted, strict=True):
            self._pools[lane] += granted
        self._borrowed = 0
        if any(want and not got for want, got in zip(self._wished, part.granted, strict=True)):
            self._dry_until = now + DRY

    def borrow(self) -> None:
        """The ledger is away: a hundredth of our share may be spent meanwhile, and again, up to a quarter."""
        part = max(1, self.most // (100 * self.peers))
        if self._borrowed + part <= max(1, self.most // (4 * self.peers)):
            self._borrowed += part
            self._pools[ANYBODY] += part
            self._back -= part

    def release(self, now: int) -> None:
        """Give back what is not spent."""
        for lane, left in self._pools.items():
            if left > 0:
                self._back += left
                self._pools[lane] = 0

    def _want(self, lane: Lane, waiting: Mapping[Lane, int], spent: int) -> int:
        """As much as was just spent twice over, so that asking is rare and little is lost with a crash."""
        own = sum(
            number for each, number in waiting.items() if lane == (each if each in self._pools else ANYBODY)
        )
        ahead = 2 * spent if lane == ANYBODY else 0
        return max(0, own + ahead - self._pools[lane])

    def _kept(self, lane: Lane) -> int:
        by_lane, others = self.limit.kept(self.most)
        return by_lane.get(lane, others)

    def _begin(self, starts: int) -> None:
        """Another period: what was handed out of the last is worth nothing."""
        if self._starts >= 0:
            self._roll()
        self._starts = starts

    def _roll(self) -> None:
        self._pools = dict.fromkeys(self._pools, 0)
        self._pools[ANYBODY] = -self._edge - self._open
        self._edge = self._back = self._dry_until = 0
        self.used_up.over()
        self._starts, self._ends = -1, NEVER
