"""
A true rolling window: at most `most` calls in any span of `seconds`.

Pure: it is told the time. It remembers the moment of each call it let through and nothing of those it
refused, because a refused call is not spent. Moments are whole microseconds: with floats "now minus ten
seconds" and "then plus ten seconds" may disagree in the last digit and let one call too many through.
"""

from __future__ import annotations

from collections import deque


class Window:
    """
    The calls of the last `seconds`.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._span = round(seconds * 1_000_000)
        self._calls: deque[int] = deque()

    def left(self, ticks: float) -> int:
        """How many more calls may be made at `ticks`."""
        moment = round(ticks * 1_000_000)
        while self._calls and self._calls[0] <= moment - self._span:
            self._calls.popleft()
        return self.most - len(self._calls)

    def take(self, ticks: float) -> bool:
        """Whether one more call may be made at `ticks`; if so, it is counted."""
        if self.left(ticks) <= 0:
            return False
        self._calls.append(round(ticks * 1_000_000))
        return True

    def clear(self) -> None:
        """Forget every call."""
        self._calls.clear()
