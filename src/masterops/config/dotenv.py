"""
Reading `.env`: one KEY=value a line, and nothing clever.

    # a comment
    export NAME=value       # `export` may stand before it, a comment after a blank
    NAME='taken as it is'
    NAME="with \\n, \\t, \\" and \\\\"

Nothing is substituted: a `$` is a `$`. A line that cannot be read is an error, because half of a token is
worse than none; the error never quotes the line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from masterops.errors import ConfigSyntax

HINT = "Write NAME=value, with quotes around a value that holds # or blanks at its ends."
_NAME = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)=[ \t]*")
_QUOTED = re.compile(r"""'(?P<literal>[^']*)'|"(?P<escaped>(?:[^"\\]|\\.)*)\"""")
_REST = re.compile(r"\s*(?:#.*)?")
_COMMENT = re.compile(r"(?:^|\s+)#.*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Entry(NamedTuple):
    """
    One value and the line it stands on.
    """

    value: str
    line: int


def parse(text: str, file: str) -> dict[str, Entry]:
    """The entries of a `.env`; of two with one name the later counts. Raises ConfigSyntax."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if _REST.fullmatch(line):
            continue
        name, value = _entry(line, f"{file}:{number}")
        entries[name] = Entry(value, number)
    return entries


def _entry(line: str, where: str) -> tuple[str, str]:
    match = _NAME.match(line)
    if match is None:
        raise _broken(where, "it does not begin with NAME=")
    rest = line[match.end() :]
    return match["name"], _quoted(rest, where) if rest[:1] in ("'", '"') else _bare(rest)


def _bare(rest: str) -> str:
    return _COMMENT.sub("", rest, count=1).strip()


def _quoted(rest: str, where: str) -> str:
    match = _QUOTED.match(rest)
    if match is None:
        raise _broken(where, "the quote is not closed on the same line")
    if not _REST.fullmatch(rest[match.end() :]):
        raise _broken(where, "there is something after the closing quote")
    if match["literal"] is not None:
        return match["literal"]
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), match["escaped"])


def _broken(where: str, reason: str) -> ConfigSyntax:
    return ConfigSyntax(where=where, language=".env", reason=reason, hint=HINT)
