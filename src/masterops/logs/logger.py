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
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from masterops.core import clock
from masterops.logs import seen
from masterops.logs.build import STATUS_OF, build, build_least, merge
from masterops.logs.context import bound
from masterops.logs.quick import Quick
from masterops.logs.record import Level, LogRecord
from masterops.logs.redact import text_of
from masterops.logs.spans import TRACE, with_span

P = ParamSpec("P")
R = TypeVar("R")


class Emitter(Protocol):
    """
    Where records go: the pipeline, or a list in a test.
    """

    def emits(self, level: str, source: str, message: object) -> bool:
        """Whether a record of this level, source and message, which may be anything, is wanted at all."""
        ...

    def emit(self, record: LogRecord) -> None:
        """Take one record; returns when it is safe."""
        ...

    # May have `emit_line(line, level)` as well, which takes a record as the line that it is in the spool, and
    # is then spared most records.


class Logger:
    """
    Writes records with fixed fields. Cheap to make; safe to share between threads and tasks.
    """

    __slots__ = ("_emit_line", "_emitter", "_fields", "_quick")

    def __init__(self, emitter: Emitter, /, **fields: object) -> None:
        self._emitter = emitter
        self._emit_line: Callable[[bytes, Level], None] | None = getattr(emitter, "emit_line", None)
        self._fields: dict[str, object] = {"source": "system", **fields}
        self._quick: Quick | None = None

    @property
    def fields(self) -> Mapping[str, object]:
        """What every record of it says."""
        return self._fields

    def child(self, /, **fields: object) -> Logger:
        """A logger that adds `fields` to every record."""
        return Logger(self._emitter, **{**self._fields, **fields})

    def debug(self, message: str, /, **context: object) -> None:
        """For someone who is looking for a fault."""
        self._write("debug", message, context)

    def info(self, message: str, /, **context: object) -> None:
        """Something happened as it should."""
        self._write("info", message, context)

    def success(self, message: str, /, **context: object) -> None:
        """A unit of work ended well: level info, status success."""
        self._write("info", message, {"status": "success", **context})

    def warn(self, message: str, /, **context: object) -> None:
        """Something happened that somebody should look at some day."""
        self._write("warn", message, context)

    warning = warn

    def error(self, message: str, /, **context: object) -> None:
        """Something failed. `exc_info=True` or `error=exception` adds the chain of exceptions."""
        self._write("error", message, context)

    def exception(self, message: str, /, **context: object) -> None:
        """`error` with the exception that is being handled."""
        self._write("error", message, {"exc_info": True, **context})

    def log(self, level: Level, message: str, /, **context: object) -> None:
        """Write a record of a level that is only known at run time; one that does not exist is an error."""
        self._write(level, message, context)

    def perf(self, name: str, /, **context: object) -> Perf:
        """
        Measure a block or a function: `with`, `async with`, or as a decorator of either kind.

        One record when it ends: `duration_ms`, status success, or error with the exception, which goes on.
        """
        return Perf(self, name, context)

    def write(self, level: Level, message: object, context: Mapping[Any, object], /) -> None:
        """The same with the facts as one mapping, whose keys may be anything and which others may change."""
        self._write(level, message, _facts(context))

    def _write(self, level: Level, message: object, context: dict[Any, object], /) -> None:
        line: bytes | None = None
        record: LogRecord | None = None
        outer = bound()
        if TRACE in sys.modules:
            outer = with_span(outer, self._fields)
        try:
            if level not in STATUS_OF:
                level, context = "error", {**context, "given_level": level}
            quick = self._quick
            if quick is None or quick.seen is not seen.now:
                self._quick = quick = Quick(self._fields)
            source = (
                context.get("source", outer.get("source", quick.source))
                if outer
                else context.get("source", quick.source)
            )
            if type(source) is not str:
                source = text_of(source)
            if not self._emitter.emits(level, source, message):
                return
            if self._emit_line is not None and not outer:
                line = quick.line(level, message, context)
            if line is None:
                record = quick.record(level, message, outer, context)
                if record is None:
                    record = build(level, message, merge(self._fields, outer, context))
        except Exception as error:  # nothing that a caller hands over may raise into the application
            line, record = None, build_least(level, message, {**self._fields, **outer, **context}, error)
        if record is not None:
            self._emitter.emit(record)
        elif line is not None and self._emit_line is not None:
            self._emit_line(line, level)


def _facts(context: Any) -> dict[Any, object]:
    """The facts as a dictionary that is ours alone; what is no mapping, or a broken one, is a fact itself."""
    try:
        return dict(context)
    except Exception:
        return {"context": context}


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
