"""
A configuration file that has been read: its data, and the line of every key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from masterops.config.files import display, read_text
from masterops.errors import ConfigSyntax

_LINE = r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$"


class Document(NamedTuple):
    """
    The file, or nothing at all when there is none.
    """

    shown: str = ""
    folder: Path = Path()
    data: Mapping[str, object] = {}
    lines: Mapping[tuple[str | int, ...], int] = {}

    def where(self, *path: str | int) -> str:
        """`masterops.toml:12`: the line of a key, or of the table that should hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.shown}:{self.lines[path]}" if path else self.shown


def read(file: Path, cwd: Path) -> Document:
    """Read a file. Raises ConfigFileUnusable or ConfigSyntax."""
    # Here, because a start without a file need not pay for them.
    import tomllib

    from masterops.config.locate import lines

    shown = display(file, cwd)
    text = read_text(file, cwd)
    try:
        return Document(shown, file.parent, tomllib.loads(text), lines(text))
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error), text, shown) from None
    except RecursionError:
        raise ConfigSyntax(where=shown, reason="it is nested too deeply") from None
    except ValueError:  # Python converts no number of more than 4,300 digits
        raise ConfigSyntax(where=shown, reason="it holds a number that is too long") from None


def _syntax(message: str, text: str, shown: str) -> ConfigSyntax:
    """The parser's words, with the line where ours are. It quotes characters and keys, never values."""
    match = re.search(_LINE, message)
    line = match["line"] if match and match["line"] else len(text.rstrip().split("\n"))
    reason = re.sub(_LINE, "", message)
    return ConfigSyntax(where=f"{shown}:{line}", reason=reason[:1].lower() + reason[1:])
