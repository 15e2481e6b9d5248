"""
Following the log: every record that arrives, once, whoever writes it and however late.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from masterops import errors
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool, connect
from masterops.logs import Pipeline, ship_once
from masterops.logs.record import LogRecord, encode
from masterops.reports import LogFilter, follow_logs
from masterops.reports.log_following import PAGE

INSERT = b"INSERT INTO integration_logs (source, message) VALUES ('x', %s)"
CUT_OFF = (
    b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Reader:
    """
    What somebody who follows has been shown, and how often the database was away.
    """

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.away: list[errors.DatabaseError] = []

    async def until(self, done: Callable[[], bool], seconds: float = 15) -> float:
        """Seconds until something is true."""
        begin = time.monotonic()
        while not done():
            assert time.monotonic() < begin + seconds, self.messages[-5:]
            await asyncio.sleep(0.02)
        return time.monotonic() - begin


@asynccontextmanager
async def following(pool: Pool, wanted: LogFilter | None = None, limit: int = 10) -> AsyncIterator[Reader]:
    reader = Reader()

    async def follow() -> None:
        async for row in follow_logs(pool, wanted or LogFilter(), limit=limit, away=reader.away.append):
            reader.messages.append(row.message)

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.4)
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool", level="debug")


async def test_a_record_that_waited_for_days_is_shown_when_it_arrives(pool: Pool, pipeline: Pipeline) -> None:
    """
    Others of its time, that were there before, are not shown for it.
    """
    store = LogStore(pool)
    then = clock.now() - timedelta(days=10)
    for message, seconds in (("before", 0), ("between", 10)):
        at = then + timedelta(seconds=seconds)
        pipeline.spool.append(encode(LogRecord(uuid7(), at, "x", "info", "info", message)))
    pipeline.logger().info("newest")
    await ship_once(pipeline.folder, store)

    async with following(pool, limit=1) as reader:
        for message, seconds in (("late", -5), ("late too", 20)):
            at = then + timedelta(seconds=seconds)
            pipeline.spool.append(encode(LogRecord(uuid7(), at, "x", "info", "info", message)))
        await ship_once(pipeline.folder, store)
        took = await reader.until(lambda: len(reader.messages) == 3)
        await asyncio.sleep(0.7)

    assert ["newest", "late", "late too"] == reader.messages
    assert took < 5


async def test_what_others_write_is_shown_within_a_second_and_once(pool: Pool) -> None:
    """
    A row that was inserted by hand before is only shown where it is among the newest.
    """
    for message in ("old", "newest"):
        await pool.fetch(INSERT, [message])  # type: ignore[arg-type]
    async with following(pool, limit=1) as reader:
        await pool.fetch(INSERT, ["new"])  # type: ignore[arg-type]
        took = await reader.until(lambda: "new" in reader.messages)
        await asyncio.sleep(1.2)

    assert ["newest", "new"] == reader.messages
    assert took < 5


async def test_a_large_batch_is_shown_whole(pool: Pool, pipeline: Pipeline) -> None:
    """
    Page by page; also of records with one and the same moment.
    """
    at = clock.now()
    async with following(pool) as reader:
        for number in range(2 * PAGE + 1):
            pipeline.spool.append(encode(LogRecord(uuid7(), at, "x", "info", "info", f"n{number}")))
        await ship_once(pipeline.folder, LogStore(pool))
        await reader.until(lambda: len(reader.messages) >= 2 * PAGE + 1)
        await asyncio.sleep(0.7)

    assert sorted(f"n{number}" for number in range(2 * PAGE + 1)) == sorted(reader.messages)


async def test_filters_hold_for_what_comes(pool: Pool, pipeline: Pipeline) -> None:
    """
    Also for rows that others write.
    """
    async with following(pool, LogFilter(level="warn", search="order-1")) as reader:
        pipeline.logger().info("order-1 info")
        pipeline.logger().error("order-1 error")
        pipeline.logger().error("order-2 error")
        await ship_once(pipeline.folder, LogStore(pool))
        await pool.fetch(INSERT, ["order-1 by hand"])  # type: ignore[arg-type]
        await reader.until(lambda: bool(reader.messages))
        await asyncio.sleep(0.7)

    assert ["order-1 error"] == reader.messages


async def test_a_long_transaction_of_somebody_else_changes_nothing(
    pool: Pool, pipeline: Pipeline, database: str
) -> None:
    """
    What was committed before is not shown again, and what it commits at last is shown.
    """
    async with await connect(database) as other, other.transaction():
        await other.execute(INSERT, ["long"])
        pipeline.logger().info("one")
        await ship_once(pipeline.folder, LogStore(pool))
        async with following(pool) as reader:
            pipeline.logger().info("two")
            await ship_once(pipeline.folder, LogStore(pool))
            await reader.until(lambda: "two" in reader.messages)
            await asyncio.sleep(1.2)
            before = list(reader.messages)
            await other.execute(b"COMMIT")
            await reader.until(lambda: "long" in reader.messages)
            await other.execute(b"BEGIN")

    assert ["one", "two"] == before
    assert ["one", "two", "long"] == reader.messages


async def test_it_goes_on_after_the_database_was_away_and_says_so_once(
    pool: Pool, pipeline: Pipeline, database: str
) -> None:
    """
    With what arrived in between, however old it is.
    """
    store = LogStore(pool)
    async with following(pool) as reader, await connect(database) as admin:
        pipeline.logger().info("one")
        await ship_once(pipeline.folder, store)
        await reader.until(lambda: "one" in reader.messages)
        await admin.execute(CUT_OFF)
        old = clock.now() - timedelta(days=3)
        pipeline.spool.append(encode(LogRecord(uuid7(), old, "x", "info", "info", "meanwhile")))
        async with Pool(database) as another:
            await ship_once(pipeline.folder, LogStore(another))
        await reader.until(lambda: "meanwhile" in reader.messages)
        pipeline.logger().info("two")
        await ship_once(pipeline.folder, store)
        await reader.until(lambda: "two" in reader.messages)

    assert ["one", "meanwhile", "two"] == reader.messages
    assert 1 == len(reader.away)


async def test_without_a_database_it_does_not_begin() -> None:
    """
    A mistake in the address is not waited for.
    """
    async with Pool("postgresql://ops@127.0.0.1:1/ops", timeout=1) as pool:
        with pytest.raises(errors.DatabaseError):
            await anext(follow_logs(pool, LogFilter(), limit=1))
