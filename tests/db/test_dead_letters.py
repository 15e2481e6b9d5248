"""
Trying again what the database refused.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool, letters_by_segment, replay
from masterops.logs import Batch, Pipeline, ship_once
from masterops.logs.record import LogRecord

CLOSED = "ALTER TABLE integration_logs ADD CONSTRAINT closed CHECK (message NOT LIKE 'bad%%')"
OPEN = "ALTER TABLE integration_logs DROP CONSTRAINT closed"
STILL = "ALTER TABLE integration_logs ADD CONSTRAINT still CHECK (message <> 'bad 7')"


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The migrated one of all tests, not the empty ones of this folder."""
    url: str = request.getfixturevalue("migrated")
    return url


async def refuse(pool: Pool, folder: Path, count: int) -> None:
    """So many records that the database refuses at this moment, and a torn line."""
    pipeline = Pipeline(folder)
    await pool.fetch(CLOSED)
    for number in range(count):
        pipeline.logger().info(f"bad {number}", number=number)
    pipeline.spool.append(b'{"torn\n')
    pipeline.close()
    await ship_once(folder, LogStore(pool))


async def messages(pool: Pool) -> list[str]:
    return [
        row["message"]
        for row in await pool.fetch("SELECT message FROM integration_logs ORDER BY created_at, id")
    ]


async def test_after_a_fix_they_are_stored_and_no_letters_any_more(pool: Pool, tmp_path: Path) -> None:
    """
    With exact counts; those that are refused again keep the new reason, and a torn line stays.
    """
    await refuse(pool, tmp_path, 20)
    await pool.fetch(OPEN)
    await pool.fetch(STILL)

    done = await replay(pool)

    left = await pool.fetch("SELECT line, reason FROM ops.log_dead_letters ORDER BY line_offset")
    assert (19, 1, 1) == (done.stored, sum(done.refused.values()), done.torn)
    assert [f"bad {number}" for number in range(20) if number != 7] == await messages(pool)
    assert '"still"' in left[0]["reason"] and "bad 7" in left[0]["line"]
    assert '"still"' in next(iter(done.refused))
    assert left[1]["reason"].startswith("not a record")


async def test_a_dry_run_counts_the_same_and_changes_nothing(pool: Pool, tmp_path: Path) -> None:
    """
    Neither rows nor letters nor reasons.
    """
    await refuse(pool, tmp_path, 5)
    await pool.fetch(OPEN)
    before = await pool.fetch("SELECT * FROM ops.log_dead_letters ORDER BY id")

    tried = await replay(pool, dry_run=True)
    after = await pool.fetch("SELECT * FROM ops.log_dead_letters ORDER BY id")
    unchanged = await messages(pool)

    assert await replay(pool) == tried
    assert (before, []) == (after, unchanged)
    assert 5 == tried.stored


async def test_one_alone_can_be_tried(pool: Pool, tmp_path: Path) -> None:
    """
    By its id; of an id that is not there nothing is tried.
    """
    await refuse(pool, tmp_path, 3)
    await pool.fetch(OPEN)
    (letter,) = await pool.fetch("SELECT id FROM ops.log_dead_letters WHERE line LIKE '%%bad 1%%'")

    done = await replay(pool, only=letter["id"])

    assert (1, 1) == (done.tried, done.stored)
    assert ["bad 1"] == await messages(pool)
    assert 0 == (await replay(pool, only=uuid7())).tried


async def test_several_at_once_store_each_once(pool: Pool, tmp_path: Path) -> None:
    """
    A letter that somebody tries at this moment is theirs.
    """
    await refuse(pool, tmp_path, 200)
    await pool.fetch(OPEN)

    done = await asyncio.gather(*(replay(pool) for _ in range(4)))

    assert 200 == sum(each.stored for each in done)
    assert 200 == len(await messages(pool))
    assert {} == done[0].refused


async def test_large_letters_are_tried_a_few_at_a_time(pool: Pool) -> None:
    """
    Many megabytes in all; each is stored.
    """
    store = LogStore(pool)
    await pool.fetch(CLOSED)
    for number in range(4):
        large = LogRecord(
            uuid7(), clock.now(), "x", "info", "info", "bad", details_json={"a": "x" * 1_500_000}
        )
        await store.store(Batch(f"s{number}", 0, 9, (large,), ()))
    await pool.fetch(OPEN)

    done = await replay(pool)

    assert (4, 0) == (done.stored, done.left)


async def test_what_was_refused_can_be_counted(pool: Pool, tmp_path: Path) -> None:
    """
    By segment, also when the segment is gone.
    """
    await refuse(pool, tmp_path, 2)

    assert [3] == list((await letters_by_segment(pool)).values())
