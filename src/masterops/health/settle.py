"""
How many looks it takes to believe what one of them says, pure.

A failed look is repeated before the check counts as down, and one that was down must be seen well more than
once before it counts as up again. Both happen within one round, so that a short outage of one packet is no
incident and a real one is still known within a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from masterops.core.states import State
from masterops.health.evaluate import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """
    It is down when `failures` of `looks` in one round found it so, and no longer when `successes` in a row
    did not. Looks of a round are `seconds` apart.
    """

    failures: int = 2
    looks: int = 2
    successes: int = 2
    seconds: float = 3.0


def settled(previous: State | None, seen: Sequence[Verdict], rule: Rule) -> Verdict | None:
    """
    What the looks of a round mean, the oldest first, given the state before them; None: look again.

    The answer is always what one of the looks found: none of them is down by arithmetic alone.
    """
    return _of_down(seen, rule) if previous == "down" else _of_others(seen, rule)


def _of_others(seen: Sequence[Verdict], rule: Rule) -> Verdict | None:
    failed = [each for each in seen if each.state == "down"]
    others = [each for each in seen if each.state != "down"]
    if len(failed) >= rule.failures:
        return failed[-1]
    # What could not be asked says nothing, so it is not a reason to ask at once again.
    if not failed or len(others) > rule.looks - rule.failures:
        return others[-1] if others else None
    return None


def _of_down(seen: Sequence[Verdict], rule: Rule) -> Verdict | None:
    last = seen[-1] if seen else None
    if last is None or last.state in ("down", "unknown"):
        return last
    well = 0
    for each in reversed(seen):
        if each.state in ("down", "unknown"):
            break
        well += 1
    return last if well >= rule.successes else None


def unsettled(verdict: Verdict, failed: int, looks: int) -> Verdict:
    """A verdict that says that other looks of its round failed."""
    if not failed or verdict.state == "down" or verdict.reason is not None:
        return verdict
    return replace(verdict, reason=f"{failed} of {looks} looks failed")
