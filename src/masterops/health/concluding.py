"""
From what a round of looks means to what is kept of it: damping, then maintenance. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from masterops.config import Settings, words
from masterops.core.states import State
from masterops.health.damping import Damping, Memory, damped
from masterops.health.evaluate import SLOW_MS, Verdict
from masterops.health.looking import LONGEST_LAG_SECONDS
from masterops.health.maintenance import Window, current, sheltered
from masterops.health.settle import Rule


@dataclass(frozen=True, slots=True)
class Care:
    """
    How carefully states are decided: the `health` settings.
    """

    rule: Rule = field(default_factory=Rule)
    damping: Damping = field(default_factory=Damping)
    windows: tuple[Window, ...] = ()
    anchors: tuple[str, ...] = ()
    longest_lag: float = LONGEST_LAG_SECONDS
    slow_ms: float = SLOW_MS


@dataclass(frozen=True, slots=True)
class Before:
    """
    How a check stood before this round: since when and why, and the seconds since its last look.
    """

    state: State | None = None
    memory: Memory = field(default_factory=Memory)
    since: datetime | None = None
    reason: str | None = None
    age: float | None = None

    @property
    def previous(self) -> State | None:
        """What the looks of the next round are compared with: behind flapping, what was really seen."""
        return self.memory.raw if self.memory.flapping else self.state


@dataclass(frozen=True, slots=True)
class Conclusion:
    """
    What is kept: the verdict as shown, the memory, and the window of maintenance that it fell into. With
    `holds` the state stays what it was.
    """

    verdict: Verdict
    memory: Memory
    window: str | None = None
    holds: bool = False

    def facts(self) -> dict[str, Any]:
        """What stands beside the columns when it is recorded."""
        return {"memory": self.memory.facts(), "maintenance": self.window, "holds": self.holds}


def conclude(
    before: Before, verdict: Verdict, at: datetime, care: Care, names: Collection[str]
) -> Conclusion:
    """What a round at a moment means for a check that goes by these names."""
    window = current(care.windows, at, names)
    if window is not None:
        shown = sheltered(verdict, window)
        return Conclusion(shown, before.memory, window.name, holds=shown is not verdict)
    memory, shown = damped(before.memory, verdict, at, care.damping)
    return Conclusion(shown, memory)


def care_of(settings: Settings) -> Care:
    """How carefully states are decided, as the settings say."""
    given = settings.health
    looks = max(given.looks, given.failures)
    windows = [
        Window(each.name, frozenset(each.applies), each.starts, each.ends, each.weekly, each.zone)
        for each in settings.maintenance
    ]
    return Care(
        Rule(given.failures, looks, given.successes, given.repeat_seconds),
        Damping(
            given.flap_changes, timedelta(minutes=given.flap_minutes), timedelta(minutes=given.quiet_minutes)
        ),
        tuple(windows),
        tuple(words(given.anchors or "")),
        given.longest_lag_seconds,
        given.slow_ms,
    )


def with_windows(care: Care, windows: Collection[Window]) -> Care:
    """The same with more windows of maintenance."""
    return replace(care, windows=(*care.windows, *windows))
