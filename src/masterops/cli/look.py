"""
How things look in a terminal: tables that fit its width, states with a mark and a colour.

A state is never told by colour alone, and there is no colour without a terminal or with NO_COLOR.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from masterops.cli.values import Column

STATES = {
    "up": ("●", "32"),
    "late": ("◐", "33"),
    "degraded": ("◐", "33"),
    "down": ("✖", "31"),
    "unknown": ("○", "2"),
    "ok": ("●", "32"),
    "warning": ("◐", "33"),
    "failed": ("✖", "31"),
    "critical": ("✖", "31"),
    "skipped": ("○", "2"),
    "error": ("✖", "31"),
    "success": ("●", "32"),
}
NARROWEST = 40
GAP = "  "


def colours(stream: TextIO | None = None) -> bool:
    """Whether to colour what goes to `stream` (stdout by default)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return (stream or sys.stdout).isatty() and not plain


def paint(text: str, code: str, *, on: bool | None = None) -> str:
    """`text` in a colour, where there is colour."""
    return f"\x1b[{code}m{text}\x1b[0m" if (colours() if on is None else on) and text else text


def state(value: str | None) -> str:
    """A state with its mark: `● up`."""
    mark, _ = STATES.get(value or "", ("", ""))
    return f"{mark} {value}".strip() if value else "-"


def width() -> int | None:
    """Columns of the terminal; None where there is none and lines may be of any length."""
    if not sys.stdout.isatty():
        return None
    return max(NARROWEST, shutil.get_terminal_size().columns)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, fit: int | None = -1) -> str:
    """
    Aligned columns under a line of titles. On a terminal that is too narrow, columns that may be spared are
    left out, the most sparable first; then the widest are cut.
    """
    total = width() if fit == -1 else fit
    columns = _spared(rows, columns, total)
    cells = [[one_line(column.show(row.get(column.key))) for column in columns] for row in rows]
    titles = [column.title for column in columns]
    widths = [max(cell_width(line[i]) for line in [titles, *cells]) for i in range(len(columns))]
    widths = _fitted(widths, [cell_width(title) for title in titles], total)
    head = paint(
        GAP.join(_pad(t, w, c.right) for t, w, c in zip(titles, widths, columns, strict=True)).rstrip(), "1"
    )
    body = [
        GAP.join(
            _coloured(_pad(cut(cell, w), w, c.right), cell)
            for cell, w, c in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in cells
    ]
    return "\n".join([head, *body]) + "\n"


def _spared(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], total: int | None
) -> Sequence[Column]:
    """The columns that fit uncut, as long as there is one that may be left out."""
    kept = list(columns)
    while total is not None and any(column.spare for column in kept):
        wanted = [max(cell_width(column.title), *_widths(rows, column)) for column in kept]
        if sum(wanted) + len(GAP) * (len(kept) - 1) <= total:
            break
        kept.remove(max(kept, key=lambda column: column.spare))
    return kept


def _widths(rows: Sequence[Mapping[str, Any]], column: Column) -> list[int]:
    return [0, *(cell_width(one_line(column.show(row.get(column.key)))) for row in rows)]


def wrap(text: str, indent: str = "", stream: TextIO | None = None) -> str:
    """`text` in lines no longer than the terminal, continued under `indent`; as it is where there is none."""
    if not (stream or sys.stdout).isatty():
        return text
    room = max(NARROWEST, shutil.get_terminal_size().columns)
    return textwrap.fill(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _fitted(widths: list[int], least: list[int], total: int | None) -> list[int]:
    """Take from the widest column until all fit, never below its title or eight characters."""
    if total is None:
        return widths
    widths = list(widths)
    while sum(widths) + len(GAP) * (len(widths) - 1) > total:
        slack = [w - max(8, small) for w, small in zip(widths, least, strict=True)]
        if max(slack) <= 0:
            return widths
        # The widest that may shrink; level columns shrink together.
        index = max(range(len(widths)), key=lambda i: (slack[i] > 0, widths[i]))
        widths[index] -= 1
    return widths


def cell_width(text: str) -> int:
    """Columns that `text` takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )


def _pad(text: str, size: int, right: bool) -> str:
    space = " " * max(0, size - cell_width(text))
    return space + text if right else text + space


def cut(text: str, size: int) -> str:
    """The beginning of a text that is wider than `size` columns, with a mark at its end."""
    if cell_width(text) <= size:
        return text
    text = text[:size]  # no character is narrower than nothing, and few are wider than one
    while text and cell_width(text) > size - 1:
        text = text[:-1]
    return text + "…"


def one_line(text: str) -> str:
    """Control characters of a message must not move the reader's cursor."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def _coloured(padded: str, cell: str) -> str:
    mark, _, word = cell.partition(" ")
    known = STATES.get(word)
    return paint(padded, known[1]) if known and known[0] == mark else padded
