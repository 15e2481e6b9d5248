"""
Reading and following log records.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool
from masterops.logs import Pipeline, ship_once
from masterops.logs.record import LogRecord, encode
from masterops.reports import LogFilter, LogRow, follow_logs, read_logs


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool", level="debug")


async def test_the_newest_come_last_and_the_limit_keeps_them(pool: Pool, pipeline: Pipeline) -> None:
    """
    Of many, the newest few, in the order of time.
    """
    for number in range(5):
        pipeline.logger().info(str(number))
    await ship_once(pipeline.folder, LogStore(pool))

    assert ["3", "4"] == [row.message for row in await read_logs(pool, LogFilter(), limit=2)]


async def test_following_shows_each_new_record_once_within_a_second(pool: Pool, pipeline: Pipeline) -> None:
    """
    What was there first, then what comes; also a record that arrives later than its own moment.
    """
    store = LogStore(pool)
    pipeline.logger().info("old")
    await ship_once(pipeline.folder, store)
    shown: list[LogRow] = []
    arrivals: dict[str, float] = {}

    async def follow() -> None:
        async for row in follow_logs(pool, LogFilter(), limit=10):
            shown.append(row)
            arrivals[row.message] = time.monotonic()

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.3)
    pipeline.logger().info("new")
    late = LogRecord(uuid7(), clock.now() - timedelta(seconds=3), "x", "info", "info", "late")
    pipeline.spool.append(encode(late))
    await ship_once(pipeline.folder, store)
    shipped = time.monotonic()
    await asyncio.sleep(1.3)
    following.cancel()

    assert ["late", "new", "old"] == sorted(row.message for row in shown)
    assert max(arrivals["new"], arrivals["late"]) - shipped < 1.0
