"""
What was looked at and found harmless: the texts and keys of a program are few, and come again with
every record.

Only what may be written as it stands is remembered here, never a secret. What counts as one may change
at run time, and then everything is looked at anew: whoever keeps something that follows from `now` asks
whether it still is the same object.
"""

from __future__ import annotations

LONGEST = 64
MOST = 4_096


class Seen:
    """
    Texts and keys that hold no secret, no NUL and nothing but ASCII; at most `MOST` of each.
    """

    __slots__ = ("keys", "texts")

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.keys: set[str] = set()  # further: none of them names a column or is treated in its own way


now = Seen()


def forget() -> None:
    """Look at everything anew. Comes after the change, so that nothing old can be remembered as new."""
    global now
    now = Seen()


def keep(known: set[str], text: str) -> None:
    """Remember `text` in one of the two sets that the caller took before it looked."""
    if len(text) <= LONGEST and text.isascii() and "\x00" not in text:
        if len(known) >= MOST:
            known.clear()
        known.add(text)
