"""
The headers that every answer of ours bears, unless it says otherwise itself.
"""

from __future__ import annotations

from collections.abc import Iterable

Header = tuple[bytes, bytes]

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def secured(headers: Iterable[Header]) -> list[Header]:
    """The headers of an answer with those that it lacks."""
    given = list(headers)
    names = {name.lower() for name, _ in given}
    return [*given, *(each for each in SECURITY if each[0] not in names)]


def header(headers: Iterable[Header], name: bytes) -> bytes | None:
    """The first header of a name in small letters; None where there is none."""
    for each, value in headers:
        if each == name:
            return value
    return None
