"""
Chaos profiles: mixtures of faults, each with the part of requests that it meets.

A profile is data. Which fault meets a request is drawn from the profile's seed and the place of the request
among those of its connection, so that the same calls in the same order meet the same faults again.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from masterops.sandbox.faults import Fault

Mixture = tuple[tuple[float, Fault], ...]

# Retry-After as services have been seen to send it: none, zero, past, absurd, a date, a fraction, words.
ODD = (None, 0, 1, "-1", "86400000", "Thu, 01 Jan 1970 00:00:00 GMT", "0.5", "soon")
BROKEN = (500, 502, 503, 504)

PROFILES: Mapping[str, Mixture] = {
    "flaky": (
        *((0.02, Fault(status=status)) for status in BROKEN),
        (0.01, Fault(status=503, retry_after=1)),
        (0.01, Fault(status=423)),
        (0.02, Fault(cut=True)),
        (0.01, Fault(garbage=True)),
        (0.01, Fault(malformed=True)),
        (0.03, Fault(partial=True)),
        (0.02, Fault(latency_ms=200, jitter_ms=300)),
    ),
    "storm": (
        *((0.03, Fault(storm=True, retry_after=odd)) for odd in ODD),
        *((0.04, Fault(status=status)) for status in BROKEN),
        *((0.01, Fault(status=503, retry_after=odd)) for odd in ODD),
        (0.02, Fault(cut=True)),
    ),
    "slow": (
        (0.70, Fault(latency_ms=150, jitter_ms=350)),
        (0.10, Fault(latency_ms=1_000, jitter_ms=1_000)),
        (0.01, Fault(latency_ms=5_000)),
        (0.02, Fault(status=504, latency_ms=1_000)),
    ),
    "expired-token": ((0.10, Fault(expired=True)),),
    # Eight of nine calls are somebody else's, and now and then they were faster.
    "quota-low": ((0.90, Fault(crowd=8)), (0.05, Fault(storm=True))),
}


def drawn(mixture: Mixture, chance: Random) -> Fault | None:
    """The fault that meets the next request; None when it is spared. Takes one number from `chance`."""
    point = chance.random()
    for part, fault in mixture:
        point -= part
        if point < 0:
            return fault
    return None
