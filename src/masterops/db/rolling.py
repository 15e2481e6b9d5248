"""
Keeping the rollups short of what was written last.

Each step is a transaction of its own: whoever is killed between two of them has lost none of the work of
the first, and whoever is killed within one has not begun it.
"""

from __future__ import annotations

from masterops.db.connect import AsyncConnection


async def roll_up(connection: AsyncConnection) -> int:
    """Bring the rollups up to date; answers how many deltas there were."""
    total = 0
    while True:
        async with connection.transaction():
            row = await (await connection.execute("SELECT ops.roll_up() AS rolled")).fetchone()
        rolled = int(row["rolled"]) if row else 0
        total += rolled
        if not rolled:
            return total
