"""
Results on stdout: a table for people, JSON or CSV for programs.

JSON is an array of objects with the keys of the columns, whatever the terminal; moments are ISO 8601 in
UTC, absent values null. CSV has a header line of the same keys.
"""

from __future__ import annotations

import csv
import io
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
import msgspec

from masterops.cli import look
from masterops.cli.values import Column

F = TypeVar("F", bound=Callable[..., Any])
Row = Mapping[str, Any]
FORMATS = ("table", "json", "csv")
ENCODER = msgspec.json.Encoder(enc_hook=str, decimal_format="number")


# For terminals and files that cannot hold the marks.
ASCII = str.maketrans({"●": "*", "◐": "~", "○": "o", "✖": "x", "…": "..."})


def output_option(*formats: str) -> Callable[[F], F]:
    """`--output table|json|csv`, or the `formats` named, passed to the command as `output`."""
    return click.option(
        "--output",
        "-o",
        type=click.Choice(formats or FORMATS),
        default="table",
        help="How to print the result.  [default: table]",
    )


def emit(rows: Sequence[Row], columns: Sequence[Column], output: str, *, empty: str = "") -> None:
    """Print rows; `empty` is what a table without rows says (on stderr: it is not a result)."""
    if output == "json":
        write(as_json(rows, columns))
    elif output == "csv":
        write(as_csv(rows, columns))
    elif rows:
        write(look.table(rows, [column for column in columns if column.in_table]))
    elif empty:
        say(empty)


def emit_object(value: Any) -> None:
    """Print one object as JSON."""
    write(msgspec.json.format(ENCODER.encode(value), indent=2).decode() + "\n")


def as_json_line(value: Any) -> str:
    """One object as one line."""
    return ENCODER.encode(value).decode() + "\n"


def as_json(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """An array of objects, one line each."""
    if not rows:
        return "[]\n"
    lines = [ENCODER.encode({c.key: row.get(c.key) for c in columns}).decode() for row in rows]
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def as_csv(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """A header and a line a row, as spreadsheets read it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in columns])
    writer.writerows([[_cell(row.get(column.key)) for column in columns] for row in rows])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return ENCODER.encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def write(text: str) -> None:
    """To stdout, where results go and nothing else. Raises OSError when it cannot be written."""
    sys.stdout.write(_fitting(text, sys.stdout.encoding or "utf-8"))
    sys.stdout.flush()


def reader_gone() -> bool:
    """Whether nobody can read stdout any more: the other end of the pipe, or the terminal, is closed."""
    try:
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)  # of that alone it tells without being asked
        return any(what & (select.POLLERR | select.POLLHUP) for _, what in watched.poll(0))
    except (OSError, ValueError):  # no file behind it, or one that is closed: writing will tell
        return False


def _fitting(text: str, encoding: str) -> str:
    """The text as far as the encoding can hold it."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "replace").decode(encoding)
    return text


def say(text: str) -> None:
    """To stderr, where everything that is not a result goes."""
    print(look.wrap(text, stream=sys.stderr), file=sys.stderr, flush=True)
