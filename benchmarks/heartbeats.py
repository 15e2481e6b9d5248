"""
Pings over HTTP, each on disk before its answer, beside an application on the same server that keeps nothing.

The caller is a process of its own. What the server spends is read from the kernel, because a busy machine
makes rates smaller and leaves the work for one ping as it is; carrying the pings into the database is part
of it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.measuring import SCALE, Row
from masterops.config import Heartbeat
from masterops.db import Embedded, Pool, bundled, migrate
from masterops.heartbeats import add

ROUNDS, HEARTBEATS, CONNECTIONS = 3, 100, 32
SECONDS = 10 * SCALE
TICK = os.sysconf("SC_CLK_TCK")
STORED = "SELECT count(*) FROM ops.heartbeat_pings"


def measure() -> list[Row]:
    """Rates, what a ping costs, and how soon all of them are stored."""
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with Embedded(Path(home)).running() as url:
            tokens = asyncio.run(_prepare(url))
            return _measure(url, home, [f"/ping/{token}" for token in tokens])


async def _prepare(url: str) -> list[str]:
    await migrate(url, bundled())
    async with Pool(url) as pool:
        return [
            await add(pool, Heartbeat(name=f"beat-{number}", business="group", every="1m"))
            for number in range(HEARTBEATS)
        ]


def _measure(url: str, home: str, paths: list[str]) -> list[Row]:
    mine: list[tuple[float, float]] = []
    other: list[tuple[float, float]] = []
    answered, behind = 0, []
    for _ in range(ROUNDS):
        with _running("benchmarks.bare_asgi", str(port := _free_port()), port=port) as process:
            other.append(_load(process, port, paths)[:2])
        environment = {
            "DATABASE_URL": url,
            "MASTEROPS_HOME": home,
            "MASTEROPS_WEB_PINGS_PER_MINUTE": "1000000",
        }
        words = ("masterops", "web", "--port", str(port := _free_port()))
        with _running(*words, port=port, environment=environment) as process:
            rate, cost, count = _load(process, port, paths)
            mine.append((rate, cost))
            answered += count
            begin = time.perf_counter()
            while _stored(url) < answered:
                time.sleep(0.05)
            behind.append(time.perf_counter() - begin)
    assert answered == _stored(url)
    rates, costs = [median(each) for each in zip(*mine, strict=True)]
    bare_rates, bare_costs = [median(each) for each in zip(*other, strict=True)]
    return [
        Row("pings taken, each on disk before its 200 / an ASGI application that keeps nothing",
            f"{rates:,.0f}/s", f"{bare_rates:,.0f}/s", rates / bare_rates, ">= 10,000/s"),
        Row("CPU of the server for a ping, storing it included / the same application",
            f"{costs:.0f} µs", f"{bare_costs:.0f} µs", costs / bare_costs, "-"),
        Row(f"all {answered:,} answered with 200 are in the table once; the last after / -",
            f"{median(behind):.1f} s", "-", None, "-"),
    ]  # fmt: skip


def _load(process: subprocess.Popen[bytes], port: int, paths: list[str]) -> tuple[float, float, int]:
    """Pings a second, microseconds of the server's CPU for each, and how many were answered with 200."""
    before = _cpu(process.pid)
    words = [sys.executable, "-m", "benchmarks.ping_load", str(port), str(SECONDS), str(CONNECTIONS), *paths]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    taken, refused = map(int, done.stdout.split())
    assert not refused, done
    return taken / SECONDS, (_cpu(process.pid) - before) / taken * 1e6, taken


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _stored(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(STORED).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _running(
    *words: str, port: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, once it answers."""
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(1000):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.02)
            yield process
        finally:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
