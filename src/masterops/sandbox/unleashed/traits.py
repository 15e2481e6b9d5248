"""
What can be set about a running account, besides its faults.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How an account behaves when nothing is wrong with it.
    """

    calls_per_month: int = 50_000
    calls_per_minute: int = 300
    quota_status: Literal[402, 403, 429] = 429  # of a used-up month: it is documented nowhere
    repeated_create: Literal["update", "refuse"] = "update"  # a create with a GUID that is there already
    latency_ms: float = 0.0  # each answer takes so much longer, in real time

    def flaw(self) -> str | None:
        """What is wrong with it, or None."""
        if min(self.calls_per_month, self.calls_per_minute) < 0:
            return "a limit cannot be negative"
        return "a delay cannot be negative" if self.latency_ms < 0 else None
