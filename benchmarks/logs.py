"""
One log call whose record survives kill -9, beside what else a program could log with.

Each call has six fields of context, and no two calls have the same; ours also makes a sortable id and looks
for secrets. All write JSON lines to a file on the same disk, one write a record, but for OpenTelemetry,
whose records wait in memory for a thread, and for the INSERT.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import loguru
import orjson
import psycopg
import structlog

from benchmarks.measuring import Row, paired
from masterops.db import Embedded
from masterops.logs import Pipeline

CALLS = 5_000
INSERTS = 500
SINGLE = 50_000
CONTEXTS: list[dict[str, Any]] = [
    {"a": n, "b": "two", "c": n / 7, "d": f"order-{n}", "e": 5, "f": True} for n in range(CALLS)
]
SECRET = re.compile(
    r"password|secret|token|authorization|api_?key|Bearer \S+|eyJ[\w-]+\.[\w-]+", re.IGNORECASE
)
Call = Callable[..., object]
STANDARD = ("stdlib logging, JSON to a file", "0.60")
STRUCTLOG = ("structlog, orjson, nothing else", "< 1")


class Json(logging.Formatter):
    """
    The usual formatter: the record's own fields and its extras as one line of JSON.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields = {"time": self.formatTime(record), "level": record.levelname, "message": record.getMessage()}
        return json.dumps(fields | {name: getattr(record, name) for name in "abcdef"})


@contextlib.contextmanager
def standard(folder: Path) -> Iterator[Call]:
    """The standard library's logger."""
    logger = logging.Logger("bench")
    handler = logging.FileHandler(folder / "standard.log")
    handler.setFormatter(Json())
    logger.addHandler(handler)
    yield lambda context: logger.info("orders.imported", extra=context)
    handler.close()


def identified(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Give the record an id, by which it can be named and written once."""
    event["id"] = str(uuid.uuid4())
    return event


def hiding(logger: object, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what has the name of a secret or, in a text, the shape of a token: the least one needs."""
    for key, value in event.items():
        if SECRET.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = SECRET.sub("***", value)
    return event


@contextlib.contextmanager
def structured(folder: Path, *extra: structlog.typing.Processor) -> Iterator[Call]:
    """structlog as its documentation makes it fast: bytes from orjson, written without a layer between."""
    with (folder / f"structlog-{len(extra)}.log").open("ab") as file:
        logger = structlog.wrap_logger(
            structlog.BytesLogger(file),
            processors=[
                *extra,
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            cache_logger_on_first_use=True,
        ).bind()
        yield lambda context: logger.info("orders.imported", **context)


@contextlib.contextmanager
def loguru_file(folder: Path) -> Iterator[Call]:
    """loguru with `serialize`."""
    logger = loguru.logger
    logger.remove()
    number = logger.add(folder / "loguru.log", serialize=True)
    yield lambda context: logger.info("orders.imported", **context)
    logger.remove(number)


@contextlib.contextmanager
def telemetry(folder: Path) -> Iterator[tuple[Call, Callable[[], object]]]:
    """OpenTelemetry's handler for `logging`, its batches written to a file; with what waits for them."""
    # Where it is imported, each of our calls asks it for a span, so that the others come first.
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, ConsoleLogRecordExporter

    with (folder / "telemetry.log").open("a") as file:
        exporter = ConsoleLogRecordExporter(
            out=file, formatter=lambda record: f"{record.to_json(indent=None)}\n"
        )
        provider = LoggerProvider(shutdown_on_exit=False)
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=4 * CALLS))
        logger = logging.Logger("bench")
        logger.addHandler(LoggingHandler(logger_provider=provider))
        yield (lambda context: logger.info("orders.imported", extra=context)), provider.force_flush
        provider.shutdown()


