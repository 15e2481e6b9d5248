"""
The quick way to a record and the thorough one agree.
"""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import LogRecord, Pipeline, remember, seen
from masterops.logs.build import COLUMNS, build, merge
from masterops.logs.quick import Quick
from masterops.logs.record import decode, encode
from tests.logs.conftest import spooled

HUBSPOT = "pat-" + "na1-11111111-2222-3333-4444-555555555555"


class Text(str):
    """
    Kinds of their own, as libraries have them.
    """

    __slots__ = ()


class Whole(int):
    """
    The same of a number.
    """

    __slots__ = ()


class Real(float):
    """
    The same of a real one.
    """

    __slots__ = ()


keys = st.sampled_from(
    [
        *COLUMNS,
        "a",
        "orders",
        "token",
        "tokens",
        "error",
        "exc_info",
        "käse",
        "",
        "span_id",
        "name",
        "value",
        "to",  # a secret where they stand beside each other
    ]
)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(
        [HUBSPOT, "password=x", "success", "warning", "x" * 600, "nul \x00", "\ud800", b"\xff", ["a"]]
    )
    | st.sampled_from(["password", Text("password"), Whole(3), Real(0.5)])
    | st.sampled_from([ValueError("bad"), {"token": "x"}, (1, 2)])
)
layers = st.dictionaries(keys, values, max_size=5)


def facts(record: LogRecord) -> list[Any]:
    """
    Everything but what differs between any two records; texts for what equals nothing. Keys have no order.
    """
    return [
        repr(sorted(value.items(), key=repr)) if isinstance(value, dict) else repr(value)
        for name in record.__struct_fields__
        if name not in ("id", "created_at")
        for value in [getattr(record, name)]
    ]


@given(
    level=st.sampled_from(["debug", "info", "warn", "error"]),
    message=st.text(max_size=80) | st.integers() | st.just(HUBSPOT),
    fixed=layers,
    outer=layers,
    context=layers,
)
def test_both_ways_make_the_same_record(
    level: Any, message: Any, fixed: dict[str, Any], outer: dict[str, Any], context: dict[str, Any]
) -> None:
    """
    Whatever the logger, the task and the call say: where the quick way answers, it answers right.
    """
    quick = Quick(fixed)
    thorough = build(level, message, merge(fixed, outer, context))

    for _ in range(len({*outer, *context}) + 1):  # it learns a key a call
        made = quick.record(level, message, outer, context)

        assert made is None or facts(thorough) == facts(made)
        assert made is None or as_read(encode(thorough)) == as_read(encode(made))


@given(
    level=st.sampled_from(["debug", "info", "warn", "error"]),
    message=st.text(max_size=80) | st.just(HUBSPOT),
    fixed=layers,
    context=layers,
)
def test_a_line_that_was_no_record_first_is_the_same_line(
    level: Any, message: str, fixed: dict[str, Any], context: dict[str, Any]
) -> None:
    """
    It reads as the record's would, but for the id and the time; or there is none, and a record is made.
    """
    quick = Quick(fixed)
    thorough = build(level, message, merge(fixed, context))

    for _ in range(len(context) + 1):
        quick.record(level, message, {}, context)
        line = quick.line(level, message, context)

        assert line is None or as_read(encode(thorough)) == as_read(line)


@pytest.mark.parametrize("told", ["value", "to", "content", "new"])
def test_a_secret_of_which_a_key_beside_it_tells_is_hidden_every_time(pipeline: Pipeline, told: str) -> None:
    """
    Also where the one is said by the logger and the other by the call, and both were harmless before.
    """
    for _ in range(3):
        pipeline.logger().info("x", name="size", **{told: "hunter2"})
    for fixed, context in [
        ({told: "hunter2"}, {"name": "password"}),
        ({"name": "password"}, {told: "hunter2"}),
    ]:
        log = pipeline.logger(**fixed)
        for _ in range(4):
            log.info("x", **context)

    shown = [row.details_json[told] for row in spooled(pipeline.folder)]  # type: ignore[union-attr]
    assert ["hunter2"] * 3 + ["***"] * 8 == shown


def as_read(line: bytes) -> Any:
    """A line as a reader has it, but for id and time."""
    assert line.endswith(b"}\n")
    return {key: value for key, value in json.loads(line).items() if key not in ("id", "created_at")} | {
        "details_json": json.loads(line).get("details_json", {})
    }


def test_the_most_usual_is_a_line_from_the_second_time_on() -> None:
    """
    A message with plain facts; not one with a column, a secret, a list or something that may be either.
    """
    quick = Quick({"source": "test", "business": "teelixir", "step": 1})
    plain = {"a": 1, "b": "two", "c": 3.0, "e": True}
    for _ in range(6):
        quick.record("info", "x", {}, {**plain, "f": "harmless"})

    def line(**more: object) -> bytes | None:
        return quick.line("info", "x", {**plain, **more})

    made = line()
    assert made is not None
    record = decode(made)
    assert isinstance(record, LogRecord)
    assert ("test", "teelixir", "x", {"step": 1, **plain}) == (
        record.source,
        record.business_id,
        record.message,
        record.details_json,
    )
    assert 7 == record.id.version
    assert None is line(f=["list"]) is line(f=HUBSPOT) is line(f=None) is line(f=float("nan"))
    assert None is line(f="nul \x00") is line(f="\ud800") is line(operation="y") is line(token="z")
    assert None is quick.line("info", HUBSPOT, plain)


