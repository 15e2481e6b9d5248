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
import contextlib
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
from masterops.logs.record import LONGEST_MESSAGE, LONGEST_NAME, Level, LogRecord, Status, clean_text
from masterops.logs.redact import redact, redact_text, text_of

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

    def __init__(self, emitter: Emitter, /, **fields: object) -> None:
        self._emitter = emitter
        self._fields: dict[str, object] = {"source": "system", **fields}

    def child(self, /, **fields: object) -> Logger:
        """A logger that adds `fields` to every record."""
        return Logger(self._emitter, **{**self._fields, **fields})

    def debug(self, message: str, /, **context: object) -> None:
        """For someone who is looking for a fault."""
        self.write("debug", message, context)

    def info(self, message: str, /, **context: object) -> None:
        """Something happened as it should."""
        self.write("info", message, context)

    def success(self, message: str, /, **context: object) -> None:
        """A unit of work ended well: level info, status success."""
        self.write("info", message, {"status": "success", **context})

    def warn(self, message: str, /, **context: object) -> None:
        """Something happened that somebody should look at some day."""
        self.write("warn", message, context)

    warning = warn

    def error(self, message: str, /, **context: object) -> None:
        """Something failed. `exc_info=True` or `error=exception` adds the chain of exceptions."""
        self.write("error", message, context)

    def exception(self, message: str, /, **context: object) -> None:
        """`error` with the exception that is being handled."""
        self.write("error", message, {"exc_info": True, **context})

    def log(self, level: Level, message: str, /, **context: object) -> None:
        """Write a record of a level that is only known at run time; one that does not exist is an error."""
        self.write(level, message, context)

    def perf(self, name: str, /, **context: object) -> Perf:
        """
        Measure a block or a function: `with`, `async with`, or as a decorator of either kind.

        One record when it ends: `duration_ms`, status success, or error with the exception, which goes on.
        """
        return Perf(self, name, context)

    def write(self, level: Level, message: object, context: Mapping[Any, object], /) -> None:
        """The same with the facts as one mapping, whose keys may be anything."""
        fields = {**self._fields, **bound(), **context}
        try:
            if level not in STATUS_OF:
                level, fields = "error", {**fields, "given_level": level}
            if not self._emitter.emits(level, text_of(fields.get("source"))):
                return
            record = build(level, message, fields)
        except Exception as error:  # nothing that a caller hands over may raise into the application
            record = build_least(level, message, fields, error)
        self._emitter.emit(record)


def build(level: Level, message: object, fields: Mapping[Any, object]) -> LogRecord:
    """One record out of a message and its context, redacted; columns filled, the rest in details."""
    columns: dict[str, Any] = {"source": "system", "status": STATUS_OF[level]}
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
        message=clean_text(redact_text(_text(message)), LONGEST_MESSAGE),
        details_json=redact(details),
        **columns,
    )


def build_least(level: object, message: object, fields: Mapping[Any, object], error: Exception) -> LogRecord:
    """What can always be said: the message, what went wrong, and of which type each fact was."""
    known = cast("Level", level) if isinstance(level, str) and level in STATUS_OF else "error"
    types = {_text(key): type(value).__name__ for key, value in fields.items()}
    return build(known, _text(message), {"log_error": type(error).__name__, "types": types})


def _text(value: object) -> str:
    return value if type(value) is str else text_of(value)


def _fill(columns: dict[str, Any], details: dict[str, Any], key: str, column: str, value: object) -> None:
    """A value that its column cannot hold goes into details under the same name: nothing is lost."""
    if column == "duration_ms":
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15:
            columns[column] = float(value)
        else:
            details[key] = value
    elif column == "status":
        if isinstance(value, str) and value in STATUSES:
            columns[column] = str(value)
        else:
            details[key] = value
    elif text := redact_text(_text(value)):  # an empty one says nothing, and no source may be empty
        columns[column] = clean_text(text, LONGEST_NAME)
        if len(text) > LONGEST_NAME:
            details[key] = text


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
    shown: dict[str, Any] = {"type": type(error).__name__, "message": text_of(error)}
    with contextlib.suppress(Exception):  # a property or a text of somebody's exception that itself raises
        for name in ("code", "category", "facts"):
            value = getattr(error, name, None)
            if isinstance(value, (str, int, dict)) and value:
                shown[name] = value
    with contextlib.suppress(Exception):
        shown["traceback"] = "".join(traceback.format_exception(error))
    return shown


def _with(facts: dict[str, object], key: str, value: object) -> dict[str, object]:
    """`facts` with ours under `key`; what the caller had put there stands beside it."""
    return {**facts, f"given_{key}": facts[key], key: value} if key in facts else {**facts, key: value}


class Perf:
    """
    One measured block, or a decorator that measures each call.
    """

    def __init__(self, logger: Logger, name: str, context: Mapping[str, object]) -> None:
        self._logger = logger
        self._name = name
        self._context = dict(context)
        self._start = 0.0

    def add(self, /, **context: object) -> None:
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
            self._logger.write("info", self._name, {"status": "success", **facts})
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, GeneratorExit)):
            self._logger.write("warn", self._name, _with(facts, "outcome", "cancelled"))
        else:
            self._logger.write("error", self._name, _with(facts, "error", error))

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
