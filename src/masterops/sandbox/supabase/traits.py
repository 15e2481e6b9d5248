"""
What can be set about a running project, besides its faults.
"""

from __future__ import annotations

import msgspec


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How a project behaves when nothing is wrong with it.
    """

    max_rows: int = 1_000  # what PostgREST gives at once; more is cut in silence
    statement_timeout_ms: int = 8_000
    schemas: list[str] = msgspec.field(default_factory=lambda: ["public"])  # those that are exposed
    unhealthy: list[str] = []  # parts that the Management API calls so
    calls_per_minute: int = 120  # of the Management API
    largest_file: int = 50 * 1024 * 1024
    latency_ms: float = 0.0  # each answer takes so much longer, in real time

    def flaw(self) -> str | None:
        """What is wrong with it, or None."""
        if self.max_rows < 1:
            return "at least one row must be shown"
        if min(self.calls_per_minute, self.statement_timeout_ms, self.largest_file) < 0:
            return "a limit cannot be negative"
        return "a delay cannot be negative" if self.latency_ms < 0 else None
