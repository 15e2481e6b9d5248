"""
The logger never raises into the application, whatever it is given.
"""

from __future__ import annotations

import asyncio
import logging
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops.errors import BadValue
from masterops.logs import Bridge, Logger, LogRecord, Pipeline
from masterops.logs.record import decode, encode
from tests.logs.conftest import spooled

PARAMETERS = [
    "self", "message", "level", "name", "context", "fields", "emitter", "error", "exc_info", "outcome",
    "status", "duration_ms", "source", "operation", "business", "args", "kwargs", "details_json", "id",
    "created_at",
]  # fmt: skip


class Silent:
    """
    An object that cannot be shown in any way, nor hashed, nor compared.
    """

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    def __bool__(self) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]  # on purpose


class Key:
    """
    A key of a mapping that cannot be shown.
    """

    def __str__(self) -> str:
        raise RuntimeError("no")


class Torn(Mapping[str, object]):
    """
    A mapping that breaks when it is read.
    """

    def __getitem__(self, key: str) -> object:
        raise RuntimeError("no")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 1


class Mute(Exception):
    """
    An exception whose text and code cannot be read.
    """

    def __str__(self) -> str:
        raise RuntimeError("no")

    @property
    def code(self) -> str:
        raise RuntimeError("no")


class Liar:
    """
    An object that breaks when it is asked for its class.
    """

    @property
    def __class__(self) -> type:  # type: ignore[override]  # on purpose
        raise RuntimeError("no")


# Made inside the test, because Hypothesis itself would stumble over them.
HOSTILE: dict[str, Callable[[], object]] = {
    "silent": Silent,
    "silent inside": lambda: [Silent()],
    "silent key": lambda: {Key(): 1},
    "torn": Torn,
    "mute": lambda: Mute("x"),
    "liar": Liar,
    "huge": lambda: 2**300,
    "not a number": lambda: float("nan"),
    "nul": lambda: b"\x00",
    "surrogate": lambda: "\ud800",
}
anything = (
    st.sampled_from(list(HOSTILE)) | st.text() | st.integers() | st.floats() | st.none() | st.booleans()
)
keys = st.sampled_from(PARAMETERS) | st.text(max_size=8)


def made(drawn: Any) -> Any:
    """What a drawn word stands for; anything else stands for itself."""
    return HOSTILE[drawn]() if isinstance(drawn, str) and drawn in HOSTILE else drawn


def all_made(drawn: dict[str, Any]) -> dict[str, Any]:
    return {key: made(value) for key, value in drawn.items()}


