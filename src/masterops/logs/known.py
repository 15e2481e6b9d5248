"""
The secrets that this process was configured with, to be struck out literally wherever they turn up.

A service may echo a token in any sentence, and a token may have any shape; but we know what we sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from masterops.logs import seen

SHORTEST = 6  # a shorter one stands in too many innocent words

_values: tuple[str, ...] = ()


def remember(secrets: Iterable[str]) -> None:
    """From now on these never appear in what is written down."""
    global _values
    added = {secret for secret in secrets if len(secret) >= SHORTEST}
    # The longest first: one secret may be the beginning of another.
    _values = tuple(sorted({*_values, *added}, key=len, reverse=True))
    seen.forget()


def any_known() -> bool:
    """Whether there are any."""
    return bool(_values)


def strike(text: str, mark: str) -> str:
    """The same text without them."""
    for secret in _values:
        if secret in text:
            text = text.replace(secret, mark)
    return text


def longest() -> int:
    """Characters of the longest of them."""
    return len(_values[0]) if _values else 0
