"""
What a worker goes through: a server that is restarted, a clock that is wrong, other processes, kill -9.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from masterops.db import Pool, connect
from masterops.engine import Engine, Job, entries, history
from masterops.logs import Pipeline
from masterops.testing import servers
from tests.proof import wallclock

pytestmark = pytest.mark.slow
Payload = dict[str, Any]
ROOT = Path(__file__).parents[2]
# A worker in a process of its own; it notes who did which job. The third argument moves its clock.
WORKER = """
import asyncio, os, sys
from pathlib import Path
from masterops.db import connect
from masterops.engine import Engine, Job
from masterops.logs import Pipeline
from tests.proof import wallclock

url, notes, shift, cron = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
if shift:
    wallclock.follow(Path(shift))

async def note(payload):
    with notes.open("a") as file:
        file.write(f"{os.getpid()} {payload['number']}\\n")

async def hang(payload):
    await note(payload)
    await asyncio.sleep(600)

async def nothing(payload):
    pass

async def main():
    log = Pipeline(notes.parent / "spool").logger()
    jobs = [Job("note", note), Job("hang", hang)]
    if cron:
        jobs += [Job("nightly", nothing, cron=cron), Job("new", nothing, cron=cron), Job("fatal", note)]
    print("ready", flush=True)
    await Engine(lambda: connect(url), log, jobs).work(asyncio.Event())

asyncio.run(main())
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool", level="debug")


@contextmanager
def process(
    database: str, notes: Path, *, shift: Path | None = None, cron: str = "", **environ: str
) -> Iterator[subprocess.Popen[str]]:
    """A worker of its own, killed in the end if it still lives."""
    words = [sys.executable, "-c", WORKER, database, str(notes), str(shift or ""), cron]
    with subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert worker.stdout is not None
            assert "ready\n" == worker.stdout.readline()
            yield worker
        finally:
            worker.kill()


@asynccontextmanager
async def working(database: str, pipeline: Pipeline, *jobs: Job) -> AsyncIterator[Engine]:
    """A worker of this process; it finishes what it has in hand."""
    engine = Engine(lambda: connect(database), pipeline.logger(), jobs)
    stop = asyncio.Event()
    task = asyncio.create_task(engine.work(stop))
    try:
        yield engine
    finally:
        stop.set()
        await task


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - a row in the database sets no event
            await asyncio.sleep(0.05)


