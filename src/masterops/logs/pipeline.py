"""
Where a process's records go: threshold, spool, console.

There is one default pipeline a process, as there is one root logger in the standard library, so that
`masterops.get_logger` works in any file without anything being handed around.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from masterops.errors import BadValue
from masterops.logs.build import build
from masterops.logs.console import paint
from masterops.logs.limits import Limiter, Limits, Suppressed
from masterops.logs.logger import Logger
from masterops.logs.losses import Counts, total_of
from masterops.logs.otlp import OtlpExport
from masterops.logs.record import LEVELS, ApiMetric, LogRecord, decode, encode
from masterops.logs.spool import Policy, Spool

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter

Console = Literal["off", "auto", "pretty", "json"]


class Pipeline:
    """
    Takes records and returns when they are safe in the spool.
    """

    _limiter: Limiter | None = None
    # Public: is handed each log record once it is safe. May be set at run time.
    export: OtlpExport | None = None

    def __init__(
        self,
        folder: Path,
        *,
        level: str = "info",
        levels: Mapping[str, str] | None = None,
        console: Console = "off",
        stream: TextIO | None = None,
        policy: Policy | None = None,
    ) -> None:
        self.spool = Spool(folder, policy, notice=_say_lost)
        # Public: source -> its own threshold; may be changed at run time like `level`.
        self.levels: dict[str, str] = dict(levels or {})
        for each in self.levels.values():
            _threshold(each)
        self._stream = stream
        self._console = console
        self.level = level

    @property
    def level(self) -> str:
        """The threshold; may be changed at run time."""
        return self._level

    @level.setter
    def level(self, level: str) -> None:
        self._threshold = _threshold(level)
        self._level = level

    @property
    def folder(self) -> Path:
        """Where the segments lie."""
        return self.spool.folder

    @property
    def lost(self) -> int:
        """Records that this process could not keep since its start."""
        return self.spool.lost

    def logger(self, /, **fields: object) -> Logger:
        """A logger with fixed fields."""
        return Logger(self, **fields)

    @property
    def limits(self) -> Limits:
        """How much one event may say, at most; none at first. May be changed at run time."""
        return self._limiter.limits if self._limiter else Limits()

    @limits.setter
    def limits(self, limits: Limits) -> None:
        if limits != self.limits:
            self.tell_suppressed()
            self._limiter = Limiter(limits, self._say_suppressed) if limits != Limits() else None

    def emits(self, level: str, source: str, message: object) -> bool:
        """Whether a record of this level and source passes the threshold, and its event's limits."""
        threshold = self._threshold
        if self.levels:
            threshold = LEVELS.get(self.levels.get(source, ""), threshold)
        if LEVELS[level] < threshold:
            return False
        limiter = self._limiter
        return limiter is None or limiter.admits(level, message)

    def export_by_otlp(self, exporter: Callable[[], LogRecordExporter] | None) -> None:
        """From now on hand each record to what `exporter` makes as well; None ends it."""
        before, self.export = self.export, OtlpExport(exporter, self._say_not_sent) if exporter else None
        if before is not None:
            before.close()

    def tell_suppressed(self) -> None:
        """Write how many records the limits have suppressed since that was last written."""
        if self._limiter is not None:
            self._limiter.close()

    def _say_not_sent(self, count: int) -> None:
        self.spool.append(encode(build("warn", "logs.not_exported", {"count": count})))

    def _say_suppressed(self, suppressed: Suppressed) -> None:
        facts = {
            "event": suppressed.event,
            "level": suppressed.level,
            "count": suppressed.count,
            "seconds": round(suppressed.seconds, 1),
        }
        self.emit(build("warn", "logs.suppressed", facts))

    def emit(self, record: LogRecord) -> None:
        """Write one log record into the spool, and to the console where one is wanted."""
        line = encode(record)
        self.spool.append(line, record.level)
        if self.export is not None or self._console != "off":
            self._pass_on(record, line)

    def emit_line(self, line: bytes, level: str) -> None:
        """The same for a record of this level that is a line already."""
        self.spool.append(line, level)
        if self.export is not None or self._console != "off":
            record = decode(line)
            assert isinstance(record, LogRecord)
            self._pass_on(record, line)

    def _pass_on(self, record: LogRecord, line: bytes) -> None:
        export = self.export
        if export is not None:
            export(record)
        if self._console != "off":
            self._show(record, line)

    def measure(self, metric: ApiMetric) -> None:
        """Write one row of `api_metrics` into the spool."""
        self.spool.append(encode(metric), "metric")

    def measure_line(self, line: bytes) -> None:
        """The same for a row that is a line already."""
        self.spool.append(line, "metric")

    def emit_both(self, metric: bytes, record: bytes, level: str) -> None:
        """The same for a row and a log record of this level, in one write where that is possible."""
        self.spool.append_both(metric, record, level)
        if self.export is not None or self._console != "off":
            found = decode(record)
            assert isinstance(found, LogRecord)
            self._pass_on(found, record)

    def close(self) -> None:
        """Finish the open segment."""
        self.tell_suppressed()
        if self.export is not None:
            self.export.close()
        self.spool.close()

    def _show(self, record: LogRecord, line: bytes) -> None:
        stream = self._stream or sys.stderr
        pretty = self._console == "pretty" or (self._console == "auto" and stream.isatty())
        try:
            stream.write(paint(record, colour=stream.isatty()) if pretty else line.decode())
            stream.flush()
        except (OSError, ValueError):  # a closed or broken terminal must not stop the application
            self._console = "off"
        except RuntimeError:  # a signal handler logs while the call it interrupted writes to this very stream
            pass


def _threshold(level: str) -> int:
    if level not in LEVELS:
        raise BadValue(kind="log level", value=level, reason=f"one of {', '.join(LEVELS)} is")
    return LEVELS[level]


def _say_lost(counts: Counts) -> bytes:
    return encode(build("error", "logs.lost", {"lost": total_of(counts), "reasons": counts}))


_default: Pipeline | None = None


def default_pipeline() -> Pipeline | None:
    """The pipeline of this process, once somebody has set one."""
    return _default


def set_default_pipeline(pipeline: Pipeline | None) -> None:
    """Make `pipeline` the one that `masterops.get_logger` writes to."""
    global _default
    _default = pipeline
