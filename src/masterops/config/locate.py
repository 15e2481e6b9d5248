"""
On which line of a TOML text each key stands; the standard parser does not say.

The text has been parsed already, so this only walks over it and refuses nothing. A key that several lines
share in part (`[a.b]`, `[a.c]`) stands where it is first written. Items of lists are counted from 0.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""(?P<bare>[A-Za-z0-9_-]+)|'(?P<literal>[^'\n]*)'|"(?P<basic>(?:[^"\\\n]|\\.)*)\"""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
# The closing delimiter of a multi-line string may have one or two quotes before it that belong to the text.
_STRING = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:'{0,2})|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def lines(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every key, table and list item of a valid TOML text."""
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[Path, int] = {}
        self._tables_in: dict[Path, int] = {}  # arrays of tables, with how many they hold so far

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self._position < len(self._text):
            table = self._header() if self._at("[") else table
            self._skip(_BLANK)
            while self._position < len(self._text) and not self._at("["):
                self._pair(table)
                self._skip(_BLANK)
        return self._lines

    def _header(self) -> Path:
        many = self._at("[[")
        line = self._line()
        self._position += 2 if many else 1
        self._skip(_BLANK)
        names = self._names()
        self._skip(_BLANK)
        self._position += 2 if many else 1
        return self._enter(names, line, many)

    def _enter(self, names: list[str], line: int, many: bool) -> Path:
        """The path of a header: a name that is an array of tables means its last one."""
        path: Path = ()
        for index, name in enumerate(names):
            path = self._note((*path, name), line)
            if many and index == len(names) - 1:
                self._tables_in[path] = self._tables_in.get(path, 0) + 1
            if path in self._tables_in:
                path = self._note((*path, self._tables_in[path] - 1), line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for name in self._names():
            path = self._note((*path, name), line)
        self._skip(_BLANK)
        self._position += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._at("["):
            self._items(path)
        elif self._at("{"):
            self._inline_table(path)
        else:
            self._skip(_STRING) or self._skip(_SCALAR)

    def _items(self, path: Path) -> None:
        for index, _ in enumerate(self._inside("]")):
            self._value(self._note((*path, index), self._line()))

    def _inline_table(self, path: Path) -> None:
        for _ in self._inside("}"):
            self._pair(path)

    def _inside(self, end: str) -> Iterator[None]:
        """Stops at each element up to the closing bracket, which is passed."""
        self._position += 1
        self._skip(_BLANK)
        while self._position < len(self._text) and not self._at(end):
            yield
            self._skip(_BLANK)
            self._position += self._at(",")
            self._skip(_BLANK)
        self._position += 1

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._skip(_DOT):
            names.append(self._name())
        return names

    def _name(self) -> str:
        match = _KEY.match(self._text, self._position)
        if match is None:  # only in a text that is not TOML
            self._position = len(self._text)
            return ""
        self._position = match.end()
        if match["basic"] is not None and "\\" in match["basic"]:
            import tomllib

            return str(tomllib.loads(f"key = {match[0]}")["key"])
        return match["bare"] or match["literal"] or match["basic"] or ""

    def _note(self, path: Path, line: int) -> Path:
        self._lines.setdefault(path, line)
        return path

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return match is not None

    def _at(self, mark: str) -> bool:
        return self._text.startswith(mark, self._position)

    def _line(self) -> int:
        return bisect_right(self._ends, self._position - 1) + 1
