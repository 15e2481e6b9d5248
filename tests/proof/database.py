"""
A PostgreSQL that is killed and started again, and what it holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from masterops.db import Embedded, _places, bundled, migrate
from tests.proof.content import SOURCE
from tests.proof.judge import Row

TABLES = (
    "public.integration_logs, public.api_metrics, ops.deltas, ops.rollups, ops.histograms, ops.last_seen,"
    " ops.spool_segments, ops.log_dead_letters"
)
ROWS = """
SELECT workflow_id, (details_json->>'number')::int, created_at, id, level, message, duration_ms, details_json
FROM public.integration_logs WHERE source = %s
"""
PROGRESS = """
SELECT workflow_id, count(*), max((details_json->>'number')::int)
FROM public.integration_logs WHERE source = %s GROUP BY 1
"""
# Everything that counts log records must come to the number that there are.
COUNTS = """
SELECT
    (SELECT count(*) FROM public.integration_logs),
    (SELECT coalesce(sum(records), 0) FROM ops.rollups WHERE subject = 'log' AND span = 'hour')
        + (SELECT coalesce(sum(records), 0) FROM ops.deltas WHERE subject = 'log'),
    (SELECT coalesce(sum(records), 0) FROM ops.rollups WHERE subject = 'log' AND span = 'day')
        + (SELECT coalesce(sum(records), 0) FROM ops.deltas WHERE subject = 'log'),
    (SELECT count(duration_ms) FROM public.integration_logs),
    (SELECT coalesce(sum(n), 0) FROM ops.histograms, unnest(counts) AS n WHERE subject = 'log' AND span = 'day')
        + (SELECT coalesce(sum(cardinality(durations)), 0) FROM ops.deltas WHERE subject = 'log')
"""
BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name = 'masterops'
"""


class Database:
    """
    An embedded server of its own, migrated; `direct` does not go through the network that is cut.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="mo-", dir="/tmp"))
        self.home.chmod(0o755)  # root's server runs under another account, which may enter here
        self._embedded = Embedded(self.home)
        self.direct = self._embedded.acquire()
        try:
            asyncio.run(migrate(self.direct, bundled()))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._embedded.stop(force=True)
        shutil.rmtree(_places.SHARED / _places.digest(self.home), ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def socket(self) -> Path:
        return self._embedded.status().socket_directory / ".s.PGSQL.5432"

    @contextlib.contextmanager
    def connected(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with psycopg.connect(self.direct, autocommit=True, application_name="proof") as connection:
            yield connection

    def empty(self) -> None:
        """As it was after the migrations."""
        with self.connected() as connection:
            connection.execute(f"TRUNCATE {TABLES}".encode())

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """The postmaster, without warning; its children follow."""
        pid = self._embedded.status().pid
        if pid is not None:
            os.kill(pid, number)
            end = time.monotonic() + 10
            while self._embedded.status().pid == pid and time.monotonic() < end:
                time.sleep(0.01)

    def start(self) -> None:
        """Start it again; it recovers by itself."""
        self.direct = self._embedded.acquire()

    def backends(self) -> list[int]:
        """The processes that serve shippers."""
        with self.connected() as connection:
            return [pid for (pid,) in connection.execute(BACKENDS)]

    def roll_up(self) -> None:
        with self.connected() as connection:
            connection.execute("SELECT ops.roll_up()")

    def rows(self) -> list[Row]:
        """Every record of ours that has arrived."""
        with self.connected() as connection:
            return [Row(*row) for row in connection.execute(ROWS, [SOURCE])]

    def progress(self) -> list[tuple[str, int, int]]:
        """Of each stream how many have arrived, and the highest number among them, at one moment."""
        with self.connected() as connection:
            return list(connection.execute(PROGRESS, [SOURCE]).fetchall())

    def counts(self) -> list[str]:
        """Numbers that do not agree: rows against what the rollups say there are."""
        with self.connected() as connection:
            found = connection.execute(COUNTS).fetchone()
        assert found is not None
        rows, hours, days, timed, histograms = map(int, found)
        wrong = []
        if not rows == hours == days:
            wrong.append(f"{rows} rows, but the rollups count {hours} by hour and {days} by day")
        if timed != histograms:
            wrong.append(f"{timed} durations, but the histograms count {histograms}")
        return wrong

    def segments(self) -> list[str]:
        with self.connected() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM ops.spool_segments ORDER BY 1")]

    def dead_letters(self) -> list[tuple[str, str]]:
        """Reason and line of each."""
        with self.connected() as connection:
            return list(connection.execute("SELECT reason, line FROM ops.log_dead_letters").fetchall())
