"""
Emptying the spool by hand, beside whoever else ships and writes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.app.emptying import empty, waiting
from masterops.app.shipping import Shipping
from masterops.app.shipping_pace import (
    LONGEST_PAUSE_SECONDS,
    PAUSE_SECONDS,
    pause_after,
    pause_after_failure,
)
from masterops.logs import Batch, Pipeline
from tests.logs.conftest import Memory


async def test_everything_that_lay_there_is_carried_over(tmp_path: Path) -> None:
    """
    Of living and dead processes; half a line of a living one is not waited for.
    """
    dead, alive = Pipeline(tmp_path), Pipeline(tmp_path)
    dead.logger().info("one")
    dead.close()
    alive.logger().info("two")
    with sorted(tmp_path.glob("*.jsonl"))[-1].open("ab") as file:
        file.write(b'{"half')
    store = Memory()

    done = await empty(tmp_path, store, 5)

    assert (2, 0, 0) == (done.records, done.rejected, done.waiting_bytes)
    assert ["one", "two"] == store.messages
    assert done.seconds < 4  # of the 5 that it may take
    alive.close()


async def test_what_another_shipper_carries_is_waited_for(tmp_path: Path) -> None:
    """
    Both together carry each record once, and it ends when all is in.
    """

    class Slow(Memory):
        async def store(self, batch: Batch) -> int:
            await asyncio.sleep(0.3)
            return await super().store(batch)

    pipeline, store = Pipeline(tmp_path), Slow()
    pipeline.logger().info("one")
    async with Shipping(pipeline, store, pipeline.logger()):
        await asyncio.sleep(0.1)  # the other has the segment now

        done = await empty(tmp_path, store, 5)

    assert (0, 0) == (done.records, done.waiting_bytes)
    assert ["one"] == store.messages


async def test_it_gives_up_in_time_and_says_what_still_waits(tmp_path: Path) -> None:
    """
    A store that hangs costs the seconds that were given.
    """

    class Hanging(Memory):
        async def store(self, batch: Batch) -> int:
            await asyncio.sleep(60)
            return 0

    pipeline = Pipeline(tmp_path)
    pipeline.logger().info("one")
    size = next(tmp_path.glob("*.jsonl")).stat().st_size

    done = await empty(tmp_path, Hanging(), 0.3)

    assert (0, size) == (done.records, done.waiting_bytes)
    assert 0.3 <= done.seconds < 10
    pipeline.close()


async def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    """
    Nobody waits for it: the records do.
    """
    pipeline, store = Pipeline(tmp_path), Memory()
    pipeline.logger().info("one")
    store.fail_next = errors.DatabaseLost(reason="cable")

    with pytest.raises(errors.DatabaseLost):
        await empty(tmp_path, store, 5)

    pipeline.close()


async def test_waiting_is_what_is_behind_the_stored_offset(tmp_path: Path) -> None:
    """
    All of a new segment, nothing of a shipped one, and unknown without a database.
    """
    pipeline, store = Pipeline(tmp_path), Memory()
    pipeline.logger().info("one")
    (before,) = await waiting(tmp_path, store)
    await empty(tmp_path, store, 5)
    (after,) = await waiting(tmp_path, store)
    (unknown,) = await waiting(tmp_path, None)

    assert before.segment.size_bytes == before.waiting_bytes
    assert (0, None) == (after.waiting_bytes, unknown.waiting_bytes)
    pipeline.close()


@given(st.integers(0, 10**12))
def test_shipping_never_rests_longer_than_a_record_may_wait(shipped: int) -> None:
    """
    A quarter of a second at the most; none when there was much to carry.
    """
    assert 0 <= pause_after(shipped) <= PAUSE_SECONDS
    assert pause_after(shipped + 1000) <= pause_after(shipped)


def test_a_database_that_is_away_is_asked_less_and_less() -> None:
    """
    Twice as long each time up to the longest; one success ends that.
    """
    pauses = [pause_after(10**9)]
    for _ in range(8):
        pauses.append(pause_after_failure(pauses[-1]))

    assert [0, 0.5, 1, 2, 4, 8, 15, 15, 15] == pauses
    assert LONGEST_PAUSE_SECONDS == max(pauses)
