"""
How much earlier than its answer a call was certainly counted by the service.

A call takes `a` until the service counts it and `b` until the answer is here, of which we see the sum. The
least sum that we ever see of an endpoint is close to the least `a` and the least `b`; whatever a call takes
beyond it is delay, and may have come before the counting. So a call was counted no later than its answer
less the least `b`, and the one that follows it by a window is counted no sooner than it leaves plus the
least `a`: together they give back the least sum. A tenth of it is left as a guard, for a least `a` and a
least `b` that never met in one call; and nothing is given back before ten calls were seen.

Measured from when the request has left the socket, so that connecting and TLS count as delay.
"""

from __future__ import annotations

SAMPLES = 10
GUARD = 10  # a tenth


class Latency:
    """
    The least time of each endpoint, in microseconds.
    """

    __slots__ = ("_least",)

    def __init__(self) -> None:
        self._least: dict[str, list[int]] = {}

    def answered(self, endpoint: str, took: int) -> None:
        """One call that went well took so long."""
        seen = self._least.get(endpoint)
        if seen is None:
            self._least[endpoint] = [took, 1]
            return
        seen[1] += 1
        if took < seen[0]:
            seen[0] = took

    def credit(self, endpoint: str) -> int:
        """How long before its answer a call was counted at the latest, with the guard taken off."""
        least, samples = self._least.get(endpoint, (0, 0))
        return least - least // GUARD - 1 if samples >= SAMPLES and least > GUARD else 0
