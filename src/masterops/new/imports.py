"""
The imports of a made file in the order that the linter wants, whatever names they have.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

IMPORTS = ("import ", "from ")


def in_order(text: str, ours: str) -> str:
    """A file's text, its block of imports (one line each) in order; `ours` is the package that is its own."""
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines) if line.startswith(IMPORTS)]
    if not places:
        return text
    first = places[0]
    last = next(
        number
        for number in range(first, len(lines) + 1)
        if number == len(lines) or not _belongs(lines[number])
    )
    block = "\n".join(_sorted((line for line in lines[first:last] if line), ours))
    blank = ["", ""] if lines[last].startswith(("class ", "def ", "async ")) else [""]
    return "\n".join([*lines[:first], block, *blank, *lines[last:]])


def _belongs(line: str) -> bool:
    return not line or line.startswith(IMPORTS)


def _sorted(lines: Iterable[str], ours: str) -> list[str]:
    """One section behind another, an empty line between them."""
    found: list[str] = []
    for line in sorted(lines, key=lambda line: _key(line, ours)):
        if found and _section(found[-1], ours) != _section(line, ours):
            found.append("")
        found.append(line)
    return found


def _key(line: str, ours: str) -> tuple[int, bool, str, str]:
    return _section(line, ours), line.startswith("from "), line.split()[1], line


def _section(line: str, ours: str) -> int:
    top = line.split()[1].partition(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if top == ours else 2
