"""
Write a table or view of the database into a file, CSV or JSON lines, whole or not at all.

A file that is there is only replaced with --apply; without it what would be written is counted.

Example:
    ops run export_table business_activity business_activity.csv --apply
    ops run export_table integration_logs errors.jsonl --filter level=error --limit 1000 --apply
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

import masterops
from masterops.errors import BadValue
from masterops.scripting import Arguments, columns, run, say, show

COLUMNS = columns("table", "file", "rows", "result")
KINDS = (".csv", ".jsonl")


def write(path: Path, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """The file under another name first: nobody reads half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            (_csv if path.suffix == ".csv" else _json)(file, names, rows)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _csv(file: TextIO, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_cell(row[name]) for name in names] for row in rows])


def _json(file: TextIO, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        file.write(msgspec.json.encode({name: row[name] for name in names}, enc_hook=str).decode() + "\n")


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value, enc_hook=str).decode() if isinstance(value, (dict, list)) else value


def main() -> int:
    arguments = Arguments(__doc__, writes=True)
    arguments.add_argument("table", help="a table or view, as in `ops db query`")
    arguments.add_argument("file", type=Path, help="ends in .csv or .jsonl")
    arguments.add_argument("--filter", action="append", default=[], help="as in `ops db query`: level=error")
    arguments.add_argument("--limit", type=int, default=100_000, help="the most rows")
    given = arguments.parse()
    if given.file.suffix not in KINDS:
        reason = f"its name must end in {' or '.join(KINDS)}."
        raise BadValue(kind="file to write", value=str(given.file), reason=reason)
    with masterops.open_sync() as ops:
        found = ops.query(given.table, *given.filter, limit=given.limit)
    if given.apply:
        try:
            write(given.file, found.columns, found.rows)
        except OSError as error:
            reason = f"it cannot be written: {error.strerror}."
            raise BadValue(kind="file to write", value=str(given.file), reason=reason) from None
    result = "written" if given.apply else "would be written"
    row = {"table": given.table, "file": str(given.file), "rows": len(found.rows), "result": result}
    show([row], COLUMNS, given.output)
    if len(found.rows) == given.limit:
        say(f"There may be more than {given.limit:,} rows; --limit sets how many are read.")
    return 0


if __name__ == "__main__":
    run(main)
