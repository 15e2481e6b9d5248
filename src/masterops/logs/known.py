"""
The secrets that this process was configured with, to be struck out literally wherever they turn up.

A service may echo a token in any sentence, and a token may have any shape; but we know what we sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from masterops.logs import seen

SHORTEST = 6  # a shorter one stands in too many innocent words

values: tuple[str, ...] = ()  # read elsewhere, written here


def remember(secrets: Iterable[str]) -> None:
    """From now on these never appear in what is written down."""
    global values
    added = {secret for secret in secrets if len(secret) >= SHORTEST}
    # The longest first: one secret may be the beginning of another.
    values = tuple(sorted({*values, *added}, key=len, reverse=True))
    seen.forget()


def strike(text: str, mark: str) -> str:
    """The same text without them."""
    for secret in values:
        if secret in text:
            text = text.replace(secret, mark)
    return text


def longest() -> int:
    """Characters of the longest of them."""
    return len(values[0]) if values else 0
