"""
The same records to OpenTelemetry as well (`pip install masterops[otel]`), from memory and beside the spool.

A record is handed over once it is safe in the spool, and nobody waits for it here: it goes into a bounded
queue that a thread empties. What does not fit or is refused by the other side is counted and not tried again;
the spool is what loses nothing.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from masterops.errors import PackageMissing
from masterops.logs.record import LogRecord, encode

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk._logs.export import LogRecordExporter

MOST_WAITING = 16_384
BATCH = 512
PAUSE_SECONDS = 0.25
SEVERITIES = {
    "debug": 5,
    "info": 9,
    "warn": 13,
    "error": 17,
}  # the first of each four
OWN_PLACES = frozenset({"to", "id", "created_at", "level", "message", "details_json"})
TRACE_ID = re.compile(r"[0-9a-f]{32}")
LARGEST = 2**63 - 1


class OtlpExport:
    """
    Takes records and sends them in batches from a thread of its own. Re-entrant; a forked child has its own.

    `report` is called with the number of records that were not sent, when sending works again and at the end.
    """

    def __init__(
        self,
        exporter: Callable[[], LogRecordExporter],
        report: Callable[[int], None],
        *,
        service: str = "masterops",
        most: int = MOST_WAITING,
    ) -> None:
        self._make = exporter
        self._report = report
        # Made here and not in the thread: at the end of the interpreter nothing can be imported any more.
        self._convert = Converter(service)
        self._exporter: LogRecordExporter | None = exporter()
        self._most = most
        self._fresh()
        os.register_at_fork(after_in_child=_weakly(self, OtlpExport._forked))
        atexit.register(_weakly(self, OtlpExport.close))

    def __call__(self, record: LogRecord) -> None:
        """Hand over one record; returns at once."""
        if len(self._waiting) >= self._most:
            next(self._overflowing)
            return
        self._waiting.append(record)
        if self._thread is None:
            self._start()

    def close(self, seconds: float = 5.0) -> None:
        """Send what waits, for at most `seconds`, and end the thread."""
        thread = self._thread
        if thread is not None:
            self._ending.set()
            thread.join(seconds)
            self._lose(len(self._waiting))
            self._say_dropped()
            self._begin()

    def _fresh(self) -> None:
        self.dropped = 0  # records that were not sent since the start
        self._said = 0  # those of them that were reported
        self._begin()

    def _forked(self) -> None:
        self._exporter = None  # its connection is the parent's
        self._fresh()

    def _begin(self) -> None:
        # `next` counts without a gap for a signal or a thread to come between; looking counts as well.
        self._overflowing = count()
        self._looks = 0
        self._waiting: deque[LogRecord] = deque()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def _start(self) -> None:
        waiting, ending = self._waiting, self._ending
        thread = threading.Thread(
            target=self._run, args=(waiting, ending), name="masterops-otlp", daemon=True
        )
        self._thread = thread  # before it starts, so that a signal handler in between starts no second one
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending: the spool has the record
            pass

    def _run(self, waiting: deque[LogRecord], ending: threading.Event) -> None:
        exporter, self._exporter = self._exporter or self._make(), None
        while not ending.wait(PAUSE_SECONDS) or waiting:
            for batch in _batches(waiting):
                if _exported(exporter, self._convert, batch):
                    self._say_dropped()
                else:
                    self._lose(len(batch))
        exporter.shutdown()  # type: ignore[no-untyped-call]  # theirs

    def _lose(self, number: int) -> None:
        self.dropped += number

    def _say_dropped(self) -> None:
        overflowed = next(self._overflowing) - self._looks
        self._looks += 1 + overflowed
        self._lose(overflowed)
        number, self._said = self.dropped - self._said, self.dropped
        if number:
            self._report(number)


class Converter:
    """
    Our records as OpenTelemetry's.
    """

    def __init__(self, service: str) -> None:
        from opentelemetry import _logs, trace
        from opentelemetry.sdk._logs import ReadableLogRecord
        from opentelemetry.sdk._logs.export import LogRecordExportResult
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._resource = Resource.create({"service.name": service})
        self._scope = InstrumentationScope("masterops")
        self._logs, self._trace, self._readable = _logs, trace, ReadableLogRecord
        self.success = LogRecordExportResult.SUCCESS

    def __call__(self, record: LogRecord) -> ReadableLogRecord:
        """Columns and details are attributes, the message is the body, trace and span are themselves."""
        written = msgspec.json.decode(encode(record))  # exactly what is in the spool
        attributes = {**written.get("details_json", {})}
        attributes |= {key: value for key, value in written.items() if key not in OWN_PLACES}
        attributes["log.record.uid"] = written["id"]
        trace, span = 0, 0
        if TRACE_ID.fullmatch(record.trace_id or ""):
            trace = int(attributes.pop("trace_id"), 16)
            span = int(attributes.pop("span_id", "0"), 16)
        made = self._logs.LogRecord(
            timestamp=int(record.created_at.timestamp() * 1_000_000) * 1_000,
            severity_text=record.level.upper(),
            severity_number=self._logs.SeverityNumber(SEVERITIES[record.level]),
            body=written["message"],
            attributes={key: _plain(value) for key, value in attributes.items()},
            trace_id=trace,
            span_id=span,
            trace_flags=self._trace.TraceFlags(self._trace.TraceFlags.SAMPLED if trace else 0),
        )
        return self._readable(made, self._resource, self._scope)


def otlp_exporter() -> LogRecordExporter:
    """The exporter that OpenTelemetry's own variables describe: OTEL_EXPORTER_OTLP_ENDPOINT, ..._HEADERS."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter()


def check_installed() -> None:
    """Raises PackageMissing where the extra is not installed. Loads nothing of it."""
    try:
        found = find_spec("opentelemetry.exporter.otlp.proto.http")
    except ImportError:
        found = None
    if found is None:
        raise PackageMissing(setting="log.otlp", extra="otel")


def _batches(waiting: deque[LogRecord]) -> Iterator[list[LogRecord]]:
    while batch := [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]:
        yield batch


def _exported(exporter: LogRecordExporter, convert: Converter, batch: Sequence[LogRecord]) -> bool:
    try:
        return exporter.export([convert(record) for record in batch]) is convert.success
    except Exception:  # whatever another library raises: the thread goes on with the next batch
        return False


def _plain(value: Any) -> Any:
    """A value as OTLP can have it: its whole numbers have 64 bits with a sign."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        return str(value)
    return value


def _weakly(export: OtlpExport, act: Callable[[OtlpExport], None]) -> Callable[[], None]:
    """What the process calls at a fork or its end; it must not keep the queue alive."""
    held = weakref.ref(export)

    def call() -> None:
        found = held()
        if found is not None:
            act(found)

    return call
