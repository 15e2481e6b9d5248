"""
One timer for all attempts: each ends when its time is over, and no other does.
"""

from __future__ import annotations

import asyncio

import pytest

from masterops.transport.deadlines import Deadlines, Within


async def test_a_block_that_takes_too_long_ends_with_a_time_out() -> None:
    """
    The task goes on behind it, and is not cancelled.
    """
    with pytest.raises(TimeoutError), Within(Deadlines(), 0.01):
        await asyncio.sleep(60)

    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()
    await asyncio.sleep(0)  # would raise


async def test_a_block_that_ends_in_time_leaves_nothing_behind() -> None:
    """
    Its time passes later, without a word.
    """
    deadlines = Deadlines()

    with Within(deadlines, 0.01):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)

    assert set() == deadlines.under_way


async def test_each_ends_at_its_own_time_whatever_the_order() -> None:
    """
    The one timer is for the first of them, also when that one came last or has gone.
    """
    deadlines, ended = Deadlines(), []

    async def one(name: str, seconds: float, work: float) -> None:
        try:
            with Within(deadlines, seconds):
                await asyncio.sleep(work)
        except TimeoutError:
            ended.append(name)

    await asyncio.gather(
        one("long", 0.3, 60), one("fine", 0.02, 0), one("short", 0.05, 60), one("middle", 0.15, 60)
    )

    assert ["short", "middle", "long"] == ended


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    """
    Whoever cancels the task is not told of a time-out.
    """
    deadlines = Deadlines()

    async def work() -> None:
        with Within(deadlines, 60):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert set() == deadlines.under_way


async def test_a_cancellation_that_comes_with_the_time_out_wins() -> None:
    """
    Both came before the task could do anything: it was cancelled.
    """
    block = Within(Deadlines(), 60)

    async def work() -> None:
        with block:
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    block.expire()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_inside_is_raised_as_it_is() -> None:
    """
    Also when it came because the time was over.
    """
    with pytest.raises(ValueError, match="its own"), Within(Deadlines(), 0.01):
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("its own")

    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()


def test_a_new_loop_begins_anew() -> None:
    """
    What an earlier loop left is not waited for.
    """
    deadlines = Deadlines()

    async def work() -> None:
        with Within(deadlines, 0.01):
            await asyncio.sleep(60)

    for _ in range(2):
        with pytest.raises(TimeoutError):
            asyncio.run(work())
