"""
The same records to OpenTelemetry.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import TracerProvider

from masterops.logs import LogRecord, Pipeline
from masterops.logs.build import build
from masterops.logs.otlp import OtlpExport
from tests.logs.conftest import spooled


class Receiver(HTTPServer):
    """
    An OTLP receiver on a free port, which keeps what it was sent.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.requests: list[ExportLogsServiceRequest] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/logs"


class Receiving(BaseHTTPRequestHandler):
    """
    Answers one request.
    """

    def do_POST(self) -> None:
        request = ExportLogsServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(request)  # type: ignore[attr-defined]  # the receiver
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Stuck(InMemoryLogRecordExporter):
    """
    An exporter whose other side does not answer until it is released, and then refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self.release.wait(30)
        return LogRecordExportResult.FAILURE


def test_a_record_arrives_with_everything_that_is_in_the_spool(pipeline: Pipeline) -> None:
    """
    Message, level, time, columns, details and trace; secrets are as hidden as there.
    """
    kept = InMemoryLogRecordExporter()
    pipeline.export_by_otlp(lambda: kept)

    with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
        pipeline.logger(source="test", business="teelixir").warn(
            "orders.odd", token="hunter2", huge=2**63, odd=float("nan"), inner={"a": [1, None]}
        )
    pipeline.close()

    (record,) = spooled(pipeline.folder)
    (sent,) = kept.get_finished_logs()
    shown, attributes = sent.log_record, dict(sent.log_record.attributes or {})
    assert ("orders.odd", "WARN", 13) == (shown.body, shown.severity_text, shown.severity_number.value)  # type: ignore[union-attr]
    assert span.get_span_context().trace_id == shown.trace_id
    assert span.get_span_context().span_id == shown.span_id
    assert abs(record.created_at.timestamp() * 1e9 - (shown.timestamp or 0)) < 2_000
    assert ("test", "teelixir", "***") == (
        attributes["source"],
        attributes["business_id"],
        attributes["token"],
    )
    assert (str(2**63), "nan", str(record.id)) == (
        attributes["huge"],
        attributes["odd"],
        attributes["log.record.uid"],
    )


def test_records_arrive_over_http(pipeline: Pipeline) -> None:
    """
    Through the real exporter, whatever is in them.
    """
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    pipeline.export_by_otlp(lambda: OTLPLogExporter(endpoint=receiver.url))
    log = pipeline.logger(source="test")

    log.info("odd", value=[{1, 2}, object(), b"\xff", 2**200, -(2**63), None], nul="\x00", lone="\ud800")
    for number in range(1_000):
        log.info("row", number=number)
    pipeline.close()
    receiver.shutdown()
    receiver.server_close()

    sent = [
        record
        for request in receiver.requests
        for resource in request.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert ["odd"] + ["row"] * 1_000 == [record.body.string_value for record in sent]


def test_a_receiver_that_hangs_costs_the_caller_nothing(pipeline: Pipeline) -> None:
    """
    The queue is bounded, what does not fit or is refused is counted and told of, and the spool has it all.
    """
    stuck = Stuck()
    pipeline.export_by_otlp(lambda: stuck)
    export = pipeline.export
    assert export is not None
    log = pipeline.logger(source="test")

    started = time.perf_counter()
    for number in range(30_000):
        log.info("row", number=number)
    took = time.perf_counter() - started
    stuck.release.set()
    pipeline.close()

    *rows, told = spooled(pipeline.folder)
    assert 30_000 == len(rows)
    assert took < 10
    assert 30_000 == export.dropped == told.details_json["count"]  # type: ignore[union-attr]
    assert "logs.not_exported" == told.message  # type: ignore[union-attr]


def test_a_forked_child_sends_its_own(pipeline: Pipeline, tmp_path: Path) -> None:
    """
    What waits in the parent is sent once, by the parent.
    """
    kept = InMemoryLogRecordExporter()
    pipeline.export_by_otlp(lambda: kept)
    log = pipeline.logger(source="test")
    log.info("parent")

    child = os.fork()
    if child == 0:
        log.info("child")
        pipeline.close()
        sent = [each.log_record.body for each in kept.get_finished_logs()]
        (tmp_path / "sent").write_text(repr(sent))
        os._exit(0)
    os.waitpid(child, 0)
    pipeline.close()

    assert "['child']" == (tmp_path / "sent").read_text()
    assert ["parent"] == [each.log_record.body for each in kept.get_finished_logs()]


def test_the_end_of_the_interpreter_sends_the_rest(tmp_path: Path) -> None:
    """
    A script that closes nothing.
    """
    script = (
        "import sys; from pathlib import Path; from masterops.logs import Pipeline\n"
        "from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter as Console\n"
        "pipeline = Pipeline(Path(sys.argv[1]))\n"
        "pipeline.export_by_otlp(lambda: Console(formatter=lambda record: record.log_record.body + chr(10)))\n"
        "for number in range(9): pipeline.logger().info(f'row {number}')\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60
    )

    assert "" == ended.stderr
    assert [f"row {number}" for number in range(9)] == ended.stdout.splitlines()


def test_an_exporter_that_raises_loses_its_batch_and_no_other() -> None:
    """
    The thread goes on.
    """

    class Raising(InMemoryLogRecordExporter):
        """The first time."""

        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
            self.calls += 1
            if self.calls == 1:
                raise OSError("gone")
            return super().export(batch)

    kept, told = Raising(), []
    export = OtlpExport(lambda: kept, told.append)

    for number in range(600):
        export(build("info", "row", {"number": number}))
    export.close()

    assert 600 - 512 == len(kept.get_finished_logs())
    assert [512] == told


def test_without_the_extra_the_setting_is_an_error_with_its_remedy() -> None:
    """
    At the start, not at the first record.
    """
    script = (
        "import sys; sys.modules['opentelemetry.exporter'] = None\n"
        "from masterops.errors import PackageMissing\n"
        "from masterops.logs import check_installed\n"
        "try: check_installed()\n"
        "except PackageMissing as error: print(error.code, error.advice)\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert "CFG009 Install it with `pip install 'masterops[otel]'`.\n" == ended.stdout


def test_sending_is_off_unless_asked_for(pipeline: Pipeline) -> None:
    """
    And ends when it is switched off.
    """
    kept = InMemoryLogRecordExporter()
    log = pipeline.logger(source="test")

    log.info("before")
    pipeline.export_by_otlp(lambda: kept)
    log.info("while")
    pipeline.export_by_otlp(None)
    log.info("after")

    assert ["while"] == [each.log_record.body for each in kept.get_finished_logs()]
    assert ["before", "while", "after"] == [
        row.message for row in spooled(pipeline.folder) if isinstance(row, LogRecord)
    ]
