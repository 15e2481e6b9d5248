"""
What a probe means, pure.

    up        answered as it should, in time
    degraded  answered, but slowly, or refuses us only for now (rate limit, quota), or fails some calls so
              often that they are not made for a while
    down      no answer, a wrong answer, or our credentials are missing or not accepted
    unknown   it was not asked: there is no connector for it, or the fault is on our side
"""

from __future__ import annotations

from dataclasses import dataclass

from masterops.core.states import State

SLOW_MS = 2_000.0
DEGRADED_CATEGORIES = frozenset({"rate_limit", "quota"})
UNKNOWN_CATEGORIES = frozenset({"usage", "database", "internal"})


@dataclass(frozen=True, slots=True)
class Probe:
    """
    The facts of one look at a connection: how long it took, and the error if there was one. `shut` says which
    of its circuits are open, and why.
    """

    response_ms: float | None
    error_category: str | None = None
    error_message: str | None = None
    error_code: str | None = None
    shut: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The state that the facts mean, and why in words.
    """

    state: State
    healthy: bool
    reason: str | None


def evaluate(probe: Probe, *, slow_ms: float = SLOW_MS) -> Verdict:
    """The state of a connection after one probe."""
    if probe.error_category is None:
        if probe.shut:
            return Verdict("degraded", False, probe.shut)
        if probe.response_ms is not None and probe.response_ms > slow_ms:
            return Verdict("degraded", False, f"slow: {probe.response_ms:,.0f} ms, more than {slow_ms:,.0f}")
        return Verdict("up", True, None)
    if probe.error_category in DEGRADED_CATEGORIES:
        return Verdict("degraded", False, probe.error_message)
    if probe.error_category in UNKNOWN_CATEGORIES:
        return Verdict("unknown", False, probe.error_message)
    return Verdict("down", False, probe.error_message)
