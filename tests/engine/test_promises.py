"""
What every engine promises of the jobs that it is given, on a real PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from masterops.db import Pool, connect
from masterops.engine import Engine, Entry, Job, Patience, entries, history, overview, trim_history
from masterops.logs import Pipeline

SOON = timedelta(milliseconds=50)
Payload = dict[str, Any]


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool", level="debug")


@contextlib.asynccontextmanager
async def working(database: str, pipeline: Pipeline, *jobs: Job, workers: int = 1) -> AsyncIterator[Engine]:
    """An engine with so many workers, each with connections of its own."""
    engines = [Engine(lambda: connect(database), pipeline.logger(), jobs) for _ in range(workers)]
    await engines[0].prepare()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(engine.work(stop)) for engine in engines]
    try:
        yield engines[0]
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - a row in the database sets no event
            await asyncio.sleep(0.05)


async def the(pool: Pool, id: int | None) -> Entry | None:
    return next(iter(await entries(pool, id)), None)


async def test_a_thousand_jobs_are_done_once_each_and_shared(
    database: str, pool: Pool, pipeline: Pipeline
) -> None:
    """
    Three workers: every job once, and none of them does all.
    """
    done: Counter[int] = Counter()
    by: Counter[str] = Counter()

    async def run(payload: Payload) -> None:
        done[payload["number"]] += 1
        await asyncio.sleep(0)

    def of(worker: str) -> Job:
        async def counted(payload: Payload) -> None:
            by[worker] += 1
            await run(payload)

        return Job("note", counted)

    putter = Engine(lambda: connect(database), pipeline.logger(), [])
    await putter.prepare()
    await pool.fetch(
        b"INSERT INTO pgqueuer.pgqueuer (priority, status, entrypoint, payload)"
        b" SELECT 0, 'queued', 'note', convert_to(format('{\"number\": %%s}', n), 'UTF8')"
        b" FROM generate_series(1, 1000) AS n", {},
    )  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        for worker in ("a", "b", "c"):
            await stack.enter_async_context(working(database, pipeline, of(worker)))

        async def empty() -> bool:
            return not await entries(pool)

        await until(empty)

    assert dict.fromkeys(range(1, 1001), 1) == dict(done)
    assert 1000 == sum(by.values())
    assert 2 <= len(by)


async def test_what_keeps_failing_is_parked_with_its_error_and_holds_up_nobody(
    database: str, pool: Pool, pipeline: Pipeline
) -> None:
    """
    Tried three times, then kept for a person, without the secret that its error had in it; others go on meanwhile.
    """
    tries: list[str] = []

    async def bad(payload: Payload) -> None:
        tries.append("bad")
        raise ValueError("no row, password=hunter22hunter")

    async def good(payload: Payload) -> None:
        tries.append("good")

    patience = Patience(tries=3, first=SOON)
    jobs = Job("bad", bad, patience=patience), Job("good", good)
    async with working(database, pipeline, *jobs) as engine:
        id = await engine.enqueue("bad")
        await engine.enqueue("good")

        async def parked() -> bool:
            found = await the(pool, id)
            return found is not None and found.state == "failed"

        await until(parked)
        found = await the(pool, id)
        steps = await history(pool, id or 0)

    assert Counter(bad=3, good=1) == Counter(tries)
    assert found is not None
    assert "ValueError: no row" in (found.error or "")
    assert "hunter22" not in str((found, steps))
    assert ["queued", "begun", "put back", "begun", "put back", "begun", "failed"] == [s.what for s in steps]
    assert all(step.seconds is not None for step in steps if step.what in ("put back", "failed"))


async def test_a_parked_job_that_is_put_back_has_all_its_tries_again(
    database: str, pool: Pool, pipeline: Pipeline
) -> None:
    """
    And is gone from the queue when it succeeds.
    """
    tries = 0

    async def run(payload: Payload) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise ValueError("not yet")

    async with working(
        database, pipeline, Job("note", run, patience=Patience(tries=2, first=SOON))
    ) as engine:
        id = await engine.enqueue("note")

        async def parked() -> bool:
            found = await the(pool, id)
            return found is not None and found.state == "failed"

        await until(parked)
        await engine.retry([id or 0])

        async def gone() -> bool:
            return await the(pool, id) is None

        await until(gone)

    assert 4 == tries


@pytest.mark.parametrize("last", ["fails", "succeeds"])
async def test_a_later_run_takes_the_place_of_one_that_was_parked(
    database: str, pool: Pool, pipeline: Pipeline, last: str
) -> None:
    """
    A schedule that fails each minute leaves one job to look at, and none once it is well again.
    """
    tries = 0

    async def run(payload: Payload) -> None:
        nonlocal tries
        tries += 1
        if tries < 3 or last == "fails":
            raise ValueError(f"number {tries}")

    async with working(database, pipeline, Job("note", run, patience=Patience(tries=1))) as engine:
        ids = []
        for _ in range(3):
            id = await engine.enqueue("note")
            ids.append(id)

            async def settled(id: int | None = id) -> bool:
                found = await the(pool, id)
                return found is None or found.state == "failed"

            await until(settled)
        left = [each.id for each in await entries(pool)]

    assert (ids[-1:] if last == "fails" else []) == left


async def test_an_overview_has_every_job_also_before_anybody_worked(
    database: str, pool: Pool, pipeline: Pipeline
) -> None:
    """
    Idle ones with their next time, queued ones with their id.
    """
    before = await overview(pool, ["note"])

    async def run(payload: Payload) -> None:
        pass

    async with working(database, pipeline, Job("note", run, cron="0 0 1 1 *")):

        async def scheduled() -> bool:
            return (await overview(pool, ["note"]))[0].next_at is not None

        await until(scheduled)
    engine = Engine(lambda: connect(database), pipeline.logger(), [])
    id = await engine.enqueue("note")
    (after,) = await overview(pool, ["note"])

    assert [("note", "idle", None)] == [(each.job, each.state, each.next_at) for each in before]
    assert ("waiting", id) == (after.state, after.id)


async def test_history_is_bounded_and_what_is_parked_keeps_its_error(
    database: str, pool: Pool, pipeline: Pipeline
) -> None:
    """
    Rows of long ago go, but for those of jobs that are still there.
    """
    engine = Engine(lambda: connect(database), pipeline.logger(), [])
    await engine.prepare()
    kept = await engine.enqueue("note")
    await pool.fetch(
        "INSERT INTO pgqueuer.pgqueuer_log (job_id, status, entrypoint, priority)"
        " SELECT 1000000 + n, 'successful', 'note', 0 FROM generate_series(1, 20) AS n"
    )
    await pool.fetch("UPDATE pgqueuer.pgqueuer_log SET created = now() - interval '40 days'")

    assert 20 == await trim_history(pool)
    assert 0 == await trim_history(pool)
    assert ["queued"] == [step.what for step in await history(pool, kept or 0)]


async def test_a_job_that_kills_its_workers_is_parked(database: str, pool: Pool, pipeline: Pipeline) -> None:
    """
    After three that died with it in hand nobody else takes it up; those behind it are done.
    """
    done = asyncio.Event()
    ran: list[Payload] = []

    async def fatal(payload: Payload) -> None:
        ran.append(payload)

    async def harmless(payload: Payload) -> None:
        done.set()

    putter = Engine(lambda: connect(database), pipeline.logger(), [])
    await putter.prepare()
    id = await putter.enqueue("fatal")
    await pool.fetch("UPDATE pgqueuer.pgqueuer SET created = created - interval '5 minutes'")
    await pool.fetch(
        "INSERT INTO pgqueuer.pgqueuer_log (job_id, status, entrypoint, priority)"
        " SELECT %s, 'picked', 'fatal', 0 FROM generate_series(1, 3)",
        [id],
    )
    async with working(database, pipeline, Job("fatal", fatal), Job("harmless", harmless)) as engine:
        await engine.enqueue("harmless")
        async with asyncio.timeout(60):
            await done.wait()

        async def parked() -> bool:
            entry = await the(pool, id)
            return entry is not None and entry.state == "failed"

        await until(parked)
        entry = await the(pool, id)

    assert [] == ran
    assert entry is not None
    assert "3 workers died with it in hand" in (entry.error or "")
