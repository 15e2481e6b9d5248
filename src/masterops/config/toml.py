"""
Writing keys and values as TOML does.
"""

from __future__ import annotations

import re

_BARE = r"[A-Za-z0-9_-]+"
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def dotted(*path: str) -> str:
    """A dotted key; parts that are not plain words are quoted."""
    return ".".join(part if re.fullmatch(_BARE, part) else quote(part) for part in path)


def literal(value: object) -> str:
    """A value: true, 30, 0.5 or "text"; a number that is whole is written without its point."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float)) else quote(str(value))


def quote(text: str) -> str:
    """A basic string."""
    return '"' + "".join(_ESCAPES.get(each, each) for each in text) + '"'
