"""
A check that changes its state again and again is one trouble and not twenty, pure.

What the looks say is remembered beside what is shown. With more than `changes` changes within `window` the
check is shown as degraded, whatever the next look says, until nothing has changed for `quiet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from masterops.core.states import State
from masterops.health.evaluate import Verdict

MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Damping:
    """
    When a check flaps, and when it no longer does.
    """

    changes: int = 5
    window: timedelta = timedelta(minutes=30)
    quiet: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What a look has to know of those before it: the state that the last one found, when that changed, and
    whether the check flaps.
    """

    raw: State | None = None
    changes: tuple[datetime, ...] = ()
    flapping: bool = False

    def facts(self) -> dict[str, Any]:
        """As it is kept."""
        moments = [each.isoformat() for each in self.changes]
        return {"raw": self.raw, "changes": moments, "flapping": self.flapping}


def remembered(kept: Mapping[str, Any] | None) -> Memory:
    """What was kept; nothing where it cannot be read."""
    try:
        facts = kept or {}
        changes = tuple(datetime.fromisoformat(each) for each in facts.get("changes") or ())
        return Memory(cast("State | None", facts.get("raw")), changes, bool(facts.get("flapping")))
    except (TypeError, ValueError):
        return Memory()


def damped(memory: Memory, verdict: Verdict, at: datetime, rule: Damping) -> tuple[Memory, Verdict]:
    """What is remembered after a look, and what is shown. A look that could not ask is no change."""
    if verdict.state == "unknown":
        return memory, verdict
    changed = memory.raw is not None and memory.raw != verdict.state
    changes = (*memory.changes, at) if changed else memory.changes
    recent = tuple(each for each in changes if each > at - rule.window)[-MOST_KEPT:]
    last = changes[-1] if changes else None
    still = memory.flapping and last is not None and at - last < rule.quiet
    flapping = still or len(recent) > rule.changes
    # The last change counts for as long as it keeps the check flapping, also when that is longer.
    kept = recent or (changes[-1:] if flapping else ())
    after = Memory(verdict.state, kept, flapping)
    return after, _shown(verdict, after, rule) if flapping else verdict


def _shown(verdict: Verdict, memory: Memory, rule: Damping) -> Verdict:
    minutes = round(rule.window.total_seconds() / 60)
    said = f": {verdict.reason}" if verdict.reason else ""
    count = len(memory.changes)
    reason = f"flapping: {count} changes in {minutes} min; the last look found it {verdict.state}{said}"
    return Verdict("degraded", False, reason)
