"""
Reading and following log records.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool
from masterops.logs import Pipeline, ship_once
from masterops.logs.record import LogRecord, encode
from masterops.reports import (
    LogFilter,
    LogRow,
    follow_logs,
    hidden,
    read_around,
    read_logs,
    read_trace,
)
from masterops.reports.log_filter import pattern_of


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


async def ship(pool: Pool, pipeline: Pipeline) -> None:
    await ship_once(pipeline.folder, LogStore(pool))


async def found(pool: Pool, **filters: Any) -> list[str]:
    return [row.message for row in await read_logs(pool, LogFilter(**filters), limit=100)]


HARD = [
    "order-1042",
    "1042",
    "50%",
    "a_b",
    "a.b",
    r"C:\new",
    'say "hi"',
    "[x]",
    "tab\there",
    "Ünïcode",
    "日本",
    "(",
    "^$",
]


@pytest.mark.parametrize("text", HARD)
async def test_search_finds_a_text_as_it_stands(pool: Pool, pipeline: Pipeline, text: str) -> None:
    """
    In the message or deep in the details, in upper or lower case; a part is enough and nothing is a pattern.
    """
    pipeline.logger().info(f"m <{text}>")
    pipeline.logger().info("details", deep={"list": [f"<{text.swapcase()}>"]})
    for other in HARD:
        if text.lower() not in other.lower():
            pipeline.logger().info(f"other {other}", other=other)
    await ship(pool, pipeline)

    assert [f"m <{text}>", "details"] == await found(pool, search=text)
    assert [] == await found(pool, search=f"{text}-")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_a_pattern_of_search_means_nothing_but_its_letters(text: str) -> None:
    """
    Each is itself, in either case, or is escaped.
    """
    pattern = pattern_of(text)

    assert re.fullmatch(pattern, text)
    assert all(
        re.fullmatch(pattern_of(letter), letter.lower()) for letter in text if len(letter.lower()) == 1
    )
    assert not re.fullmatch(pattern, f"{text}x")


async def test_each_filter_holds(pool: Pool, pipeline: Pipeline) -> None:
    """
    Connection, operation, trace and the span of time, alone and together.
    """
    start = clock.now()
    log = pipeline.logger(source="hubspot", business="teelixir", connection="hubspot/teelixir")
    log.info("one", operation="contacts.get", trace_id="t1")
    log.error("two", operation="deals.get", trace_id="t2")
    pipeline.logger().info("three")
    await ship(pool, pipeline)
    (two,) = [row for row in await read_logs(pool, LogFilter(), limit=9) if row.message == "two"]

    assert ["one", "two"] == await found(pool, connection="hubspot/teelixir")
    assert ["one"] == await found(pool, operation="contacts.get")
    assert ["two"] == await found(pool, trace="t2", level="warn")
    assert ["one"] == await found(pool, since=start, until=two.created_at)
    assert ["two", "three"] == await found(pool, since=two.created_at)


async def test_what_each_filter_hides_is_counted(pool: Pool, pipeline: Pipeline) -> None:
    """
    With all the others left on.
    """
    for number in range(7):
        pipeline.logger(business="teelixir" if number < 3 else None).info(str(number))
    pipeline.logger().error("bad")
    await ship(pool, pipeline)
    wanted = LogFilter(level="error", business="teelixir", since=clock.now() - timedelta(hours=1))

    told = await hidden(pool, wanted)

    assert [("level", 3), ("business", 1), ("since", 0)] == [(each.filter, each.records) for each in told]
    assert [] == await hidden(pool, LogFilter())


async def test_counting_what_is_hidden_has_an_end(pool: Pool) -> None:
    """
    Ten thousand are enough to know; what takes longer than a moment is not counted.
    """
    await pool.fetch(
        "INSERT INTO integration_logs (source, message) SELECT 'x', repeat('y', 1000)"
        " FROM generate_series(1, 10001)"
    )
    (many,) = await hidden(pool, LogFilter(level="error"))
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(b"LOCK TABLE integration_logs IN ACCESS EXCLUSIVE MODE")
        begin = time.monotonic()
        (unknown,) = await hidden(pool, LogFilter(level="error"))
        took = time.monotonic() - begin

    assert (10_000, True) == (many.records, many.more)
    assert unknown.records is None
    assert took < 15


async def test_around_a_record_are_its_neighbours_in_time(pool: Pool, pipeline: Pipeline) -> None:
    """
    Half before and half after, those that pass the filters; the record itself in any case.
    """
    for number in range(9):
        pipeline.logger(source="odd" if number % 2 else "even").info(str(number))
    await ship(pool, pipeline)
    rows = await read_logs(pool, LogFilter(), limit=9)
    middle = UUID(rows[4].id)

    near = await read_around(pool, middle, LogFilter(), limit=4)
    odd = await read_around(pool, middle, LogFilter(source="odd"), limit=4)
    first = await read_around(pool, UUID(rows[0].id), LogFilter(), limit=2)

    assert ["2", "3", "4", "5", "6"] == [row.message for row in near]
    assert ["1", "3", "4", "5", "7"] == [row.message for row in odd]
    assert ["0", "1"] == [row.message for row in first]


@pytest.mark.parametrize(
    "id", [UUID(int=7), uuid4(), UUID("ffffffff-ffff-7fff-8fff-ffffffffffff")], ids=["zero", "random", "far"]
)
async def test_a_record_is_found_by_any_id(pool: Pool, id: UUID) -> None:
    """
    Also by one that does not tell when it was made; one that is not there is a mistake of the user's.
    """
    with pytest.raises(errors.UnknownName, match="log record"):
        await read_around(pool, id, LogFilter(), limit=2)

    await pool.fetch("INSERT INTO integration_logs (id, source, message) VALUES (%s, 'x', 'it')", [id])
    (row,) = await read_around(pool, id, LogFilter(), limit=2)

    assert "it" == row.message


async def test_a_trace_is_read_from_its_beginning(pool: Pool, pipeline: Pipeline) -> None:
    """
    The oldest are kept when there are more than wanted.
    """
    for number in range(5):
        pipeline.logger().info(str(number), trace_id="t")
    await ship(pool, pipeline)

    assert ["0", "1"] == [row.message for row in await read_trace(pool, LogFilter(trace="t"), limit=2)]
