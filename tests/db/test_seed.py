"""
Made-up history: as much as was asked for, the same for the same seed, and rolled up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from masterops.db import bundled, connect, fetch, migrate, roll_up, seed

NOW = datetime.now(UTC)
DIGEST = """
SELECT md5(string_agg(l::text, '' ORDER BY created_at, id)) AS logs,
    (SELECT md5(string_agg(w.id::text || w.status || w.finished_at, '' ORDER BY started_at, id))
     FROM workflow_execution_logs AS w) AS runs
FROM integration_logs AS l
"""


async def seeded(url: str, number: int) -> dict[str, Any]:
    """What a fresh database holds after seeding."""
    seen: list[int] = []
    async with await connect(url) as connection:
        for table in ("integration_logs", "api_metrics", "health_checks", "workflow_execution_logs"):
            await connection.execute(f"TRUNCATE {table}".encode())
        counts = await seed(connection, rows=2000, days=3, seed=number, progress=seen.append, now=NOW)
        left = await roll_up(connection)
        (digest,) = await fetch(connection, DIGEST)
    return {"counts": counts, "seen": seen, "left": left, "digest": digest}


@pytest.fixture
async def url(embedded_database: str) -> str:
    """A migrated database."""
    await migrate(embedded_database, bundled())
    return embedded_database


async def test_the_same_seed_gives_the_same_rows(url: str) -> None:
    """
    And another gives others.
    """
    first, again, other = [await seeded(url, number) for number in (1, 1, 2)]

    assert first["digest"] == again["digest"]
    assert first["digest"] != other["digest"]


async def test_as_many_rows_are_written_as_were_asked_for(url: str) -> None:
    """
    But for rounding; progress is told on the way, and nothing waits to be rolled up.
    """
    found = await seeded(url, 1)

    assert 1950 <= sum(found["counts"].values()) <= 2050
    assert sorted(found["seen"]) == found["seen"]
    assert sum(found["counts"].values()) == found["seen"][-1]
    assert 0 == found["left"]
