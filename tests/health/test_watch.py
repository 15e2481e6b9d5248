"""
The checks in their time: real pages, a real database, one process of two.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from masterops.config import Check
from masterops.core.conditions import Condition
from masterops.db import Pool
from masterops.health import Care, Rule, Watch
from masterops.health.watch import LEASE
from masterops.logs import Pipeline

# However busy the machine is that this runs on.
CARE = Care(Rule(seconds=0.05), longest_lag=600)
ANSWER = b"HTTP/1.1 %d OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Shop:
    """
    A page with a status that can be changed, and how often it was asked for.
    """

    def __init__(self) -> None:
        self.status = 200
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            writer.write(ANSWER % self.status)
            await writer.drain()
        writer.close()


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        yield made


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool")


def page(name: str, url: str, **more: Any) -> Check:
    values = {"url": url, "method": "get", "headers": None, "body": None, "redirects": 5}
    return Check(name, "http", every=1.0, timeout=10.0, values=values, **more)


def watch(pool: Pool, pipeline: Pipeline, *checks: Check) -> Watch:
    return Watch(checks, pool, pipeline.logger(), CARE)


@contextlib.asynccontextmanager
async def running(*watches: Watch) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(each.run(stop)) for each in watches]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def rows(pool: Pool, statement: str) -> list[dict[str, Any]]:
    return await pool.fetch(statement.encode())  # type: ignore[arg-type]


async def until(
    pool: Pool, statement: str, holds: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while True:
            found = await rows(pool, statement)
            if holds(found):
                return found
            await asyncio.sleep(0.05)


STATES = "SELECT integration_id, state, error_message, error_category FROM ops.health_state ORDER BY 1"


async def test_a_page_that_fails_is_down_and_comes_up_again(
    pool: Pool, pipeline: Pipeline, shop: Shop
) -> None:
    """
    Each change is a flip with its reason and an incident that opens and closes.
    """
    async with running(watch(pool, pipeline, page("shop", shop.url))):
        await until(pool, STATES, lambda found: [each["state"] for each in found] == ["up"])
        shop.status = 503
        down = await until(pool, STATES, lambda found: found[0]["state"] == "down")
        opened = await until(pool, "SELECT title, closed_at FROM incidents", bool)
        shop.status = 200
        await until(pool, STATES, lambda found: found[0]["state"] == "up")
        await until(pool, "SELECT 1 FROM incidents WHERE closed_at IS NULL", lambda found: not found)

    assert "expected status < 400, found 503" == down[0]["error_message"]
    assert [{"title": "check/shop is down", "closed_at": None}] == opened
    flips = await rows(pool, "SELECT from_state, to_state FROM health_flips ORDER BY flipped_at, id")
    assert [(None, "up"), ("up", "down"), ("down", "up")] == [tuple(each.values()) for each in flips]


async def test_each_kind_of_trouble_is_told_by_its_state_and_reason(
    pool: Pool, pipeline: Pipeline, shop: Shop
) -> None:
    """
    A question to the database, a port that is closed, a condition that only degrades; none stops the others.
    """
    slow = Condition("latency_ms", "<", 0, "degraded")
    checks = (
        page("a-slow", shop.url, conditions=(slow,)),
        Check("b-port", "tcp", every=1.0, values={"host": "127.0.0.1", "port": 1}),
        Check(
            "c-sql", "sql", every=1.0, values={"query": "SELECT 7"}, conditions=(Condition("value", ">", 9),)
        ),
        Check("d-bad-sql", "sql", every=1.0, values={"query": "DROP TABLE public.tasks"}),
        Check("e-two", "sql", every=1.0, values={"query": "SELECT true; SELECT true"}),
        Check("f-late", "sql", every=1.0, timeout=1.0, values={"query": "SELECT pg_sleep(60) IS NULL"}),
        Check("g-well", "sql", every=1.0, values={"query": "SELECT count(*) = 0 FROM public.tasks"}),
    )
    async with running(watch(pool, pipeline, *checks)):
        found = await until(pool, STATES, lambda found: len(found) == len(checks))

    assert ["degraded", "down", "down", "unknown", "unknown", "unknown", "up"] == [
        each["state"] for each in found
    ]
    assert "expected value > 9, found 7" == found[2]["error_message"]
    assert "read-only transaction" in found[3]["error_message"]
    assert "it took longer than 1 s" in found[5]["error_message"]


async def test_only_one_of_two_processes_looks_and_the_other_takes_over(
    pool: Pool, pipeline: Pipeline, shop: Shop
) -> None:
    """
    The lease goes with an orderly end at once.
    """
    first, second = (watch(pool, pipeline, page("shop", shop.url)) for _ in range(2))
    async with running(second):
        async with running(first):
            await until(pool, "SELECT id FROM health_checks", lambda found: len(found) >= 3)
            assert 0 in (first.looks, second.looks)
            mine = "SELECT holder FROM ops.leases"
            held = (await rows(pool, mine))[0]["holder"]
        if held == first._holder:
            await until(pool, mine, lambda found: found[0]["holder"] == second._holder)

    assert LEASE == (await rows(pool, "SELECT name FROM ops.leases"))[0]["name"]


async def test_a_check_that_takes_longer_than_its_interval_is_not_looked_at_twice(
    pool: Pool, pipeline: Pipeline
) -> None:
    """
    Its slots meanwhile are missed, and counted.
    """
    asked = 0

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    found = watch(pool, pipeline, page("silent", url))
    async with server, running(found), asyncio.timeout(30):
        while found.missed < 2:  # noqa: ASYNC110 - a number, which is no event
            await asyncio.sleep(0.05)

    assert 1 == asked


async def test_a_watch_without_checks_ends_at_once(pool: Pool, pipeline: Pipeline) -> None:
    """
    It holds no lease either.
    """
    await watch(pool, pipeline).run(asyncio.Event())

    assert [] == await rows(pool, "SELECT * FROM ops.leases")