class Kept:
    """
    An emitter that keeps the line of each record.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def emit(self, record: LogRecord) -> None:
        self.lines.append(encode(record))


def only(pipeline: Pipeline) -> LogRecord:
    (record,) = spooled(pipeline.folder)
    assert isinstance(record, LogRecord)
    return record


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    message=anything,
    context=st.dictionaries(keys, anything, max_size=5),
    call=st.sampled_from(["debug", "info", "success", "warn", "warning", "error", "exception", "log"]),
)
def test_any_keyword_and_any_value_is_one_line(message: Any, context: dict[str, Any], call: str) -> None:
    """
    Every method takes every keyword, its own parameters' names among them.
    """
    kept = Kept()
    context = all_made(context)
    log = Logger(kept, **context).child(**context)

    first = ("info",) if call == "log" else ()
    getattr(log, call)(*first, made(message), **context)

    (line,) = kept.lines
    assert 1 == line.count(b"\n")
    assert isinstance(decode(line), LogRecord)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    context=st.dictionaries(keys, anything, max_size=4),
    learnt=st.dictionaries(keys, anything, max_size=4),
    raised=st.sampled_from([None, ValueError, Mute, asyncio.CancelledError]),
)
def test_perf_never_hides_what_happened_inside(
    context: dict[str, Any], learnt: dict[str, Any], raised: type[BaseException] | None
) -> None:
    """
    The exception that leaves the block is the one that was raised in it, and one line tells of it.
    """
    kept = Kept()
    inside, seen = raised("real") if raised else None, None

    try:
        with Logger(kept).perf("job", **all_made(context)) as span:
            span.add(**all_made(learnt))
            if inside is not None:
                raise inside
    except BaseException as error:
        seen = error

    assert seen is inside
    assert 1 == len(kept.lines)


def test_perf_keeps_a_fact_that_has_the_name_of_one_of_its_own(pipeline: Pipeline) -> None:
    """
    The exception takes the place of `error`; what the caller had put there stands beside it.
    """
    with pytest.raises(ValueError, match="real"), pipeline.logger().perf("job") as span:
        span.add(error="bad")
        raise ValueError("real")

    details = only(pipeline).details_json
    assert ("real", "bad") == (details["error"]["message"], details["given_error"])


def test_perf_says_cancelled_though_the_caller_had_another_outcome(pipeline: Pipeline) -> None:
    """
    Neither of the two words is lost.
    """
    with pytest.raises(asyncio.CancelledError), pipeline.logger().perf("job", outcome="half"):
        raise asyncio.CancelledError

    details = only(pipeline).details_json
    assert ("cancelled", "half") == (details["outcome"], details["given_outcome"])


def test_names_of_parameters_are_details_like_any_other(pipeline: Pipeline) -> None:
    """
    `message` and `level` as keywords are facts of the caller.
    """
    pipeline.logger(self=1, emitter=2).info("x", message="y", level=3)

    record = only(pipeline)
    assert "x" == record.message
    assert {"self": 1, "emitter": 2, "message": "y", "level": 3} == record.details_json


def test_an_extra_of_the_standard_library_may_have_any_name(pipeline: Pipeline) -> None:
    """
    `extra={"level": 3}` is a detail, and so is a key that is no string.
    """
    theirs = logging.Logger("their.library")
    theirs.addHandler(Bridge(pipeline.logger()))

    theirs.warning("x", extra={"level": 3, "self": 4, 5: "five"})  # type: ignore[dict-item]  # on purpose

    details = only(pipeline).details_json
    assert (3, 4, "five") == (details["level"], details["self"], details["5"])


def test_a_message_of_the_standard_library_that_cannot_be_shown_is_still_a_record(pipeline: Pipeline) -> None:
    """
    Neither a broken argument nor a broken message raises out of `logging`.
    """
    theirs = logging.Logger("their.library")
    theirs.addHandler(Bridge(pipeline.logger()))

    theirs.warning("%s", Silent())
    theirs.warning(Silent())

    assert 2 == len(spooled(pipeline.folder))


def test_a_level_that_does_not_exist_is_written_as_an_error(pipeline: Pipeline) -> None:
    """
    A wrong word for the level loses neither the record nor its facts nor the word.
    """
    pipeline.logger().log("fatal", "x", order=5)  # type: ignore[arg-type]  # on purpose

    record = only(pipeline)
    assert ("error", {"order": 5, "given_level": "fatal"}) == (record.level, record.details_json)


@pytest.mark.parametrize(
    "value", [pytest.param(Torn(), id="torn mapping"), pytest.param(Liar(), id="no class")]
)
def test_what_cannot_be_looked_into_costs_no_other_fact(pipeline: Pipeline, value: object) -> None:
    """
    Its type and what it raised stand in its place, however deep it lies.
    """
    pipeline.logger().warn("import.odd", value=value, orders=3, rows=[{"row": value, "line": 7}])

    shown = f"<{type(value).__name__}: it raised RuntimeError>"
    record = only(pipeline)
    assert ("import.odd", "warn") == (record.message, record.level)
    assert {"value": shown, "orders": 3, "rows": [{"row": shown, "line": 7}]} == record.details_json


def test_a_secret_that_cannot_be_looked_into_is_hidden(pipeline: Pipeline) -> None:
    """
    Under its name, and where it is told by the key beside it; the facts around it stay.
    """
    pipeline.logger().info("login", password=Liar(), field="token", value=Liar(), pair=["token", Liar()], n=3)

    liar = "<Liar: it raised RuntimeError>"
    assert {"password": "***", "field": "token", "value": "***", "pair": ["token", liar], "n": 3} == only(
        pipeline
    ).details_json


def test_a_mapping_that_another_thread_changes_is_shown_all_the_same(pipeline: Pipeline) -> None:
    """
    As it was at some moment; the record keeps its facts.
    """

    class Changing:
        def __repr__(self) -> str:
            shared[len(shared)] = "new"  # as another thread would, between two items
            return "changing"

    shared: dict[int, object] = {0: Changing(), 1: "old"}
    pipeline.logger().info("import.state", shared=shared, orders=3)

    details = only(pipeline).details_json
    assert 3 == details["orders"]
    assert ("changing", "old") == (details["shared"]["0"], details["shared"]["1"])


class Lying(dict[str, object]):
    """
    A dictionary that shows less than is in it.
    """

    def items(self) -> Any:
        return {"a": 1}.items()


class Unreadable(Mapping[str, object]):
    """
    A mapping that cannot be gone through.
    """

    def __getitem__(self, *key: object) -> Any:
        raise RuntimeError("no")

    __iter__ = __len__ = __getitem__


@pytest.mark.parametrize(
    ("context", "details"),
    [
        pytest.param(MappingProxyType({"a": 1}), {"a": 1}, id="read-only"),
        pytest.param(ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}, id="several"),
        pytest.param(Lying(a=1, b="password=hunter2"), {"a": 1, "b": "password=***"}, id="lying"),
        pytest.param(Unreadable(), {"context": "<Unreadable: it raised RuntimeError>"}, id="unreadable"),
        pytest.param({1: 2, None: 3, b"k": 4}, {"1": 2, "None": 3, "k": 4}, id="keys that are no texts"),
        pytest.param(None, {}, id="none"),
        pytest.param("a=1", {"context": "a=1"}, id="text"),
    ],
)
def test_facts_may_be_any_mapping_and_even_none(
    pipeline: Pipeline, context: Any, details: dict[str, object]
) -> None:
    """
    The first time, and when everything in them was seen before.
    """
    log = pipeline.logger()

    for _ in range(4):
        log.write("info", "x", context)

    assert [details] * 4 == [row.details_json for row in spooled(pipeline.folder)]  # type: ignore[union-attr]


class Text(str):
    """
    A text of a kind of its own, which shows itself as that kind.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return self