@contextlib.contextmanager
def inserting() -> Iterator[Call]:
    """One INSERT a record, each its own transaction, into the embedded server, which syncs to disk."""
    home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
    home.chmod(0o755)
    server = Embedded(home)
    url = server.acquire()
    try:
        with psycopg.connect(
            url.reveal() if hasattr(url, "reveal") else str(url), autocommit=True
        ) as connection:
            connection.execute(
                "CREATE TABLE bench (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),"
                " created_at timestamptz NOT NULL DEFAULT now(), message text, details jsonb)"
            )
            cursor = connection.cursor()
            yield lambda context: cursor.execute(
                "INSERT INTO bench (message, details) VALUES (%s, %s)",
                ["orders.imported", json.dumps(context)],
            )
    finally:
        server.release()
        shutil.rmtree(home, ignore_errors=True)


def measure() -> list[Row]:
    """A row for each rival, and one for the slowest calls beside the usual one."""
    with contextlib.ExitStack() as stack:
        folder, pipeline, ours = stack.enter_context(logging_to_a_spool())
        same = structured(folder, identified, hiding)
        rows = [
            beside(ours, stack.enter_context(standard(folder)), *STANDARD),
            beside(ours, stack.enter_context(same), "structlog, orjson, with ids and secrets hidden", "< 1"),
            beside(ours, stack.enter_context(structured(folder)), *STRUCTLOG),
            beside(ours, stack.enter_context(loguru_file(folder)), "loguru, serialized to a file", "< 1"),
            slowest(ours),
            hidden(pipeline),
            beside(ours, stack.enter_context(inserting()), "psycopg INSERT", "-", calls=INSERTS),
        ]
        call, flush = stack.enter_context(telemetry(folder))
        return [*rows, beside(ours, call, "OpenTelemetry SDK, batches to a file", "< 1", after=flush)]


def usual() -> list[Row]:
    """The two rivals that most programs have, alone."""
    with contextlib.ExitStack() as stack:
        folder, _, ours = stack.enter_context(logging_to_a_spool())
        return [
            beside(ours, stack.enter_context(standard(folder)), *STANDARD),
            beside(ours, stack.enter_context(structured(folder)), *STRUCTLOG),
        ]


@contextlib.contextmanager
def logging_to_a_spool() -> Iterator[tuple[Path, Pipeline, Call]]:
    """A folder for all, our pipeline in it, and one call of ours."""
    with (
        tempfile.TemporaryDirectory() as name,
        contextlib.closing(Pipeline(Path(name) / "spool")) as pipeline,
    ):
        logger = pipeline.logger(source="bench")

        def ours(context: dict[str, Any]) -> None:
            logger.info("orders.imported", **context)

        yield Path(name), pipeline, ours


def beside(
    ours: Call, theirs: Call, name: str, goal: str, *, calls: int = CALLS, after: Callable[[], object] = int
) -> Row:
    """Our call beside another; `after` is waited for as well, once a round."""
    contexts = CONTEXTS[:calls]

    def mine() -> None:
        for context in contexts:
            ours(context)

    def other() -> None:
        for context in contexts:
            theirs(context)
        after()

    took, compared, ratio = paired(mine, other, 9)
    per = 1e6 / calls
    what = f"log call, 6 fields, safe from kill -9 / {name}"
    return Row(what, f"{took * per:.1f} µs", f"{compared * per:.1f} µs", ratio, goal)


def slowest(ours: Call) -> Row:
    """The slowest call in a hundred beside the median."""
    taken = []
    clock = time.perf_counter_ns
    for number in range(SINGLE):
        context = CONTEXTS[number % CALLS]
        start = clock()
        ours(context)
        taken.append(clock() - start)
    median = statistics.median(taken) / 1000
    last = statistics.quantiles(taken, n=100)[98] / 1000
    return Row(
        "log call, 99th percentile / median", f"{last:.1f} µs", f"{median:.1f} µs", last / median, "10"
    )


def hidden(pipeline: Pipeline) -> Row:
    """A call below the threshold beside one that is written."""
    logger = pipeline.logger(source="bench")
    took, compared, ratio = paired(
        lambda: [logger.debug("orders.imported", **context) for context in CONTEXTS],
        lambda: [logger.info("orders.imported", **context) for context in CONTEXTS],
        9,
    )
    per = 1e6 / CALLS
    what = "log call below the threshold / one that is written"
    return Row(what, f"{took * per:.1f} µs", f"{compared * per:.1f} µs", ratio, "-")
