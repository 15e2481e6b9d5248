"""
How much earlier than its answer a call was certainly counted by the service.

A call takes `a` until the service counts it and `b` until the answer is here, of which we see the sum. A
call that follows another by a window is counted no sooner than it leaves plus the least `a`, and the other no
later than its answer less the least `b`: together the two may be let closer by the least sum. So the window
begins that much before the answer, and only what a call took beyond the least counts against us.

The least sum is close to the least `a` and the least `b` only where nothing queues: among calls of a burst
each waits for the others, on either side, and the least of their sums is far above it. (Taken from them all,
calls were refused by a service that shared its processor with us.) So it is taken from calls
that were alone on their way, of any endpoint: the quickest is the safest. A tenth of it is left as a guard,
and nothing is given before ten such calls. They are measured from when the request has left the socket, so
that connecting and TLS count as delay.
"""

from __future__ import annotations

SAMPLES = 10
GUARD = 10  # a tenth


class Latency:
    """
    The least time that a call took which was alone, in microseconds.
    """

    __slots__ = ("_least", "_samples")

    def __init__(self) -> None:
        self._least = self._samples = 0

    def answered_alone(self, took: int) -> None:
        """A call went well while no other was under way."""
        self._least = min(self._least, took) if self._samples else took
        self._samples += 1

    @property
    def credit(self) -> int:
        """How long before its answer a call was counted at the latest, with the guard taken off."""
        return (
            self._least - self._least // GUARD - 1 if self._samples >= SAMPLES and self._least > GUARD else 0
        )
