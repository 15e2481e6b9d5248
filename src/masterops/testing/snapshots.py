"""
What was printed once and is to be printed again: text files beside the tests.

What differs from run to run is made equal before it is compared: moments, durations, ids, ports, folders.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

OPTION = "--masterops-update-snapshots"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

# In this order: what is part of something longer comes after it.
VARYING: tuple[tuple[str, str], ...] = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(UTC|Z|[+-]\d\d:?\d\d))?", "<moment>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
    (r"\b\d\d:\d\d(:\d\d(\.\d+)?)?\b", "<time>"),
    (r"\b(127\.0\.0\.1|localhost|\[::1\]):\d+\b", "<address>"),
    (r"[-+]?\b\d[\d,]*(\.\d+)? ?(µs|ms|s|min|h|d)\b", "<duration>"),
    (r"[▁▂▃▄▅▆▇█]+", "<bars>"),
)
COLUMNS = re.compile(r" {2,}")
LINES = re.compile(r"[-─━]{3,}")


class Snapshots:
    """
    The files of one folder; with `update` they are written instead of compared.
    """

    def __init__(self, folder: Path, *, update: bool) -> None:
        self._folder = folder
        self._update = update

    def compare(self, name: str, text: str) -> None:
        """Raises AssertionError where the file of this name says otherwise, ValueError for no file's name."""
        if not NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot be a snapshot's name: letters, digits, dots, dashes, underscores"
            )
        file = self._folder / f"{name}.txt"
        if self._update:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        mend = f"`pytest {OPTION}` writes it"
        assert file.exists(), f"there is no {file}; {mend}"
        kept = file.read_text(encoding="utf-8")
        assert kept == text, (
            f"{file.name} says otherwise; if this is right, {mend} anew\n{_difference(kept, text)}"
        )


def normal(text: str, *, folder: Path | None = None) -> str:
    """The text with what differs from run to run made equal, and columns as wide as need be."""
    if folder is not None:
        text = text.replace(str(folder), "<folder>")
    for pattern, mark in VARYING:
        text = re.sub(pattern, mark, text)
    # A longer duration makes a wider column: the room between columns tells nothing.
    lines = [LINES.sub("---", COLUMNS.sub("  ", line)).rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def _difference(kept: str, now: str) -> str:
    lines = difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "printed now", lineterm="")
    return "\n".join(lines)