def test_a_line_is_shown_and_exported_like_a_record(tmp_path: Path) -> None:
    """
    Who looks at the console or at an export sees each record once, however it was written.
    """
    stream = io.StringIO()
    pipeline = Pipeline(tmp_path / "spool", console="json", stream=stream)
    log = pipeline.logger(source="test")

    for number in range(5):
        log.info("imported", orders=number)
    pipeline.close()

    shown = [json.loads(line)["details_json"]["orders"] for line in stream.getvalue().splitlines()]
    assert [0, 1, 2, 3, 4] == shown == [row.details_json["orders"] for row in spooled(pipeline.folder)]  # type: ignore[union-attr]


def test_what_is_usual_goes_the_quick_way() -> None:
    """
    Plain values under known keys need no second look, columns among them.
    """
    quick = Quick({"source": "test", "business": "teelixir", "step": 1})
    context = {"a": 1, "b": "two", "c": 3.0, "d": None, "e": True, "duration_ms": 5, "status": "success"}

    made = [quick.record("info", "x", {"trace_id": "t"}, context) for _ in range(7)]

    record = made[-1]
    assert record is not None
    assert ("test", "teelixir", "t", 5.0, "success") == (
        record.source,
        record.business_id,
        record.trace_id,
        record.duration_ms,
        record.status,
    )
    assert {"step": 1, "a": 1, "b": "two", "c": 3.0, "e": True} == record.details_json


def test_a_secret_that_becomes_known_later_is_hidden_from_then_on(pipeline: Pipeline) -> None:
    """
    What was found harmless is looked at again, in messages, values, keys and the logger's own fields.
    """
    log = pipeline.logger(source="test", fixed="innocent7")
    for _ in range(3):
        log.info("innocent7", value="innocent7", innocent7=1)

    remember(["innocent7"])
    log.info("innocent7", value="innocent7", innocent7=1)

    *before, after = spooled(pipeline.folder)
    assert all("innocent7" == row.message for row in before if isinstance(row, LogRecord))
    assert b"innocent7" not in encode(after)


def test_what_a_logger_always_says_may_change(pipeline: Pipeline) -> None:
    """
    A list among a logger's fields is written as it is at the call, not as it was.
    """
    steps = ["a"]
    log = pipeline.logger(source="test", steps=steps)

    log.info("x")
    steps.append("b")
    log.info("x")

    assert [["a"], ["a", "b"]] == [row.details_json["steps"] for row in spooled(pipeline.folder)]  # type: ignore[union-attr]


def test_what_is_remembered_is_bounded() -> None:
    """
    A program that never says the same twice fills no memory.
    """
    known: set[str] = set()

    for number in range(3 * seen.MOST):
        seen.keep(known, f"text {number}")
    seen.keep(known, "x" * 1_000)

    assert 0 < len(known) <= seen.MOST
    assert "x" * 1_000 not in known


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * 10_000_000, id="letters"),
        pytest.param("token=" * 1_600_000, id="names of secrets"),
        pytest.param("ä " * 5_000_000, id="not ASCII"),
        pytest.param(b"\xff" * 10_000_000, id="bytes"),
        pytest.param([0] * 5_000_000, id="list"),
        pytest.param(dict.fromkeys(range(1_000_000), "x"), id="mapping"),
    ],
)
def test_a_huge_value_is_cut_before_it_costs_time(pipeline: Pipeline, value: Any) -> None:
    """
    Ten megabytes take less than 50 ms of the processor, and the record says how much is missing.
    """
    log = pipeline.logger(source="test")
    took = []
    for _ in range(3):  # the best of three, because others may be using the processor's caches
        started = time.process_time()
        log.info("huge", value=value)
        took.append(time.process_time() - started)

    line = spooled(pipeline.folder)[-1]
    assert min(took) < 0.05
    assert "cut]" in str(line.details_json["value"])[-40:]  # type: ignore[union-attr]
    assert len(encode(line)) < 300_000


def test_a_huge_message_is_cut_before_it_costs_time(pipeline: Pipeline) -> None:
    """
    The same for the message and for a column.
    """
    log = pipeline.logger(source="test")
    started = time.process_time()

    log.info("x " * 5_000_000, operation="y " * 5_000_000)

    (record,) = spooled(pipeline.folder)
    assert time.process_time() - started < 0.2
    assert record.message.endswith("characters cut]")  # type: ignore[union-attr]
    assert record.operation.endswith("characters cut]")  # type: ignore[union-attr]


@pytest.mark.parametrize("place", [65_400, 65_500, 65_530, 73_000, 81_900])
def test_a_secret_across_the_cut_is_not_shown_in_part(place: int) -> None:
    """
    Wherever in a long text it stands, not even its beginning is written.
    """
    text = "y " * (place // 2) + HUBSPOT + " y" * 50_000

    line = encode(build("info", "x", {"value": text}))

    assert b"pat-" not in line


def test_many_long_values_together_are_cut_too(tmp_path: Path) -> None:
    """
    A record is never longer than a megabyte, and each of its details is there with its beginning.
    """
    record = build("info", "x", {f"part {number}": f"{number} " * 30_000 for number in range(40)})

    line = encode(record)

    shown = decode(line).details_json  # type: ignore[union-attr]
    assert len(line) < 1_048_576
    assert all(shown[f"part {number}"].startswith(f"{number} {number}") for number in range(40))
    assert "are too many" in shown["log_error"]


def test_a_long_traceback_keeps_both_ends(pipeline: Pipeline) -> None:
    """
    What happened stands at the end of it, where it began at the beginning.
    """

    def fail(depth: int) -> None:
        if depth:
            try:
                fail(depth - 1)
            except ValueError as error:
                raise ValueError("x" * 500) from error
        raise ValueError("the first of all")

    try:
        fail(150)
    except ValueError:
        pipeline.logger().exception("failed")

    (record,) = spooled(pipeline.folder)
    text = record.details_json["error"]["traceback"]  # type: ignore[union-attr]
    assert len(text) <= 65_536
    assert "the first of all" in text
    assert text.endswith("x" * 500 + "\n")