class Server:
    """
    A PostgreSQL that can be stopped and started again.
    """

    SETTINGS = {"synchronous_commit": "on"}  # what was committed survives a crash

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mops-", dir=servers.place()))
        self._process = servers.start(servers.newest_binaries(), self.folder, self.SETTINGS)
        servers.await_answer(self.folder)
        self.url = servers.url(self.folder, "postgres")

    def stop(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(30)

    def start(self) -> None:
        self._process = servers.start_again(servers.newest_binaries(), self.folder, self.SETTINGS)
        servers.await_answer(self.folder)

    def close(self) -> None:
        self.stop(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def restartable() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(
    "how", [pytest.param(signal.SIGINT, id="restarted"), pytest.param(signal.SIGQUIT, id="crashed")]
)
async def test_a_restart_of_the_server_loses_no_job_and_doubles_none(
    restartable: Server, pipeline: Pipeline, how: signal.Signals
) -> None:
    """
    One ends while the server is away, one after it is back; others wait. All are done once, with two workers.

    The server is away for longer than it takes to be taken for dead.
    """
    ran: Counter[int] = Counter()
    gates = {number: asyncio.Event() for number in range(6)}
    for number in range(2, 6):
        gates[number].set()

    async def run(payload: Payload) -> None:
        ran[payload["number"]] += 1
        await gates[payload["number"]].wait()

    jobs = Job("held", run, at_once=2)
    putter = Engine(lambda: connect(restartable.url), pipeline.logger(), [])
    await putter.prepare()
    for number in range(6):
        await putter.enqueue("held", {"number": number})
    async with (
        working(restartable.url, pipeline, jobs),
        working(restartable.url, pipeline, jobs),
        Pool(restartable.url) as pool,
    ):

        async def both_in_hand() -> bool:
            return dict(ran) == {0: 1, 1: 1}

        async def all_ended() -> bool:
            return not await entries(pool)

        await until(both_in_hand)
        await pool.fetch("UPDATE pgqueuer.pgqueuer SET heartbeat = now() - interval '1 hour'")
        restartable.stop(how)
        gates[0].set()
        restartable.start()
        gates[1].set()
        await until(all_ended)
        steps = await history(pool, 1)

    assert dict.fromkeys(range(6), 1) == dict(ran)
    assert ["queued", "begun", "done"] == [step.what for step in steps]


async def test_a_worker_stops_also_while_the_server_is_away(restartable: Server, pipeline: Pipeline) -> None:
    """
    Soon, also with a job in hand. That it has ended could not be written, so the next worker does it again.
    """
    stay = Stay()
    putter = Engine(lambda: connect(restartable.url), pipeline.logger(), [])
    await putter.prepare()
    await putter.enqueue("hang")
    async with asyncio.timeout(60):
        async with working(restartable.url, pipeline, Job("hang", stay)):
            await stay.begun.wait()
            restartable.stop(signal.SIGQUIT)
            stay.ending.set()
    restartable.start()
    async with Pool(restartable.url) as pool:
        (left,) = await entries(pool)

    assert ("hang", "running") == (left.job, left.state)


async def test_processes_share_the_work(
    database: str, pool: Pool, pipeline: Pipeline, tmp_path: Path
) -> None:
    """
    Three of them, each takes part, and no job is done twice.
    """
    notes = tmp_path / "notes"
    notes.touch()
    putter = Engine(lambda: connect(database), pipeline.logger(), [])
    await putter.prepare()
    put = 0

    async def empty() -> bool:
        return not await entries(pool)

    def done() -> list[list[str]]:
        return [line.split() for line in notes.read_text().splitlines()]

    with process(database, notes), process(database, notes), process(database, notes):
        async with asyncio.timeout(120):
            while len({worker for worker, _ in done()}) < 3:
                await pool.fetch(
                    b"INSERT INTO pgqueuer.pgqueuer (priority, status, entrypoint, payload)"
                    b" SELECT 0, 'queued', 'note', convert_to(format('{\"number\": %%s}', n), 'UTF8')"
                    b" FROM generate_series(%(from)s::int, %(to)s::int) AS n", {"from": put, "to": put + 59},
                )  # fmt: skip
                put += 60
                await until(empty)

    assert dict.fromkeys(map(str, range(put)), 1) == dict(Counter(number for _, number in done()))


@pytest.mark.parametrize("hours", [pytest.param(1, id="ahead"), pytest.param(-1, id="behind")])
async def test_a_workers_own_clock_decides_nothing(
    database: str, pool: Pool, pipeline: Pipeline, tmp_path: Path, hours: float
) -> None:
    """
    An hour off: schedules come when the database says so, once; nobody who lives is taken for dead, and what
    kills its workers is parked.
    """
    if (clock := wallclock.library(tmp_path)) is None:
        pytest.skip("there is no C compiler to make a clock with")
    shift, notes = tmp_path / "shift", tmp_path / "notes"
    wallclock.make(shift)
    wallclock.jump(shift, hours * 3600)
    (row,) = await pool.fetch("SELECT date_trunc('minute', now()) + interval '30 minutes' AS due")
    due: datetime = row["due"]

    async def settled() -> bool:
        rows = await pool.fetch("SELECT next_run FROM pgqueuer.pgqueuer_schedules WHERE status = 'queued'")
        states = [entry.state for entry in await entries(pool, fatal)]
        return [due, due] == [each["next_run"] for each in rows] and states == ["failed"]

    putter = Engine(lambda: connect(database), pipeline.logger(), [])
    await putter.prepare()
    async with working(database, pipeline, Job("hang", stay := Stay())) as engine, ending(stay):
        held = await engine.enqueue("hang", {})
        await stay.begun.wait()
        fatal = await putter.enqueue("fatal", {"number": 1})
        await pool.fetch("UPDATE pgqueuer.pgqueuer SET created = created - interval '5 minutes'")
        await pool.fetch(
            "INSERT INTO pgqueuer.pgqueuer_log (job_id, status, entrypoint, priority)"
            " SELECT %s, 'picked', 'fatal', 0 FROM generate_series(1, 3)", [fatal],
        )  # fmt: skip
        cron = f"{due.minute} {due.hour} * * *"
        await pool.fetch(
            "INSERT INTO pgqueuer.pgqueuer_schedules (expression, next_run, entrypoint)"
            " VALUES (%s, now() - interval '1 second', 'nightly.schedule')", [cron],
        )  # fmt: skip
        with process(database, notes, shift=shift, cron=cron, LD_PRELOAD=str(clock)):
            await until(settled)
        steps = [step.what for step in await history(pool, held or 0)]
        firings = await pool.fetch(
            "SELECT entrypoint AS job FROM pgqueuer.pgqueuer_log"
            " WHERE entrypoint IN ('nightly', 'new') AND status = 'queued'"
        )

    assert ["nightly"] == [row["job"] for row in firings]
    assert ["queued", "begun"] == steps
    assert not notes.exists()


@asynccontextmanager
async def ending(stay: Stay) -> AsyncIterator[None]:
    """Let the job end when the block does, also where it fails."""
    try:
        yield
    finally:
        stay.ending.set()


class Stay:
    """
    A job that says when it has begun, and ends when it is told to.
    """

    def __init__(self) -> None:
        self.begun, self.ending = asyncio.Event(), asyncio.Event()

    async def __call__(self, payload: Payload) -> None:
        self.begun.set()
        await self.ending.wait()


async def test_the_job_of_a_killed_worker_is_done_by_another(
    database: str, pool: Pool, pipeline: Pipeline, tmp_path: Path
) -> None:
    """
    Twenty seconds after its last sign of life; what was done before it is not done again.
    """
    notes = tmp_path / "notes"
    ran: list[int] = []

    async def run(payload: Payload) -> None:
        ran.append(payload["number"])

    putter = Engine(lambda: connect(database), pipeline.logger(), [])
    await putter.prepare()
    await putter.enqueue("note", {"number": 1})
    id = await putter.enqueue("hang", {"number": 2})

    async def only_the_second_is_left() -> bool:
        return [entry.id for entry in await entries(pool)] == [id] and "2" in seen()

    def seen() -> list[str]:
        return notes.read_text().split() if notes.exists() else []

    with process(database, notes) as worker:
        await until(only_the_second_is_left)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    await pool.fetch("UPDATE pgqueuer.pgqueuer SET heartbeat = heartbeat - interval '20 seconds'")
    async with working(database, pipeline, Job("note", run), Job("hang", run)):

        async def empty() -> bool:
            return not await entries(pool)

        await until(empty)
        steps = await history(pool, id or 0)

    assert [2] == ran
    assert ["queued", "begun", "begun", "done"] == [step.what for step in steps]
    assert timedelta() <= steps[-1].at - steps[-2].at
