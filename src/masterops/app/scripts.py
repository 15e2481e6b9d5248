"""
The scripts that `ops run` knows: those in ./scripts, and behind them those that come with Master-Ops.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from masterops import errors
from masterops.core.spelling import unknown

FOLDER = "scripts"


class Script(NamedTuple):
    """
    A script: its name (`analysis/duplicates`), by which only one runs at a time, and its file.
    """

    name: str
    path: Path

    @property
    def word(self) -> str:
        """The last part of its name, which is enough to call it by."""
        return self.name.rpartition("/")[2]

    def summary(self) -> str:
        """The first sentence of its manual, up to a colon; what is wrong with the file where it has none."""
        try:
            manual = ast.get_docstring(ast.parse(self.path.read_bytes()))
        except (OSError, SyntaxError, ValueError) as error:
            return f"cannot be read: {error}"
        words = " ".join((manual or "has no manual").split())
        return re.split(r"[.:](?:\s|$)", words, maxsplit=1)[0]


def roots(folder: Path) -> list[Path]:
    """Where scripts are looked for, the nearest first."""
    packed = Path(__file__).resolve().parents[1] / "_scripts"
    checkout = Path(__file__).resolve().parents[3] / FOLDER
    found = [folder / FOLDER, packed if packed.is_dir() else checkout]
    return [each for each in dict.fromkeys(root.resolve() for root in found) if each.is_dir()]


def scripts(places: Sequence[Path]) -> list[Script]:
    """Every script; of two of one name the nearest."""
    found: dict[str, Script] = {}
    for root in places:
        for script in _below(root):
            found.setdefault(script.name, script)
    return sorted(found.values())


def find(text: str, places: Sequence[Path]) -> Script:
    """The script that a path or a name means. Raises UnknownName or BadValue."""
    path = Path(text)
    if path.suffix == ".py" and path.is_file():
        return _at(path.resolve(), places)
    known = scripts(places)
    name = text.removesuffix(".py").removeprefix(f"{FOLDER}/")
    named = [each for each in known if name == each.name] or [each for each in known if name == each.word]
    if len(named) == 1:
        return named[0]
    if named:
        reason = f"it may be {' or '.join(each.name for each in named)}."
        raise errors.BadValue(kind="name of a script", value=text, reason=reason)
    raise unknown("script", text, [each.word for each in known])


def _at(path: Path, places: Sequence[Path]) -> Script:
    """The script of a file; one that is in none of the places is named by its whole path."""
    for root in places:
        if path.is_relative_to(root):
            return Script(path.relative_to(root).with_suffix("").as_posix(), path)
    return Script(path.with_suffix("").as_posix(), path)


def _below(root: Path) -> Iterator[Script]:
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if not any(part.startswith(("_", ".")) for part in parts):
            yield Script("/".join(parts), path)
