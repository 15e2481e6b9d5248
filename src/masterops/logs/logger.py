"""
The logger: levels, keyword context, children, `perf`.

    log = masterops.get_logger(source="integration", business="teelixir")
    log.info("orders.import.finished", orders=12)
    with log.perf("orders.import", batch=3) as span:
        span.add(orders=12)

Keywords that name a column of `integration_logs` fill it; all others go into `details_json`. A call
never raises for what it is given, and a secret never leaves the process.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs.context import bound
from masterops.logs.record import LONGEST_MESSAGE, Level, LogRecord, Status, clean_text
from masterops.logs.redact import redact, redact_text

P = ParamSpec("P")
R = TypeVar("R")

# What a caller says -> the column it fills.
COLUMNS: dict[str, str] = {
    "source": "source",
    "service": "service",
    "operation": "operation",
    "status": "status",
    "duration_ms": "duration_ms",
    "user_id": "user_id",
    "business": "business_id",
    "business_id": "business_id",
    "workflow_id": "workflow_id",
    "connection": "integration_id",
    "integration_id": "integration_id",
    "trace_id": "trace_id",
}
STATUS_OF: dict[str, Status] = {"debug": "info", "info": "info", "warn": "warning", "error": "error"}
STATUSES = frozenset({"info", "success", "warning", "error"})


class Emitter(Protocol):
    """
    Where records go: the pipeline, or a list in a test.
    """

    def emits(self, level: str, source: str) -> bool:
        """Whether a record of this level and source is wanted at all."""
        ...

    def emit(self, record: LogRecord) -> None:
        """Take one record; returns when it is safe."""
        ...


class Logger:
    """
    Writes records with fixed fields. Cheap to make; safe to share between threads and tasks.
    """

    __slots__ = ("_emitter", "_fields")

    def __init__(self, emitter: Emitter, **fields: object) -> None:
        self._emitter = emitter
        self._fields: dict[str, object] = {"source": "system", **fields}

    def child(self, **fields: object) -> Logger:
        """A logger that adds `fields` to every record."""
        return Logger(self._emitter, **{**self._fields, **fields})

    def debug(self, message: str, **context: object) -> None:
        """For someone who is looking for a fault."""
        self._log("debug", message, context)

    def info(self, message: str, **context: object) -> None:
        """Something happened as it should."""
        self._log("info", message, context)

    def success(self, message: str, **context: object) -> None:
        """A unit of work ended well: level info, status success."""
        self._log("info", message, {"status": "success", **context})

    def warn(self, message: str, **context: object) -> None:
        """Something happened that somebody should look at some day."""
        self._log("warn", message, context)

    warning = warn

    def error(self, message: str, **context: object) -> None:
        """Something failed. `exc_info=True` or `error=exception` adds the chain of exceptions."""
        self._log("error", message, context)

    def exception(self, message: str, **context: object) -> None:
        """`error` with the exception that is being handled."""
        self._log("error", message, {"exc_info": True, **context})

    def log(self, level: Level, message: str, **context: object) -> None:
        """Write a record of a level that is only known at run time."""
        self._log(level, message, context)

    def perf(self, name: str, **context: object) -> Perf:
        """
        Measure a block or a function: `with`, `async with`, or as a decorator of either kind.

        One record when it ends: `duration_ms`, status success, or error with the exception, which goes on.
        """
        return Perf(self, name, context)

    def _log(self, level: Level, message: str, context: Mapping[str, object]) -> None:
        emitter = self._emitter
        fields = {**self._fields, **bound(), **context}
        if emitter.emits(level, str(fields.get("source"))):
            emitter.emit(build(level, message, fields))


def build(level: Level, message: str, fields: Mapping[str, object]) -> LogRecord:
    """One record out of a message and its context, redacted; columns filled, the rest in details."""
    columns: dict[str, Any] = {"status": STATUS_OF[level]}
    details: dict[str, Any] = {}
    for key, value in fields.items():
        if value is None:
            continue
        column = COLUMNS.get(key)
        if column is None:
            details[key] = value
        else:
            _fill(columns, details, key, column, value)
    _explain_exception(details)
    return LogRecord(
        id=uuid7(),
        created_at=clock.now(),
        level=level,
        message=clean_text(redact_text(str(message)), LONGEST_MESSAGE),
        details_json=redact(details),
        **columns,
    )


def _fill(columns: dict[str, Any], details: dict[str, Any], key: str, column: str, value: object) -> None:
    """A value that its column cannot hold goes into details under the same name: nothing is lost."""
    if column == "duration_ms":
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15:
            columns[column] = float(value)
        else:
            details[key] = value
    elif column == "status" and value not in STATUSES:
        details[key] = value
    else:
        columns[column] = clean_text(redact_text(str(value)), LONGEST_MESSAGE)


def _explain_exception(details: dict[str, Any]) -> None:
    given = details.pop("exc_info", None)
    error = details.get("error") if isinstance(details.get("error"), BaseException) else None
    if error is None and given:
        error = given if isinstance(given, BaseException) else _being_handled()
    if isinstance(error, BaseException):
        details["error"] = describe(error)


def _being_handled() -> BaseException | None:
    return sys.exc_info()[1]


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as data: type, message, code and facts where it has them, and its whole chain."""
    shown: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    for name in ("code", "category", "facts"):
        value = getattr(error, name, None)
        if value and isinstance(value, (str, int, dict)):
            shown[name] = value
    shown["traceback"] = "".join(traceback.format_exception(error))
    return shown


class Perf:
    """
    One measured block, or a decorator that measures each call.
    """

    def __init__(self, logger: Logger, name: str, context: Mapping[str, object]) -> None:
        self._logger = logger
        self._name = name
        self._context = dict(context)
        self._start = 0.0

    def add(self, **context: object) -> None:
        """Facts learnt along the way; they are in the record that ends the block."""
        self._context.update(context)

    def __enter__(self) -> Perf:
        self._start = clock.ticks()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        facts = {
            "operation": self._name,
            **self._context,
            "duration_ms": (clock.ticks() - self._start) * 1000,
        }
        if error is None:
            self._logger.success(self._name, **facts)
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)):
            self._logger.warn(self._name, outcome="cancelled", **facts)
        else:
            self._logger.error(self._name, error=error, **facts)

    async def __aenter__(self) -> Perf:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Measure every call of `function`, sync or async; a generator cannot be measured by its call."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"perf cannot time the generator {function.__qualname__}; use it inside as a block"
            )
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def measured(*args: P.args, **kwargs: P.kwargs) -> Any:
                with Perf(self._logger, self._name, self._context):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", measured)

        @functools.wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Perf(self._logger, self._name, self._context):
                return function(*args, **kwargs)

        return timed
