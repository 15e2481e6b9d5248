"""
A hundred thousand executions of an n8n into the table, beside a loop that only pages through them.

The loop asks for the same pages, one after the other as their cursors want it, and looks at nothing but the
cursor. A page takes 50 ms to come, as from a small server that is not far; once as many calls are let through
as there can be, and once the ten a second that a connection has unless told otherwise.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import aiohttp
import msgspec
import psycopg

from benchmarks.busy_n8n import BUSINESS
from benchmarks.measuring import Row, sized
from benchmarks.served import PATIENT, Nowhere
from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from masterops.db import Embedded, Pool, bundled, migrate
from masterops.logs import Logger
from masterops.sandbox import token_for
from masterops.transport import Transport
from masterops.workflows import collect, owners

PAGE = 250  # n8n's most
EXECUTIONS = sized(100_000, PAGE)
LATENCY_MS, MANY_CALLS, USUAL_CALLS = 50, 1_000, 10
ROUNDS = 3
LOOK_BACK = timedelta(days=7)
EMPTY = "TRUNCATE workflow_execution_logs, ops.deltas, ops.execution_sweeps"
KEY = token_for("n8n", BUSINESS)


class Cursor(msgspec.Struct, rename="camel"):
    """
    All that the loop wants to know of a page.
    """

    next_cursor: str | None = None


def measure() -> list[Row]:
    """Seconds of both with and without the usual limit, and a second look that finds nothing new."""
    with _server() as url, _n8n() as n8n:
        asyncio.run(migrate(url, bundled()))
        pairs = [
            (asyncio.run(_collected(url, n8n, MANY_CALLS)), asyncio.run(_paged(n8n, MANY_CALLS)))
            for _ in range(ROUNDS)
        ]
        again = asyncio.run(_collected(url, n8n, MANY_CALLS, fresh=False))
        held = asyncio.run(_collected(url, n8n, USUAL_CALLS)), asyncio.run(_paged(n8n, USUAL_CALLS))
    what = f"{EXECUTIONS:,} executions into the table"
    return [
        _row(f"{what}, {LATENCY_MS} ms a page / a loop that only pages", pairs),
        _row(f"{what}, {USUAL_CALLS} calls a second as usual / the loop, as often", [held]),
        Row("a look that finds nothing new", f"{again * 1000:.0f} ms", "-", None, "-"),
    ]


def _row(what: str, pairs: Sequence[tuple[float, float]]) -> Row:
    ours, theirs = (median(each) for each in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    return Row(what, f"{ours:.1f} s", f"{theirs:.1f} s", ratio, "<= 1.10")


async def _collected(url: str, n8n: str, calls: int, *, fresh: bool = True) -> float:
    """Seconds of one look of ours, into an emptied table or a full one."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        if fresh:
            await admin.execute(EMPTY)
        values = {"api_key": Secret(KEY), "base_url": f"{n8n}/n8n", "calls_per_second": calls}
        log = Logger(Nowhere())
        async with (
            Pool(url) as pool,
            Transport(log=log, measure=lambda row: None, policy=PATIENT) as transport,
        ):
            connector = N8n(Connection(f"n8n/{BUSINESS}", "n8n", BUSINESS, values), transport)
            start = time.perf_counter()
            await collect(connector, owners([(BUSINESS, BUSINESS)], {}, None), pool, log)
            taken = time.perf_counter() - start
        row = await (await admin.execute("SELECT count(*) FROM workflow_execution_logs")).fetchone()
        assert row == (EXECUTIONS,), f"{row} instead of {EXECUTIONS}"
        return taken


async def _paged(n8n: str, calls: int) -> float:
    """Seconds of one page after the other, as fast as they come and not more often than may be."""
    decode = msgspec.json.Decoder(Cursor).decode
    query = {"limit": str(PAGE), "startedAfter": (datetime.now(UTC) - LOOK_BACK).isoformat()}
    pages, after, start = 0, "", time.monotonic()
    async with aiohttp.ClientSession(headers={"X-N8N-API-KEY": KEY}) as session:
        while after is not None:
            await asyncio.sleep(start + (pages - calls) / calls - time.monotonic())
            params = {**query, **({"cursor": after} if after else {})}
            async with session.get(f"{n8n}/n8n/api/v1/executions", params=params) as answer:
                after = decode(await answer.read()).next_cursor  # type: ignore[assignment]
            pages += 1
    assert pages == EXECUTIONS // PAGE, pages
    return time.monotonic() - start


@contextmanager
def _server() -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
    home.chmod(0o755)
    try:
        with Embedded(home).running() as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _n8n() -> Iterator[str]:
    """Where the twin is, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.busy_n8n", str(EXECUTIONS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            place = f"{url}/_sandbox/settings/n8n/{BUSINESS}"
            body = json.dumps({"latency_ms": LATENCY_MS}).encode()
            urllib.request.urlopen(urllib.request.Request(place, body, method="PUT")).close()
            yield url
        finally:
            process.communicate()  # closes its input: it ends
