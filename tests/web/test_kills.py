"""
kill -9 under load: every ping that was answered with 200 is in the table, once.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import psycopg
import pytest

from masterops.config import Heartbeat
from masterops.db import Pool
from masterops.heartbeats import add
from tests.app.conftest import until

ROUNDS, CLIENTS, PINGS = 2, 8, 400


class Caller:
    """
    Pings over one connection until it breaks. `sent` may have arrived, `taken` has: 200 was answered.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: set[str] = set()
        self.taken: set[str] = set()

    async def run(self, port: int, token: str) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while True:
                run = f"{self.name}-{len(self.sent)}"
                self.sent.add(run)
                writer.write(
                    f"POST /ping/{token}?rid={run} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi".encode()
                )
                head = await reader.readuntil(b"\r\n\r\n")
                found = re.search(rb"content-length: (\d+)", head)
                await reader.readexactly(int(found[1]) if found else 0)
                if b" 200 " in head.split(b"\r\n", 1)[0]:
                    self.taken.add(run)
        except (OSError, asyncio.IncompleteReadError):
            return


@pytest.mark.slow
async def test_every_ping_that_was_answered_is_stored_once(migrated: str, tmp_path: Path) -> None:
    """
    Whatever was in hand when the process died; the next one carries over what the dead one left.
    """
    async with Pool(migrated) as pool:
        token = await add(pool, Heartbeat(name="busy", business="group", every="1m"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MASTEROPS_")},
        "DATABASE_URL": migrated, "MASTEROPS_HOME": str(tmp_path / "home"), "MASTEROPS_WEB_PINGS_PER_MINUTE": "1000000",
        "MASTEROPS_WEB_LOG_SHARE": "0", "MASTEROPS_DEMO": "true",
    }  # fmt: skip
    callers: list[Caller] = []
    for number in range(ROUNDS):
        process, port = await serve(environment)
        fresh = [Caller(f"{number}-{each}") for each in range(CLIENTS)]
        callers += fresh
        running = [asyncio.create_task(each.run(port, token)) for each in fresh]
        async with asyncio.timeout(180):
            while sum(len(each.taken) for each in fresh) < PINGS:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        process.kill()
        await asyncio.gather(*running, process.wait())
    last, _ = await serve(environment)
    taken = {run for each in callers for run in each.taken}
    sent = {run for each in callers for run in each.sent}

    try:
        await asyncio.to_thread(until, lambda: taken <= set(stored(migrated)), 120)
        found = stored(migrated)
    finally:
        last.kill()
        await last.wait()

    assert ROUNDS * PINGS <= len(taken)
    assert len(found) == len(set(found))
    assert taken <= set(found) <= sent


def stored(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(run) for (run,) in connection.execute("SELECT run_id FROM ops.heartbeat_pings")]


async def serve(environment: dict[str, str]) -> tuple[asyncio.subprocess.Process, int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "masterops", "web", "--port", "0",
        env=environment, cwd="/", stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    async with asyncio.timeout(180):
        line = (await process.stderr.readline()).decode()
    port = re.search(r":(\d+)\. Ctrl-C", line)
    assert port, line + (await process.stderr.read()).decode()
    return process, int(port[1])
