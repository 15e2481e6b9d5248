"""
From two busy writers into PostgreSQL, beside psql's own COPY of the same rows into the same tables.

Both sides pay for indexes and for the counting triggers. Ours also pays for the writers, which log as fast as
they can on the same cores, and for reading their lines; psql is handed a finished file.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.measuring import Row, seconds, sized
from masterops.db import Embedded, LogStore, Pool, bundled, migrate
from masterops.db.programs import psql_environment, psql_program
from masterops.logs import ship_once

WRITERS, RECORDS, ROUNDS = 2, sized(150_000), 3
PAUSE = 0.05
EXPORT = "COPY (SELECT * FROM integration_logs ORDER BY created_at) TO STDOUT"
EMPTY = "TRUNCATE integration_logs, ops.deltas"
WRITER = """
import sys
from pathlib import Path
from masterops.logs import Pipeline
pipeline = Pipeline(Path(sys.argv[1]))
log = pipeline.logger(source="hubspot", business="teelixir", connection="hubspot/teelixir")
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    log.info("orders.imported", order=f"order-{number}", amount=number * 1.5, currency="AUD", lines=3,
             customer="J\\u00f6rg", paid=True)
pipeline.close()
"""


def measure() -> list[Row]:
    """Rows a second of both, and how much memory the shipper takes for it."""
    with _server() as (url, home):
        asyncio.run(migrate(url, bundled()))
        pairs, memory = [], [_memory()]
        for number in range(ROUNDS):
            ours = _ours(url, home / f"spool{number}")
            memory.append(_memory())
            pairs.append((ours, _theirs(url, home / "rows.txt")))
    rows = WRITERS * RECORDS
    rates = [f"{rows / statistics.median(taken):,.0f} rows/s" for taken in zip(*pairs, strict=True)]
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    return [
        Row("log records of two writers into PostgreSQL / psql's COPY", *rates, ratio, ">= 0.50"),
        Row(
            f"shipper's memory: what the first {rows:,} records take / all that follow",
            f"{memory[1] - memory[0]:.0f} MB",
            f"{memory[-1] - memory[1]:.0f} MB",
            None,
            "flat",
        ),
    ]


@contextmanager
def _server() -> Iterator[tuple[str, Path]]:
    home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
    home.chmod(0o755)
    try:
        with Embedded(home).running() as url:
            yield url, home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _ours(url: str, spool: Path) -> float:
    """Seconds from the first record until all of both writers are stored."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(EMPTY)
    words = [sys.executable, "-c", WRITER, str(spool), str(RECORDS)]
    writers = [subprocess.Popen(words, stdin=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    time.sleep(1)  # both have started, and wait
    start = time.perf_counter()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    asyncio.run(_ship(url, spool))
    taken = time.perf_counter() - start
    for writer in writers:
        writer.communicate()
    return taken


async def _ship(url: str, spool: Path) -> None:
    stored = 0
    async with Pool(url) as pool:
        store = LogStore(pool)
        while stored < WRITERS * RECORDS:
            stored += (await ship_once(spool, store)).records
            await asyncio.sleep(PAUSE)


def _theirs(url: str, file: Path) -> float:
    """Seconds of psql's copy of what is in the table, into the emptied table."""
    with psycopg.connect(url, autocommit=True) as admin, file.open("wb") as out:
        with admin.cursor() as cursor, cursor.copy(EXPORT) as copy:
            for block in copy:
                out.write(block)
        admin.execute(EMPTY)
    psql = psql_program()
    assert psql is not None
    words = [psql, "-qc", f"\\copy integration_logs FROM '{file}'"]
    return seconds(lambda: subprocess.run(words, check=True, env=psql_environment(url)))


def _memory() -> float:
    """Megabytes at the most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
