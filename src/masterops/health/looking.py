"""
One round of looks at one check: ask, doubt, ask again, until it is settled what they mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from masterops.core.states import State
from masterops.health.evaluate import Verdict
from masterops.health.lag import Pulsometer
from masterops.health.settle import Rule, settled, unsettled

LONGEST_LAG_SECONDS = 1.0
MOST_REPEATS = 3

P = TypeVar("P")


@dataclass(slots=True)
class Round(Generic[P]):
    """
    What a round has found so far; `probe` is the last look that counts.
    """

    previous: State | None
    rule: Rule
    seen: list[Verdict] = field(default_factory=list)
    probe: P | None = None
    repeats: int = 0

    @property
    def verdict(self) -> Verdict | None:
        """What it means, once it is settled."""
        found = settled(self.previous, self.seen, self.rule)
        failed = sum(1 for each in self.seen if each.state == "down")
        return unsettled(found, failed, len(self.seen)) if found is not None else None


async def look(
    round: Round[P],
    ask: Callable[[], Awaitable[P]],
    judge: Callable[[P], Verdict],
    beat: Pulsometer,
    *,
    longest_lag: float = LONGEST_LAG_SECONDS,
) -> None:
    """
    One look more. One that was not well while this process was held up is repeated and not judged; after some
    repeats it is known that nothing can be known.
    """
    while True:
        since = beat.now()
        probe = await ask()
        verdict = judge(probe)
        lag = beat.held_up(since)
        if verdict.state == "up" or lag <= longest_lag:
            break
        round.repeats += 1
        if round.repeats > MOST_REPEATS:
            verdict = Verdict("unknown", False, f"this process was held up for {lag:.1f} s while it looked")
            break
    round.probe = probe
    round.seen.append(verdict)


async def finish(
    round: Round[P],
    ask: Callable[[], Awaitable[P]],
    judge: Callable[[P], Verdict],
    beat: Pulsometer,
    *,
    longest_lag: float = LONGEST_LAG_SECONDS,
) -> Verdict:
    """Look again, as long as it takes; a round has few looks, so it ends."""
    while (verdict := round.verdict) is None:
        await asyncio.sleep(round.rule.seconds)
        await look(round, ask, judge, beat, longest_lag=longest_lag)
    return verdict
