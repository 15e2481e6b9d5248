"""
A look at every heartbeat, with the database: what is recorded, and what a person is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from masterops.config import Heartbeat, Secret
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import Ping, PingStore, Pool
from masterops.heartbeats import Ingest, Intake, add, declare, look, pause, remove, standing, standings
from masterops.heartbeats.tokens import digest
from masterops.logs import Batch, Pipeline, Policy
from masterops.reports import attention

HOUR = timedelta(hours=1)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Pipeline]:
    pipeline = Pipeline(tmp_path / "spool")
    yield pipeline
    pipeline.close()


async def listens(
    pool: Pool, *, until_ago: timedelta = timedelta(), since_ago: timedelta = 24 * HOUR
) -> None:
    await pool.fetch("DELETE FROM ops.heartbeat_ingests")
    await pool.fetch(
        "INSERT INTO ops.heartbeat_ingests (name, listening_since, complete_until) VALUES ('a', now() - %s, now() - %s)",
        [since_ago, until_ago],
    )


async def made(
    pool: Pool, name: str = "nightly", *, ago: timedelta = 10 * HOUR, business: str = "teelixir"
) -> UUID:
    await add(pool, Heartbeat(name=name, business=business, every="1h", grace="10m"))
    rows = await pool.fetch(
        "UPDATE ops.heartbeats SET watched_since = now() - %s WHERE name = %s RETURNING id", [ago, name]
    )
    found: UUID = rows[0]["id"]
    return found


async def ping(pool: Pool, heartbeat: UUID, *, ago: timedelta = timedelta(), segment: str = "s") -> None:
    row = Ping(id=uuid7(), heartbeat=heartbeat, at=clock.now() - ago, business="teelixir")
    await PingStore(pool).store(Batch(f"{segment}-{row.id}", 0, 10, (row,), ()))


async def test_a_missing_one_is_down_needs_attention_and_is_up_again_after_a_ping(
    pool: Pool, log: Pipeline
) -> None:
    """
    Its business is told why; another business is not; the flips are logged once each.
    """
    for slug in ("teelixir", "red-hill-fresh"):
        await pool.fetch("SELECT ops.upsert_business(%s, %s, 'x')", [slug, slug.title()])
    heartbeat = await made(pool)
    await ping(pool, heartbeat, ago=5 * HOUR)
    await listens(pool)

    first = [await look(pool, log.logger()), await look(pool, log.logger())]
    needing = await attention(pool)
    await ping(pool, heartbeat)
    second = await look(pool, log.logger())

    assert [{"down": 1}, {"down": 1}] == first
    assert [("teelixir", "critical")] == [(each.business_slug, each.severity) for each in needing]
    (reason,) = needing[0].reasons
    assert ("check_down", "heartbeat/nightly: heartbeat") == (reason.kind, reason.what)
    assert "no ping for 4 h after it was due" in str(reason.detail)
    assert {"up": 1} == second
    assert [] == await attention(pool)
    flips = await pool.fetch("SELECT from_state, to_state FROM health_flips ORDER BY id")
    assert [(None, "down"), ("down", "up")] == [(each["from_state"], each["to_state"]) for each in flips]
    found = await standing(pool, "nightly")
    assert found.due_at is not None and found.missing_at == found.due_at + timedelta(minutes=10)


async def test_it_is_not_down_while_pings_are_not_stored_or_nobody_listens(pool: Pool, log: Pipeline) -> None:
    """
    First nobody listens at all; then somebody has stored what came up to half past.
    """
    heartbeat = await made(pool)
    await ping(pool, heartbeat, ago=5 * HOUR)

    nobody = await look(pool, log.logger())
    await listens(pool, until_ago=3.9 * HOUR)
    behind = await look(pool, log.logger())
    await listens(pool, since_ago=timedelta(minutes=5))
    back = await look(pool, log.logger())

    assert [{"unknown": 1}, {"late": 1}, {"unknown": 1}] == [nobody, behind, back]


async def test_what_is_removed_or_paused_stands_no_more(pool: Pool, log: Pipeline) -> None:
    """
    Nothing of it is left among the states; a paused one is unknown.
    """
    await made(pool, "gone")
    await made(pool, "resting")
    await listens(pool)
    await look(pool, log.logger())

    await remove(pool, "gone")
    await pause(pool, "resting")
    counts = await look(pool, log.logger())

    assert {"unknown": 1} == counts
    states = await pool.fetch("SELECT integration_id, error_message FROM ops.health_state")
    assert [("heartbeat/resting", "paused")] == [
        (each["integration_id"], each["error_message"]) for each in states
    ]


async def test_a_ping_from_the_future_counts_from_now(pool: Pool, log: Pipeline) -> None:
    """
    A clock that ran ahead by a day must not keep a dead job alive for a day.
    """
    heartbeat = await made(pool)
    before = clock.now()
    await ping(pool, heartbeat, ago=-24 * HOUR)

    found = await standing(pool, "nightly")

    assert found.last_success_at is not None
    assert before - timedelta(seconds=1) <= found.last_success_at <= clock.now()


async def test_the_configuration_gives_tokens_and_takes_heartbeats_back(pool: Pool) -> None:
    """
    By their hashes; what the file no longer declares is gone.
    """
    token = Secret("a-secret-of-enough-letters")
    await declare(pool, [Heartbeat(name="a", business="group", every="1h", token=token)])
    hashes = await pool.fetch("SELECT token_sha256 FROM ops_secrets.heartbeat_tokens")

    await declare(pool, [Heartbeat(name="b", business="teelixir", cron="0 0 * * *")])

    assert [digest(token.reveal())] == [bytes(each["token_sha256"]) for each in hashes]
    assert ["b"] == [each.name for each in await standings(pool)]
    assert [] == await pool.fetch("SELECT 1 FROM ops_secrets.heartbeat_tokens")


async def test_whoever_comes_back_says_how_long_nobody_listened(
    pool: Pool, log: Pipeline, tmp_path: Path
) -> None:
    """
    After a stop in order, and not when another process of the same folder joins.
    """

    async def nothing(wanted: dict[str, int]) -> int:
        return 0

    first = Ingest(tmp_path, pool, nothing, log.logger())
    await run_once(first)
    await first.leave()
    (left,) = await pool.fetch("SELECT * FROM ops.heartbeat_ingests")
    await run_once(first)
    (back,) = await pool.fetch("SELECT * FROM ops.heartbeat_ingests")
    await run_once(Ingest(tmp_path, pool, nothing, log.logger()))
    (joined,) = await pool.fetch("SELECT * FROM ops.heartbeat_ingests")

    assert left["left_at"] is not None
    assert back["left_at"] is None
    assert left["complete_until"] == back["silent_since"] <= back["listening_since"]
    assert back["listening_since"] == joined["listening_since"]


async def run_once(ingest: Ingest) -> None:
    stop = asyncio.Event()
    following = asyncio.create_task(ingest.follow(clock.now(), stop))
    await asyncio.sleep(0)  # its first round is begun, and will be ended
    stop.set()
    await following


@pytest.mark.parametrize("durability", ["process", "fsync"])
async def test_many_pings_at_once_are_all_kept_whole(tmp_path: Path, durability: str) -> None:
    """
    With fsync those that come together share a sync; each line stands by itself.
    """
    intake = Intake(tmp_path, Policy(durability="fsync" if durability == "fsync" else "process"))

    kept = await asyncio.gather(*(intake.keep(b"%d\n" % number) for number in range(600)))
    intake.close()

    lines = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.jsonl"))).split()
    assert [True] * 600 == kept
    assert sorted(b"%d" % number for number in range(600)) == sorted(lines)


async def test_a_ping_for_which_there_is_no_room_is_not_said_to_be_kept(tmp_path: Path) -> None:
    """
    The spool is bounded: what does not fit is refused, not lost.
    """
    intake = Intake(tmp_path, Policy(most_bytes=4096))

    kept = [await intake.keep(b"x" * 1000 + b"\n") for _ in range(10)]

    assert kept[0]
    assert not kept[-1]
