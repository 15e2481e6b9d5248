"""
A quota that is said to be used up, and who asks whether it still is.

The word may be wrong, or the account may have bought more: so one call in a while goes all the same. Each
time that it is refused the next one waits twice as long, because a service also counts what it refuses.
"""

from __future__ import annotations

from masterops.core.budgets.limit import MICROSECONDS

FIRST = 30 * MICROSECONDS  # after a refusal
LONGEST = 3_600 * MICROSECONDS  # and at once where only a number in a header said it


class UsedUp:
    """
    Whether it was said, and when the next call may ask.
    """

    __slots__ = ("_at", "_pause", "said")

    def __init__(self) -> None:
        self.said = False
        self._at = self._pause = 0

    def refused(self, now: int) -> None:
        """A call was refused for it."""
        if not self.said:
            self.said, self._pause = True, FIRST
            self._at = now + FIRST

    def told(self, now: int) -> None:
        """A header said that nothing is left."""
        if not self.said:
            self.said, self._pause = True, LONGEST
            self._at = now + LONGEST

    def asked(self, now: int) -> None:
        """A call asks; if it is refused too, the next one waits longer."""
        self._pause = min(LONGEST, 2 * self._pause)
        self._at = now + self._pause

    def over(self) -> None:
        """There is something left, or another period began."""
        self.said = False

    def asks(self, now: int) -> bool:
        """Whether a call may ask now."""
        return self.said and now >= self._at