class Real(float):
    """
    As numpy has it: a number whose text is no number.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Real({float(self)})"


class Whole(int):
    """
    The same of a whole number.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Whole({int(self)})"


class Moment(datetime):
    """
    As libraries of dates have it.
    """

    def __repr__(self) -> str:
        return "Moment(...)"


def test_a_number_or_text_of_a_kind_of_its_own_is_that_number_or_text(pipeline: Pipeline) -> None:
    """
    In a column, in the details, in a list, as a key, and as the message.
    """
    at = Moment(2026, 11, 26, 9, 30)
    pipeline.logger().info(
        Text("x"),
        operation=Text("y"),
        n=Whole(3),
        r=[Real(0.5)],
        nan=Real("nan"),
        t={Text("k"): Text("v")},
        at=at,
    )

    record = only(pipeline)
    assert ("x", "y") == (record.message, record.operation)
    assert {
        "n": 3, "r": [0.5], "nan": "nan", "t": {"k": "v"}, "at": "2026-11-26 09:30:00",
    } == record.details_json  # fmt: skip


@pytest.mark.parametrize("given", [pytest.param(None, id="none"), pytest.param("", id="empty")])
def test_a_record_without_source_is_the_systems(pipeline: Pipeline, given: str | None) -> None:
    """
    The table wants a source, so a missing one is never written.
    """
    pipeline.logger().info("x", source=given)

    assert "system" == only(pipeline).source


@pytest.mark.parametrize(
    "key", ["source", "business_id", "integration_id", "workflow_id", "trace_id", "user_id"]
)
def test_a_value_too_long_for_an_index_is_whole_in_the_details(pipeline: Pipeline, key: str) -> None:
    """
    The column holds the beginning, marked as cut; in PostgreSQL an index takes no more than 2,704 bytes.
    """
    value = "\N{OLD PERSIAN SIGN A}" * 3000

    pipeline.logger().info("x", **{key: value})

    record = only(pipeline)
    column = getattr(record, key)
    assert value == record.details_json[key]
    assert len(column) <= 512
    assert column.startswith(value[:400])
    assert column.endswith("characters cut]")


@pytest.mark.parametrize(
    "make", [pytest.param(lambda p: Pipeline(p, level="loud"), id="level"),
             pytest.param(lambda p: Pipeline(p, levels={"cli": "loud"}), id="level of a source")]
)  # fmt: skip
def test_a_wrong_threshold_is_refused_where_it_is_set(
    tmp_path: Path, make: Callable[[Path], Pipeline]
) -> None:
    """
    At the start and in one sentence, not at the first record.
    """
    with pytest.raises(BadValue, match="'loud' is not a valid log level"):
        make(tmp_path)


def test_a_source_may_have_its_own_threshold_from_the_start(tmp_path: Path) -> None:
    """
    `levels` names sources and their thresholds; all others keep the general one.
    """
    pipeline = Pipeline(tmp_path, level="warn", levels={"hubspot": "debug"})

    pipeline.logger(source="hubspot").debug("shown")
    pipeline.logger(source="cli").info("hidden")
    pipeline.levels["cli"] = "no such level"
    pipeline.logger(source="cli").warn("shown too")

    assert ["shown", "shown too"] == [row.message for row in spooled(tmp_path)]  # type: ignore[union-attr]
    pipeline.close()
