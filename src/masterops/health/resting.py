"""
When a connection is left alone for a cycle, because its calls are few. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from masterops.core.durations import parse_duration
from masterops.health.concluding import Before
from masterops.health.evaluate import Verdict

# A cycle is never to the second: without it every five minutes would be every six.
NEARLY = 0.9
ANSWERING = ("up", "degraded")


def check_every(values: Mapping[str, object]) -> timedelta:
    """How often a connection is looked at, as its settings say; nothing is each cycle."""
    said = values.get("check_every")
    return parse_duration(said) if isinstance(said, str) else timedelta()


def rests(before: Before, every: timedelta) -> Verdict | None:
    """
    The verdict that still stands, or None where it is time to look.

    What does not answer is looked at in each cycle, so that its end is known as soon as ever.
    """
    if before.age is None or before.previous not in ANSWERING or before.state is None:
        return None
    if before.age >= every.total_seconds() * NEARLY:
        return None
    return Verdict(before.state, before.state == "up", before.reason)
