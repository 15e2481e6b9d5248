"""
Shipping in the background, and when somebody cannot wait for it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from masterops import errors
from masterops.app.shipping import Shipping
from masterops.logs import Batch, Pipeline
from tests.logs.conftest import Memory


class Slow(Memory):
    """
    A store that takes its time.
    """

    async def store(self, batch: Batch) -> int:
        await asyncio.sleep(0.05)
        return await super().store(batch)


async def test_flush_returns_when_everything_is_in(tmp_path: Path) -> None:
    """
    Also while the background pass is in the middle of it.
    """
    pipeline, store = Pipeline(tmp_path), Slow()
    log = pipeline.logger()
    async with Shipping(pipeline, store, log) as shipping:
        for number in range(200):
            log.info(str(number))
            if number % 20 == 0:
                await shipping.flush()
                assert number + 1 == len(store.messages)


async def test_it_goes_on_after_any_failure(tmp_path: Path) -> None:
    """
    A pass that fails, for whatever reason, is followed by another; at the end everything is in, once.
    """
    pipeline, store = Pipeline(tmp_path), Memory()
    log = pipeline.logger()
    async with Shipping(pipeline, store, log):
        store.fail_next = RuntimeError("a fault of ours")
        log.info("one")
        await asyncio.sleep(0.8)
        store.fail_next = errors.DatabaseLost(reason="cable")
        log.info("two")
        await asyncio.sleep(0.8)
        log.info("three")

    wanted = [message for message in store.messages if message in ("one", "two", "three")]
    assert ["one", "two", "three"] == wanted
    assert "logs.shipping_failed" in store.messages
    assert [] == list(tmp_path.glob("*.jsonl"))
