"""
Small parts of printed pages.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.replace("|", "\\|").split())


def table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of Markdown."""
    head = f"| {' | '.join(titles)} |\n| {' | '.join('---' for _ in titles)} |\n"
    return head + "".join(f"| {' | '.join(cell(each) for each in row)} |\n" for row in rows)


def doc(thing: object) -> str:
    """What a class or function says of itself, its example as a block."""
    said, _, example = (inspect.getdoc(thing) or "").partition("Example:\n")
    said = said.split("\n\n    ")[0].strip()
    return f"{said}\n\n```python\n{textwrap.dedent(example).strip()}\n```" if example else said
