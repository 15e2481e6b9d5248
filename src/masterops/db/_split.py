"""
Cutting SQL into its statements, by PostgreSQL's lexical rules.

A semicolon ends a statement unless it stands in a string, a quoted name, a comment, a dollar-quoted
body, brackets, or the body of a function written with BEGIN ATOMIC. Nothing is parsed beyond that: what
is not valid SQL is cut somewhere, and the server says what is wrong with it.

Pure: the pieces put together are the text again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Statement:
    """
    One statement as it is sent, without its semicolon, and the line of the file on which it begins.
    """

    text: str
    line: int

    def first_line(self) -> int:
        """The line of its first word: comments may stand before it."""
        for kind, start, _ in tokens(self.text):
            if kind not in (Kind.SPACE, Kind.COMMENT):
                return self.line + self.text.count("\n", 0, start)
        return self.line

    def words(self, most: int) -> list[str]:
        """Its first words, in upper case."""
        found = (self.text[a:b].upper() for kind, a, b in tokens(self.text) if kind is Kind.WORD)
        return [word for word, _ in zip(found, range(most), strict=False)]


class Kind(Enum):
    """What a piece of SQL text is."""

    SPACE = auto()
    COMMENT = auto()
    QUOTED = auto()  # strings, quoted names and dollar-quoted bodies: left as they are
    WORD = auto()
    OTHER = auto()


SPACE = " \t\n\r\f\v"
# Outside ASCII every character is a letter to PostgreSQL, odd spaces included.
# A dollar belongs to a word that has begun, so `a$b$c` is one name and quotes nothing.
LEXER = re.compile(
    r"""
    (?P<space>[ \t\n\r\f\v]+)
  | (?P<line>--[^\n\r]*)
  | (?P<block>/\*)
  | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*'?)
  | (?P<string>'(?:[^']|'')*'?)
  | (?P<name>"(?:[^"]|"")*"?)
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_\x80-\U0010ffff]*)?\$)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][0-9A-Za-z_$\x80-\U0010ffff]*)
  | (?P<number>[0-9]+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
KINDS = {
    "space": Kind.SPACE,
    "line": Kind.COMMENT,
    "block": Kind.COMMENT,
    "escape": Kind.QUOTED,
    "string": Kind.QUOTED,
    "name": Kind.QUOTED,
    "dollar": Kind.QUOTED,
    "word": Kind.WORD,
}
COMMENT_EDGE = re.compile(r"/\*|\*/")


def tokens(sql: str) -> Iterator[tuple[Kind, int, int]]:
    """Kind, start and end of each piece; together they cover the text without a hole."""
    position = 0
    while match := LEXER.match(sql, position):
        group, start, end = match.lastgroup or "other", match.start(), match.end()
        if group == "block":
            end = _comment_end(sql, end)
        elif group == "dollar":
            closing = sql.find(match[0], end)
            end = len(sql) if closing < 0 else closing + len(match[0])
        yield KINDS.get(group, Kind.OTHER), start, end
        position = end


def _comment_end(sql: str, position: int) -> int:
    """Comments nest."""
    depth = 1
    while depth and (edge := COMMENT_EDGE.search(sql, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return len(sql) if depth else position


class _Nesting:
    """How deep in brackets and in BEGIN ATOMIC we are: a semicolon there ends nothing."""

    def __init__(self) -> None:
        self.brackets = self.blocks = 0
        self.previous = ""

    def see(self, kind: Kind, text: str) -> None:
        if kind in (Kind.SPACE, Kind.COMMENT):
            return
        if kind is Kind.WORD:
            self._see_word(text.upper())
        elif kind is Kind.OTHER:
            self.brackets = max(0, self.brackets + (text == "(") - (text == ")"))
        self.previous = text.upper() if kind is Kind.WORD else ""

    def _see_word(self, word: str) -> None:
        if word == "ATOMIC" and self.previous == "BEGIN" and not self.blocks:
            self.blocks = 1
        elif self.blocks and word == "CASE":  # CASE has an END of its own
            self.blocks += 1
        elif self.blocks and word == "END":
            self.blocks -= 1

    def open(self) -> bool:
        return bool(self.brackets or self.blocks)


def pieces(sql: str) -> list[str]:
    """The text cut behind each semicolon that ends a statement; joined they are the text again."""
    found: list[str] = []
    begin, nesting = 0, _Nesting()
    for kind, start, end in tokens(sql):
        nesting.see(kind, sql[start:end])
        if sql[start:end] == ";" and not nesting.open():
            found.append(sql[begin:end])
            begin, nesting = end, _Nesting()
    if begin < len(sql):
        found.append(sql[begin:])
    return found


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a file, in order; comments before one stay with it, empty ones are left out."""
    found: list[Statement] = []
    line = 1
    for piece in pieces(sql):
        body = piece.removesuffix(";") if piece.endswith(";") else piece
        text = body.strip(SPACE)
        if any(kind not in (Kind.SPACE, Kind.COMMENT) for kind, _, _ in tokens(text)):
            before = len(body) - len(body.lstrip(SPACE))
            found.append(Statement(text, line + piece.count("\n", 0, before)))
        line += piece.count("\n")
    return tuple(found)


def essence(sql: str) -> str:
    """
    The text without what does not matter to the server: comments, and how wide or where the space is.

    Two files with one essence do the same. Strings and bodies stay as they are, line ends aside.
    """
    sql = sql.replace("\r\n", "\n")
    parts: list[str] = []
    gap = False
    for kind, start, end in tokens(sql):
        text = sql[start:end]
        if kind in (Kind.SPACE, Kind.COMMENT):
            gap = True
            continue
        if text == ";" and parts[-1:] in ([";"], []):
            continue  # an empty statement
        if gap and parts and text != ";" and parts[-1] != ";":
            parts.append(" ")
        parts.append(text)
        gap = False
    return "".join(parts[:-1] if parts[-1:] == [";"] else parts)
