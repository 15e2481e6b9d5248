"""
Durable jobs and schedules, on a real PostgreSQL, with workers that are killed.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from masterops import errors
from masterops.db import connect
from masterops.engine import Engine, Job
from masterops.logs import Pipeline
from masterops.logs.record import LogRecord
from tests.logs.conftest import spooled

WORKER = """
import asyncio, sys
from pathlib import Path
from masterops.db import connect
from masterops.engine import Engine, Job
from masterops.logs import Pipeline

url, notes, cron = sys.argv[1], Path(sys.argv[2]), sys.argv[3] or None

async def work(payload):
    with notes.open("a") as file:
        file.write("begun\\n")
    await asyncio.sleep(float(payload.get("seconds", 0)))
    with notes.open("a") as file:
        file.write("done\\n")

async def main():
    log = Pipeline(notes.parent / "spool").logger()
    engine = Engine(lambda: connect(url), log, [Job("slow", work, cron=cron)])
    print("ready", flush=True)
    await engine.work(asyncio.Event())

asyncio.run(main())
"""


def worker(database: str, notes: Path, cron: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, database, str(notes), cron], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def engine_of(database: str, pipeline: Pipeline, *jobs: Job) -> Engine:
    return Engine(lambda: connect(database), pipeline.logger(), jobs)


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not come true within {seconds} s")


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool", level="debug")


async def test_a_job_is_worked_off_with_its_payload(database: str, pipeline: Pipeline) -> None:
    """
    What is enqueued arrives, also what was enqueued before anybody worked.
    """
    seen: list[dict[str, Any]] = []

    async def run(payload: dict[str, Any]) -> None:
        seen.append(payload)

    engine = engine_of(database, pipeline, Job("note", run))
    await engine.prepare()
    await engine.enqueue("note", {"number": 1})
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await engine.enqueue("note", {"number": 2})
    await until(lambda: len(seen) == 2)
    stop.set()
    await working

    assert [{"number": 1}, {"number": 2}] == sorted(seen, key=lambda each: each["number"])


async def test_preparing_many_times_at_once_is_preparing_once(database: str, pipeline: Pipeline) -> None:
    """
    Several processes that start together do not trip over each other.
    """
    engine = engine_of(database, pipeline)

    await asyncio.gather(*(engine.prepare() for _ in range(4)))

    async with await connect(database) as connection:
        cursor = await connection.execute(
            "SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema = 'pgqueuer'"
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row["tables"] >= 4


async def test_the_same_key_waits_once(database: str, pipeline: Pipeline) -> None:
    """
    A job that still waits is not put in again, three times over; after it has run it may be.
    """
    count = 0

    async def run(payload: dict[str, Any]) -> None:
        nonlocal count
        count += 1

    engine = engine_of(database, pipeline, Job("note", run))
    await engine.prepare()
    for _ in range(3):
        await engine.enqueue("note", once="the same")
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await until(lambda: count == 1)
    while count == 1:  # a finished job leaves the queue within a second
        await engine.enqueue("note", once="the same")
        await asyncio.sleep(0.2)
    stop.set()
    await working

    assert count in (2, 3)


async def test_one_bad_job_does_not_stop_the_worker(database: str, pipeline: Pipeline) -> None:
    """
    The fault is logged with its exception, and the next job is worked off.
    """
    done: list[int] = []

    async def run(payload: dict[str, Any]) -> None:
        if payload["number"] == 1:
            raise ValueError("bad")
        done.append(payload["number"])

    engine = engine_of(database, pipeline, Job("note", run))
    await engine.prepare()
    await engine.enqueue("note", {"number": 1})
    await engine.enqueue("note", {"number": 2})
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await until(lambda: done == [2])
    stop.set()
    await working

    failed = [row for row in spooled(pipeline.folder) if isinstance(row, LogRecord) and row.level == "error"]
    assert ["engine.job_failed"] == [record.message for record in failed]
    assert "ValueError" == failed[0].details_json["error"]["type"]


async def test_a_job_that_meets_a_broken_database_is_put_back(database: str, pipeline: Pipeline) -> None:
    """
    It is tried again by itself; it is not thrown away.
    """
    tries: list[str] = []

    async def run(payload: dict[str, Any]) -> None:
        tries.append(payload["name"])
        if len(tries) == 1:
            raise errors.DatabaseUnreachable(where="x", reason="cable")

    engine = engine_of(database, pipeline, Job("note", run))
    await engine.prepare()
    await engine.enqueue("note", {"name": "a"})
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await until(lambda: len(tries) == 2, 20)
    stop.set()
    await working

    assert ["a", "a"] == tries


async def test_a_queue_that_somebody_dropped_is_made_again(database: str, pipeline: Pipeline) -> None:
    """
    The worker says what happened, and works on.
    """
    seen: list[int] = []

    async def run(payload: dict[str, Any]) -> None:
        seen.append(payload["number"])

    engine = engine_of(database, pipeline, Job("note", run))
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))  # nobody has prepared it
    for _ in range(100):
        try:
            await engine.enqueue("note", {"number": 1})
            break
        except errors.DatabaseError:
            await asyncio.sleep(0.1)
    await until(lambda: seen == [1], 20)
    stop.set()
    await working

    messages = [row.message for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]
    assert "engine.crashed" in messages


async def test_stopping_waits_for_the_job_in_hand(database: str, pipeline: Pipeline) -> None:
    """
    An orderly stop leaves nothing half done.
    """
    steps: list[str] = []

    async def run(payload: dict[str, Any]) -> None:
        steps.append("begun")
        await asyncio.sleep(0.5)
        steps.append("done")

    engine = engine_of(database, pipeline, Job("slow", run))
    await engine.prepare()
    await engine.enqueue("slow")
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await until(lambda: steps == ["begun"])
    stop.set()
    await working

    assert ["begun", "done"] == steps


@pytest.mark.slow
async def test_a_killed_workers_job_is_taken_over(database: str, pipeline: Pipeline, tmp_path: Path) -> None:
    """
    kill -9 in the middle of a job: another worker does it, without anybody's help, within half a minute.
    """
    notes = tmp_path / "notes"
    engine = engine_of(database, pipeline)
    await engine.prepare()
    await engine.enqueue("slow", {"seconds": 5})
    first = worker(database, notes)
    await until(lambda: notes.exists())
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = worker(database, notes)
    try:
        await until(lambda: "done" in notes.read_text(), 40)
    finally:
        second.kill()
        second.wait()

    assert ["begun", "begun", "done"] == notes.read_text().split()


@pytest.mark.slow
async def test_a_schedule_fires_once_however_many_work(
    database: str, pipeline: Pipeline, tmp_path: Path
) -> None:
    """
    Three workers with the same schedule of every second: no firing is doubled.
    """
    notes = tmp_path / "notes"
    await engine_of(database, pipeline).prepare()
    begun = time.monotonic()
    workers = [worker(database, notes, "* * * * * *") for _ in range(3)]
    try:
        await asyncio.sleep(8)
    finally:
        for each in workers:
            each.kill()
            each.wait()
    seconds = time.monotonic() - begun

    fired = notes.read_text().split().count("begun")
    assert 2 <= fired <= seconds + 1


async def test_a_database_that_goes_away_is_waited_for(database: str, pipeline: Pipeline) -> None:
    """
    Connections are cut in the middle: the worker comes back and works off what was put in meanwhile.
    """
    seen: list[int] = []

    async def run(payload: dict[str, Any]) -> None:
        seen.append(payload["number"])

    engine = engine_of(database, pipeline, Job("note", run))
    await engine.prepare()
    stop = asyncio.Event()
    working = asyncio.create_task(engine.work(stop))
    await engine.enqueue("note", {"number": 1})
    await until(lambda: seen == [1])
    async with await connect(database) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await engine.enqueue("note", {"number": 2})
    await until(lambda: 2 in seen, 30)
    stop.set()
    await working

    assert [1, 2] == seen
