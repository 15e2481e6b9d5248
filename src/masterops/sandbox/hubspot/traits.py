"""
What can be set about a running account, besides its faults: delays, caps and limits.
"""

from __future__ import annotations

import msgspec

from masterops.sandbox.hubspot.limits import Limits


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How an account behaves when nothing is wrong with it.
    """

    index_lag_seconds: float = 0.0  # until search finds a new or changed record; of the twin's clock
    search_cap: int = 10_000  # the last result that search gives
    latency_ms: float = 0.0  # each answer takes so much longer, in real time
    jitter_ms: float = 0.0  # and up to so much more, at random
    rotate_refresh_tokens: bool = True  # HubSpot keeps them (reported); other services do not
    limits: Limits | None = None  # None leaves them as they are

    def flaw(self) -> str | None:
        """What is wrong with it, or None."""
        if min(self.index_lag_seconds, self.latency_ms, self.jitter_ms) < 0:
            return "a delay cannot be negative"
        if not 1 <= self.search_cap <= 10_000:
            return "search_cap is from 1 to 10000"
        if self.limits is not None and min(self.limits.burst, self.limits.search, self.limits.daily) < 0:
            return "a limit cannot be negative"
        return None
