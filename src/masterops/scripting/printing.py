"""
How scripts print: as `ops` does, a table for people, JSON or CSV for programs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from masterops.cli.output import emit
from masterops.cli.values import Column


def columns(*names: str) -> tuple[Column, ...]:
    """Plain columns: the key is the title, with blanks for underscores."""
    return tuple(Column(name, name.replace("_", " ")) for name in names)


def show(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    output: str,
    *,
    empty: str = "Nothing found.",
) -> None:
    """Print rows to stdout; `empty` is what is said (on stderr) of a table without any."""
    emit(rows, columns, output, empty=empty)
