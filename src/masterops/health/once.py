"""
Every check of `[[checks]]` once, now, whoever else watches them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from masterops.config import Check
from masterops.core.together import together
from masterops.db import Pool
from masterops.health.checking import Asker
from masterops.health.concluding import Before, Care, with_windows
from masterops.health.lag import Pulsometer
from masterops.health.network import Network
from masterops.health.recording import Change, Result, made_windows, present, record
from masterops.health.rounds import Surroundings, one_round
from masterops.transport import Prober


async def check_once(
    checks: Sequence[Check], pool: Pool, care: Care, *, at_once: int
) -> list[tuple[Result, Change]]:
    """A round of each at the same time, recorded. Raises DatabaseError."""
    care = with_windows(care, await made_windows(pool))
    before = await present(pool, [each.id for each in checks])
    prober = Prober()
    try:
        async with Pulsometer() as beat:
            shared = Surroundings(
                Asker(prober, pool), beat, Network(care.anchors), asyncio.Semaphore(at_once)
            )
            results = await together(
                one_round(each, before.get((each.id, each.kind), Before()), care, shared) for each in checks
            )
    finally:
        await prober.close()
    return list(zip(results, await record(pool, results), strict=True))
