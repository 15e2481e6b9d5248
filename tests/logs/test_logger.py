"""
The logger: what a call writes.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import Bridge, LogRecord, Pipeline, bind, hide_personal
from masterops.logs.build import build
from masterops.logs.record import decode, encode
from tests.logs.conftest import spooled


def records(pipeline: Pipeline) -> list[LogRecord]:
    return [row for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]


def only(pipeline: Pipeline) -> LogRecord:
    found = records(pipeline)
    assert 1 == len(found)
    return found[0]


def test_known_words_fill_columns_and_the_rest_are_details(pipeline: Pipeline) -> None:
    """
    A keyword that names a column fills it; any other is a detail.
    """
    log = pipeline.logger(source="integration", business="teelixir")

    log.info("orders.imported", connection="hubspot/teelixir", duration_ms=12, orders=3)

    record = only(pipeline)
    assert (
        record.source,
        record.business_id,
        record.integration_id,
    ) == ("integration", "teelixir", "hubspot/teelixir")
    assert (
        record.level,
        record.status,
        record.duration_ms,
        record.details_json,
    ) == ("info", "info", 12.0, {"orders": 3})


@pytest.mark.parametrize(
    ("level", "status", "method"),
    [
        ("debug", "info", "debug"),
        ("info", "info", "info"),
        ("info", "success", "success"),
        ("warn", "warning", "warn"),
        ("warn", "warning", "warning"),
        ("error", "error", "error"),
    ],
)
def test_each_level_has_its_status(pipeline: Pipeline, level: str, status: str, method: str) -> None:
    """
    The status follows from the level unless the caller says otherwise.
    """
    getattr(pipeline.logger(), method)("x")

    record = only(pipeline)
    assert (level, status) == (record.level, record.status)


def test_a_value_that_its_column_cannot_hold_is_a_detail(pipeline: Pipeline) -> None:
    """
    Nothing is lost and nothing raises when a keyword clashes with a column.
    """
    pipeline.logger().info("x", duration_ms="long", status="finished")

    assert {"duration_ms": "long", "status": "finished"} == only(pipeline).details_json


def test_the_threshold_can_change_while_running(pipeline: Pipeline) -> None:
    """
    Levels below it are not written; one source may have its own.
    """
    pipeline.level = "warn"
    pipeline.levels["hubspot"] = "debug"

    pipeline.logger(source="cli").info("hidden")
    pipeline.logger(source="hubspot").debug("shown")

    assert ["shown"] == [record.message for record in records(pipeline)]


def test_a_child_adds_and_the_parent_keeps_its_own(pipeline: Pipeline) -> None:
    """
    Children inherit and override; the parent is not changed.
    """
    parent = pipeline.logger(source="integration", step=1)
    child = parent.child(step=2, part="a")

    child.info("child")
    parent.info("parent")

    assert [{"step": 2, "part": "a"}, {"step": 1}] == [record.details_json for record in records(pipeline)]


async def test_context_follows_the_task_and_not_its_neighbour(pipeline: Pipeline) -> None:
    """
    What one task binds is on its own records and on nobody else's.
    """
    log = pipeline.logger()

    async def work(business: str) -> None:
        with bind(business=business):
            await asyncio.sleep(0)
            log.info(business)

    await asyncio.gather(work("teelixir"), work("red-hill-fresh"))
    log.info("outside")

    assert {record.message: record.business_id for record in records(pipeline)} == {
        "teelixir": "teelixir",
        "red-hill-fresh": "red-hill-fresh",
        "outside": None,
    }


def test_perf_measures_a_block_and_keeps_what_it_learnt(pipeline: Pipeline) -> None:
    """
    One record at the end: duration, success, the facts added on the way.
    """
    with pipeline.logger().perf("import", batch=7) as span:
        span.add(rows=3)

    record = only(pipeline)
    assert ("import", "import", "success") == (record.message, record.operation, record.status)
    assert {"batch": 7, "rows": 3} == record.details_json
    assert record.duration_ms is not None and record.duration_ms >= 0


def test_perf_writes_the_exception_and_lets_it_pass(pipeline: Pipeline) -> None:
    """
    A failed block is an error record with the whole chain, and the caller still sees the exception.
    """
    log = pipeline.logger()

    with pytest.raises(RuntimeError), log.perf("import"):
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise RuntimeError("outer") from error

    record = only(pipeline)
    assert ("error", "error") == (record.level, record.status)
    assert (
        record.details_json["error"]["type"],
        record.details_json["error"]["message"],
    ) == ("RuntimeError", "outer")
    assert "KeyError" in record.details_json["error"]["traceback"]


async def test_perf_decorates_both_kinds_of_function(pipeline: Pipeline) -> None:
    """
    Each call of a decorated function is measured, and its value comes through.
    """
    log = pipeline.logger()

    @log.perf("sync")
    def double(number: int) -> int:
        return number * 2

    @log.perf("async")
    async def triple(number: int) -> int:
        await asyncio.sleep(0)
        return number * 3

    assert (4, 9) == (double(2), await triple(3))
    assert ["sync", "async"] == [record.operation for record in records(pipeline)]


def test_perf_refuses_what_it_could_not_measure(pipeline: Pipeline) -> None:
    """
    The call of a generator ends before its work begins, so decorating one is a mistake at once.
    """

    async def numbers() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="cannot time the generator"):
        pipeline.logger().perf("x")(numbers)


def test_the_standard_library_arrives_in_the_same_place(pipeline: Pipeline) -> None:
    """
    A message of `logging` is a record with its level, its extras and its exception.
    """
    theirs = logging.Logger("their.library")
    theirs.addHandler(Bridge(pipeline.logger(source="system")))

    try:
        raise ValueError("bad")
    except ValueError:
        theirs.exception("it %s", "failed", extra={"order": 5})
    theirs.warning("broken %d format", "x")

    failed, broken = records(pipeline)
    assert ("error", "it failed", 5) == (failed.level, failed.message, failed.details_json["order"])
    assert "ValueError" == failed.details_json["error"]["type"]
    assert "broken %d format ('x',)" == broken.message


class Hostile:
    """
    An object that cannot even be shown.
    """

    def __repr__(self) -> str:
        raise RuntimeError("no")


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else "bottom"


def looped() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(math.nan, id="nan"),
        pytest.param(2**200, id="huge int"),
        pytest.param(b"\xff\x00bytes", id="bytes"),
        pytest.param("nul \x00 inside", id="nul"),
        pytest.param("lone \ud800 surrogate", id="surrogate"),
        pytest.param({1: {2, 3}}, id="keys that are no strings, and a set"),
        pytest.param(looped(), id="recursive"),
        pytest.param(deep(500), id="very deep"),
        pytest.param(Hostile(), id="an object whose repr raises"),
        pytest.param("x" * 10_000_000, id="ten megabytes"),
        pytest.param(object(), id="any object"),
    ],
)
def test_nothing_a_caller_hands_over_raises_or_is_lost(pipeline: Pipeline, value: Any) -> None:
    """
    Values that JSON does not know are written readably, as one line that can be read back.
    """
    pipeline.logger().info("odd", value=value)

    assert "value" in only(pipeline).details_json


@given(
    message=st.text(),
    details=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
        max_size=4,
    ),
)
def test_every_record_is_one_line_that_reads_back(message: str, details: dict[str, Any]) -> None:
    """
    Whatever goes in, one line comes out, without NUL, and it decodes to the same record.
    """
    line = encode(build("info", message, {"source": "test", "given": details}))

    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert b"\\u0000" not in line.replace(b"\\\\", b"")
    assert "test" == decode(line).source  # type: ignore[union-attr]  # a log record


def test_the_console_shows_one_line_and_survives_a_closed_one(tmp_path: Path) -> None:
    """
    Console output is a courtesy: when it breaks, logging goes on.
    """
    screen = (tmp_path / "screen").open("w+")
    pipeline = Pipeline(tmp_path / "spool", console="pretty", stream=screen)

    pipeline.logger(source="cli").info("first\nline", rows=2)
    screen.seek(0)
    shown = screen.read()
    screen.close()
    pipeline.logger(source="cli").info("second")

    assert 1 == shown.count("\n")
    assert "INFO  cli first line rows=2" in shown
    assert ["first\nline", "second"] == [record.message for record in records(pipeline)]


def test_a_group_of_groups_that_share_members_is_logged_at_once(pipeline: Pipeline) -> None:
    """
    A billion exceptions, if each were written as often as it stands in one: the record has the beginning.
    """
    group = ExceptionGroup("inner", [ValueError("x")] * 8)
    for depth in range(10):
        group = ExceptionGroup(f"level {depth}", [group] * 8)
    caused = RuntimeError("because")
    caused.__cause__ = group

    pipeline.logger().error("failed", error=group)
    pipeline.logger().error("failed", error=caused)

    first, second = (str(record.details_json["error"]["traceback"]) for record in records(pipeline))
    assert "more than 300" in first
    assert "ExceptionGroup: level 8" in first
    assert "RuntimeError: because" in second


def test_a_number_of_many_digits_costs_no_other_fact(pipeline: Pipeline) -> None:
    """
    Python turns no more than some thousand digits into text: it is told how large it is.
    """
    hide_personal(["card"])
    try:
        pipeline.logger().info("counted", huge=10**5_000, inside=[10**5_000], other=1)
        pipeline.logger().info("counted", huge=10**5_000, inside=[10**5_000], other=1)
    finally:
        hide_personal([])

    shown = "<int of 16610 bits>"
    assert [{"huge": shown, "inside": [shown], "other": 1}] * 2 == [
        record.details_json for record in records(pipeline)
    ]
