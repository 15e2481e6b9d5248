"""
Values as people read them, and the columns of a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from masterops.core.durations import in_words
from masterops.errors import BadValue


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: its key in JSON and CSV, its title, and how a value looks in a table.
    """

    key: str
    title: str
    show: Callable[[Any], str] = lambda value: text(value)
    right: bool = False
    in_table: bool = True
    spare: int = 0  # left out of a table that is too wide: the greatest first, 0 never


def text(value: Any) -> str:
    """A value in a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, (dict, list)):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return str(value)


def local(value: datetime) -> datetime:
    """A moment in the reader's time zone; on the first and last day that there are, as it was given."""
    try:
        return value.astimezone()
    except OverflowError:
        return value


def moment(value: datetime | None) -> str:
    """A moment in the reader's own time zone, to the second."""
    return local(value).strftime("%Y-%m-%d %H:%M:%S") if value else "-"


def ago(value: datetime | None) -> str:
    """How long ago: `12 s`, `5 min`, `3 h`, `2 d`."""
    if value is None:
        return "-"
    return in_words(datetime.now(UTC) - value)


def milliseconds(value: float | None) -> str:
    """`132 ms`; seconds from ten thousand on."""
    if value is None:
        return "-"
    return f"{value:,.0f} ms" if value < 10_000 else f"{value / 1000:,.1f} s"


def count(value: float | None) -> str:
    """`1,234`."""
    return "-" if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """`1.5 %`."""
    return "-" if value is None else f"{value:g} %"


def megabytes(value: float | None) -> str:
    """`12.3 MB`."""
    return "-" if value is None else f"{value / 1e6:,.1f} MB"


def size(value: float | None) -> str:
    """Bytes in the unit that suits them: `412 B`, `3.4 kB`, `12.3 MB`, `1.2 GB`."""
    if value is None:
        return "-"
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= unit:
            return f"{value / unit:,.1f} {name}"
    return f"{value:,} B"


def uuid_of(kind: str, text: str) -> UUID:
    """The id that `text` says. Raises BadValue."""
    try:
        return UUID(text)
    except ValueError:
        reason = "an id looks like 01978f3a-5b0c-7d2e-8f10-6a1b2c3d4e5f"
        raise BadValue(kind=kind, value=text, reason=reason) from None
