"""
A thousand HTTP checks every ten seconds: our watch, which decides and records, beside Debian's
prometheus-blackbox-exporter, which is asked for each target by a loop as Prometheus would.

    python -m benchmarks.checks serve               a server of small pages, on a port that it says
    python -m benchmarks.checks watch URL DATABASE  our watch of its pages; says what it took
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from benchmarks.measuring import Row, sized
from masterops.config import Check
from masterops.core.conditions import Condition
from masterops.db import Embedded, Pool, bundled, connect, migrate
from masterops.health import Care, Watch
from masterops.logs import Pipeline

EVERY_SECONDS = 10.0
ROUNDS = 3
EXPORTER = "prometheus-blackbox-exporter"
MODULE = "modules: {page: {prober: http, timeout: 5s, http: {method: GET, valid_status_codes: [200]}}}"
PAGE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"ready": true}'
CONDITIONS = (
    Condition("status", "=", 200),
    Condition("json.ready", "=", True),
    Condition("latency_ms", "<", 5000),
)
Outcome = dict[str, float]


def measure() -> list[Row]:
    """CPU and looks of both, one after the other; what is not installed is left out."""
    checks = sized(1000, 10)
    with _serving() as url:
        ours = _ours(url, checks)
        theirs = asyncio.run(_theirs(url, checks)) if shutil.which(EXPORTER) else None
    what = f"{checks:,} HTTP checks every {EVERY_SECONDS:g} s, decided and recorded"
    rows = [
        _row(f"{what}: CPU of one core / {EXPORTER}, not recorded", ours, theirs, "cpu", "< 50 %", "%"),
        _row("looks in 30 s", ours, theirs, "looks", f"{checks * ROUNDS:,}", ""),
        _row("slots that were missed", ours, theirs, "missed", "0", ""),
    ]
    database = f"{ours['database_cpu']:.1f}%"
    return [*rows, Row("the same: CPU of PostgreSQL, which keeps every result", database, "-", None, "-")]


def _row(what: str, ours: Outcome, theirs: Outcome | None, key: str, goal: str, unit: str) -> Row:
    other = f"{theirs[key]:,.4g}{unit}" if theirs else "-"
    ratio = ours[key] / theirs[key] if theirs and theirs[key] else None
    return Row(what, f"{ours[key]:,.4g}{unit}", other, ratio, goal)


@contextmanager
def _serving() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.checks", "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def _ours(url: str, checks: int) -> Outcome:
    """Of a process of its own, with an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        embedded = Embedded(Path(home))
        with embedded.running() as database:
            asyncio.run(_migrated(database))
            before = _cpu_of_database(database)
            command = [sys.executable, "-m", "benchmarks.checks", "watch", url, database, str(checks), home]
            said: Outcome = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            used = _cpu_of_database(database) - before
            return {**said, "database_cpu": 100 * used / (EVERY_SECONDS * ROUNDS)}


async def _migrated(database: str) -> None:
    async with await connect(database) as connection:
        await migrate(connection, bundled())


def _cpu_of_database(database: str) -> float:
    """CPU seconds of the server and of all that it has started."""
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        parent = Path(f"/proc/{row[0]}/stat").read_text().rpartition(")")[2].split()[1]
        return _cpu(int(parent), children=True)


def _cpu(pid: int, *, children: bool = False) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:15] if children else fields[11:13]))
    if children:  # those that have not ended yet
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                other = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(map(int, other[11:13])) if int(other[1]) == pid else 0
    return ticks / os.sysconf("SC_CLK_TCK")


async def _theirs(url: str, checks: int) -> Outcome:
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(MODULE)
        file.flush()
        command = [
            EXPORTER,
            f"--config.file={file.name}",
            "--web.listen-address=127.0.0.1:19115",
            "--log.level=error",
        ]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: ASYNC220 - nothing runs yet
            try:
                return await _driven(process.pid, url, checks)
            finally:
                process.terminate()


async def _driven(pid: int, url: str, checks: int) -> Outcome:
    """As Prometheus asks: each target in its slot, not twice at the same time."""
    done = missed = 0
    running: set[int] = set()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await _answers(session)

        async def ask(number: int) -> None:
            nonlocal done
            address = f"http://127.0.0.1:19115/probe?module=page&target={url}/{number}"
            try:
                async with session.get(address) as answer:
                    done += b"probe_success 1" in await answer.read()
            finally:
                running.discard(number)

        start, before = time.monotonic(), _cpu(pid)
        tasks: set[asyncio.Task[None]] = set()
        for slot in range(checks * ROUNDS):
            await asyncio.sleep(max(0.0, start + slot * EVERY_SECONDS / checks - time.monotonic()))
            number = slot % checks
            if number in running:
                missed += 1
                continue
            running.add(number)
            tasks.add(asyncio.create_task(ask(number)))
        await asyncio.gather(*tasks)
        used = _cpu(pid) - before
        return {"cpu": 100 * used / (time.monotonic() - start), "looks": done, "missed": missed}


async def _answers(session: aiohttp.ClientSession) -> None:
    for _ in range(100):
        try:
            async with session.get("http://127.0.0.1:19115/-/healthy"):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)


async def _watch(url: str, database: str, checks: int, home: str) -> Outcome:
    values = {"method": "get", "headers": None, "body": None, "redirects": 5}
    watched = [
        Check(
            f"c{n}",
            "http",
            every=EVERY_SECONDS,
            conditions=CONDITIONS,
            values={**values, "url": f"{url}/{n}"},
        )
        for n in range(checks)
    ]
    stop = asyncio.Event()
    async with Pool(database) as pool:
        watch = Watch(watched, pool, Pipeline(Path(home) / "spool").logger(), Care())
        task = asyncio.create_task(watch.run(stop))
        while not watch.looks:  # noqa: ASYNC110 - a number, which is no event
            await asyncio.sleep(0.01)
        start, before, first = time.monotonic(), _self_cpu(), watch.looks
        await asyncio.sleep(EVERY_SECONDS * ROUNDS)
        took, used, looks = time.monotonic() - start, _self_cpu() - before, watch.looks - first
        stop.set()
        await task
    return {"cpu": 100 * used / took, "looks": looks, "missed": watch.missed}


def _self_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _serve() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(PAGE)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(words: list[str]) -> Any:
    """One of the two processes beside the measuring one."""
    if words[0] == "serve":
        return asyncio.run(_serve())
    _, url, database, checks, home = words
    return print(json.dumps(asyncio.run(_watch(url, database, int(checks), home))))


if __name__ == "__main__":
    main(sys.argv[1:])
