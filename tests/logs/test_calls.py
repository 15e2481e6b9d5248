"""
A call that went well, written as two lines: the same rows as the usual way makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.ids import uuid7
from masterops.logs import ApiMetric, CallLines, LogRecord, Pipeline, bind, remember
from masterops.logs.limits import Limits
from masterops.logs.record import decode
from tests.logs.conftest import spooled

AT = datetime(2026, 11, 26, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=11)))
FIXED = {"source": "hubspot", "service": "hubspot", "connection": "hubspot/teelixir", "business": "teelixir",
         "operation": "contacts.get"}  # fmt: skip
EVENT = "hubspot.contacts.get"
HUBSPOT = "pat-" + "na1-11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True)
class Told:
    """
    What an answer's headers said.
    """

    remaining: int | None = None
    resets_at: datetime | None = None


class Kept:
    """
    A place for lines.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def emits(self, level: str, source: str, message: object) -> bool:
        return True

    def measure_line(self, line: bytes) -> None:
        self.lines.append(line)

    def emit_both(self, metric: bytes, record: bytes, level: str) -> None:
        self.lines += [metric, record]


def sample(**more: Any) -> ApiMetric:
    names: dict[str, Any] = {"service": "hubspot", "endpoint": "/contacts/{id}", "method": "GET",
                             "operation": "contacts.get", "business_id": "teelixir",
                             "integration_id": "hubspot/teelixir"}  # fmt: skip
    return ApiMetric(uuid7(), AT, success=True, duration_ms=0.0, attempt=1, **{**names, **more})


def seen(pipeline: Pipeline, **fields: Any) -> Any:
    """A logger with everything that the records say."""
    return pipeline.logger(**{**FIXED, "status": "success", **fields})


@given(
    call_ms=st.floats(0, 1e9), attempt_ms=st.floats(0, 1e9), attempt=st.integers(1, 100),
    status=st.integers(200, 299), size=st.integers(0, 2**40),
    remaining=st.none() | st.integers(0, 2**40),
    resets_at=st.none() | st.datetimes(timezones=st.sampled_from([UTC, AT.tzinfo])),
)  # fmt: skip
def test_the_lines_are_the_rows_of_the_call(tmp_path_factory: pytest.TempPathFactory, call_ms: float,
    attempt_ms: float, attempt: int, status: int, size: int, remaining: int | None, resets_at: datetime | None,
) -> None:  # fmt: skip
    """
    Every column is what the thorough way would write, and the ids are two.
    """
    pipeline, kept = Pipeline(tmp_path_factory.mktemp("spool")), Kept()
    lines = CallLines(kept, seen(pipeline), EVENT, sample())

    written = lines.write(call_ms, attempt_ms, attempt, status, size, Told(remaining, resets_at))

    assert written
    metric, record = map(decode, kept.lines)
    assert isinstance(metric, ApiMetric)
    assert isinstance(record, LogRecord)
    told = {name: getattr(metric, name) for name in metric.__struct_fields__}
    usual = sample()
    same = {name: getattr(usual, name) for name in usual.__struct_fields__}
    assert {**same, "id": metric.id, "created_at": metric.created_at, "duration_ms": attempt_ms,
            "attempt": attempt, "status_code": status, "response_size_bytes": size,
            "rate_limit_remaining": remaining, "rate_limit_reset_at": resets_at} == told  # fmt: skip
    assert ("hubspot", "contacts.get", EVENT, "info", "success") == (
        record.source, record.operation, record.message, record.level, record.status
    )  # fmt: skip
    assert ({"attempts": attempt}, call_ms) == (record.details_json, record.duration_ms)
    assert ("hubspot/teelixir", "teelixir") == (record.integration_id, record.business_id)
    assert metric.id != record.id
    pipeline.close()


def test_both_are_in_the_spool_with_one_write(pipeline: Pipeline) -> None:
    """
    As the rows that they are.
    """
    lines = CallLines(pipeline, seen(pipeline), EVENT, sample())

    assert lines.write(1.5, 1.25, 1, 200, 10, Told())

    rows = spooled(pipeline.folder)
    assert ["ApiMetric", "LogRecord"] == [type(row).__name__ for row in rows]


def test_what_is_not_usual_is_left_to_the_usual_way(pipeline: Pipeline) -> None:
    """
    An event with a secret in it, and context around the call: nothing is written.
    """
    secret = CallLines(pipeline, seen(pipeline), f"hubspot.{HUBSPOT}", sample())
    known = CallLines(pipeline, seen(pipeline), EVENT, sample())

    with bind(trace_id="abc"):
        bound = known.write(1.0, 1.0, 1, 200, 10, Told())

    assert (False, False) == (secret.write(1.0, 1.0, 1, 200, 10, Told()), bound)
    assert [] == spooled(pipeline.folder)


def test_a_record_that_is_not_wanted_leaves_its_metrics(pipeline: Pipeline) -> None:
    """
    By its level, or because there were too many: the row of metrics is never left out.
    """
    lines = CallLines(pipeline, seen(pipeline), EVENT, sample())

    pipeline.level = "error"
    below = lines.write(1.0, 1.0, 1, 200, 10, Told())
    pipeline.level = "info"
    pipeline.limits = Limits(burst=1)
    for _ in range(3):
        assert lines.write(1.0, 1.0, 1, 200, 10, Told())

    kinds = [type(row).__name__ for row in spooled(pipeline.folder)]
    assert below
    assert 4 == kinds.count("ApiMetric")
    assert 1 == kinds.count("LogRecord")


def test_what_became_a_secret_is_hidden_from_then_on(pipeline: Pipeline) -> None:
    """
    What was written as it stands is looked at again.
    """
    lines = CallLines(pipeline, seen(pipeline, operation="hush-hush-1234"), EVENT, sample())
    lines.write(1.0, 1.0, 1, 200, 10, Told())

    remember(["hush-hush-1234"])
    lines.write(1.0, 1.0, 1, 200, 10, Told())

    records = [row for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]
    assert [True, False] == ["hush" in (row.operation or "") for row in records]
