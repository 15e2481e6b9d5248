"""
What went wrong with the embedded server, in plain words: from its log, or from the operating system.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from masterops.errors import DatabaseError, DataDirectoryUnusable, DiskFull, EmbeddedFailed

LINE = re.compile(r"^(?:.*?\[\d+\] |initdb: |\S*postgres: )?(FATAL|PANIC|ERROR|error|DETAIL|detail): +(.*)$")
MARKED = re.compile(r"^.*?\[\d+\] [A-Z]+:  ")  # any other line of the log
FULL = (errno.ENOSPC, errno.EDQUOT)
PLAIN = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "something on the way to it is a file, not a folder",
}
# What PostgreSQL writes, and how we say it; these are about the folder rather than about the server.
FOLDER = {
    "Read-only file system": "the file system is read-only",
    "has wrong ownership": "it belongs to another account",
    "has invalid permissions": "other accounts may enter it; `chmod 700` mends that",
    "Permission denied": "permission denied",
    "is not a valid data directory": "it is damaged: files are missing in it",
}


def last_words(output: str) -> str:
    """The line that tells most: the last fatal one, else the last error, else what has no mark."""
    found: dict[str, str] = {}
    last = ""
    for line in filter(str.strip, output.splitlines()):
        match = LINE.match(line)
        kind, text = (match[1].upper(), match[2]) if match else ("", line.strip())
        if kind == "DETAIL":
            found[last] = f"{found.get(last, '')} ({text})"
        elif kind or not MARKED.match(line):
            # Before its log is set up the server speaks in plain sentences over several lines.
            found[kind] = text if kind else f"{found.get('', '')} {text}".strip()[-500:]
            last = kind
    return (
        found.get("PANIC") or found.get("FATAL") or found.get("ERROR") or found.get("") or "it said nothing"
    )


def from_output(output: str, path: Path, log: Path) -> DatabaseError:
    """The error that stands for what a program of PostgreSQL wrote before it ended."""
    said = last_words(output)
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DiskFull(path=path)
    for sign, reason in FOLDER.items():
        if sign in said:
            return DataDirectoryUnusable(path=path, reason=f"{reason} ({said})")
    if "contains errors" in said:  # which error was said just before, as if it were no more than news
        said = f"{_last_news(output)} ({said})"
    if "look up effective user ID" in said:
        said = "this user has no entry in the user database (/etc/passwd), which PostgreSQL wants"
    return EmbeddedFailed(reason=said, log=log)


def _last_news(output: str) -> str:
    return next(
        (line.partition("LOG:")[2].strip() for line in reversed(output.splitlines()) if "LOG:" in line), ""
    )


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals around the data directory into ours."""
    try:
        yield
    except OSError as error:
        where = Path(error.filename) if isinstance(error.filename, str) else path
        if error.errno in FULL:
            raise DiskFull(path=where) from error
        reason = PLAIN.get(error.errno or 0) or str(error.strerror or error)
        raise DataDirectoryUnusable(path=where, reason=reason) from error
