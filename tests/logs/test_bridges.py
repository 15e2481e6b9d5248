"""
What other libraries say arrives in the same place.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from io import StringIO

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from masterops.logs import Bridge, LogRecord, Pipeline, StructlogProcessor, WarningsBridge, bind
from tests.logs.conftest import spooled


def only(pipeline: Pipeline) -> LogRecord:
    (record,) = spooled(pipeline.folder)
    assert isinstance(record, LogRecord)
    return record


@pytest.fixture
def theirs(pipeline: Pipeline) -> structlog.stdlib.BoundLogger:
    """A logger of structlog that ends in ours."""
    return structlog.wrap_logger(  # type: ignore[no-any-return]
        structlog.PrintLogger(),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            StructlogProcessor(pipeline.logger(source="test")),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
    )


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("debug", "debug"),
        ("info", "info"),
        ("warning", "warn"),
        ("warn", "warn"),
        ("error", "error"),
        ("critical", "error"),
    ],
)
def test_an_event_of_structlog_is_a_record(
    pipeline: Pipeline, theirs: structlog.stdlib.BoundLogger, method: str, level: str
) -> None:
    """
    With its level, its bound context and its fields in columns and details; structlog prints nothing more.
    """
    getattr(theirs.bind(business="teelixir"), method)("orders.imported", orders=3, token="hunter2")

    record = only(pipeline)
    assert (level, "orders.imported", "teelixir") == (record.level, record.message, record.business_id)
    assert {"orders": 3, "token": "***"} == record.details_json


@pytest.mark.parametrize("given", [True, "exception", "tuple", "call"])
def test_an_exception_of_structlog_has_its_traceback(
    pipeline: Pipeline, theirs: structlog.stdlib.BoundLogger, given: object
) -> None:
    """
    In each of the ways in which structlog takes one.
    """
    try:
        raise ValueError("bad")
    except ValueError as error:
        if given == "call":
            theirs.exception("failed")
        else:
            shown = {"exception": error, "tuple": sys.exc_info()}.get(str(given), given)
            theirs.error("failed", exc_info=shown)

    shown = only(pipeline).details_json["error"]
    assert ("ValueError", "bad") == (shown["type"], shown["message"])
    assert "raise ValueError" in shown["traceback"]


def test_a_warning_is_a_record_with_its_category_and_place(pipeline: Pipeline) -> None:
    """
    While the bridge is there; what somebody wants in a file of theirs goes there.
    """
    elsewhere: list[object] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = before = lambda *given: elsewhere.append(given[0])
        with WarningsBridge(pipeline.logger(source="test")):
            warnings.warn("old way: password=hunter2", DeprecationWarning, stacklevel=1)
            warnings.showwarning("theirs", UserWarning, "x.py", 1, file=StringIO())
        after = warnings.showwarning

    record = only(pipeline)
    assert ("warn", "old way: password=***") == (record.level, record.message)
    assert "DeprecationWarning" == record.details_json["category"]
    assert record.details_json["line"].startswith(__file__)
    assert ["theirs"] == elsewhere
    assert before is after


def test_extras_of_the_standard_library_fill_columns(pipeline: Pipeline) -> None:
    """
    `extra` is context like ours; the stack is a detail.
    """
    theirs = logging.Logger("their.library")
    theirs.addHandler(Bridge(pipeline.logger(source="test")))

    theirs.info("x", extra={"business": "teelixir", "trace_id": "t1", "orders": 3}, stack_info=True)

    record = only(pipeline)
    assert ("teelixir", "t1", 3) == (record.business_id, record.trace_id, record.details_json["orders"])
    assert "Stack (most recent call last)" in record.details_json["stack"]


def test_a_span_that_is_recorded_names_trace_and_span(pipeline: Pipeline) -> None:
    """
    As OpenTelemetry writes them; what the program says itself wins, and outside of a span there is none.
    """
    log = pipeline.logger(source="test")
    tracer = TracerProvider().get_tracer("test")

    with tracer.start_as_current_span("work") as span:
        log.info("inside", a=1)
        with bind(trace_id="own"):
            log.info("own")
        pipeline.logger(trace_id="fixed").info("fixed")
        log.info("named", trace_id="call")
    log.info("outside")

    inside, own, fixed, named, outside = spooled(pipeline.folder)
    where = span.get_span_context()
    assert trace.format_trace_id(where.trace_id) == inside.trace_id  # type: ignore[union-attr]
    assert {"a": 1, "span_id": trace.format_span_id(where.span_id)} == inside.details_json  # type: ignore[union-attr]
    assert ["own", "fixed", "call", None] == [row.trace_id for row in (own, fixed, named, outside)]  # type: ignore[union-attr]
    assert {} == outside.details_json  # type: ignore[union-attr]


def test_a_span_that_is_not_recorded_is_not_named(pipeline: Pipeline) -> None:
    """
    Nobody could look it up.
    """
    tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("test")

    with tracer.start_as_current_span("work"):
        pipeline.logger().info("x")

    assert None is only(pipeline).trace_id


@pytest.mark.parametrize("module", ["structlog", "opentelemetry", "loguru"])
def test_none_of_them_is_loaded_by_us(module: str) -> None:
    """
    A program that uses none of them pays for none.
    """
    script = f"import sys, masterops.logs; sys.exit({module!r} in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-c", script], timeout=60).returncode
