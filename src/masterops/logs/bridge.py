"""
What other libraries say, carried into the same pipeline: `logging`, `warnings`, structlog.

    logging.getLogger().addHandler(Bridge(log))
    WarningsBridge(log).install()
    structlog.configure(processors=[..., StructlogProcessor(log)])
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Mapping
from typing import Any, NoReturn, TextIO

from masterops.logs.logger import Logger
from masterops.logs.record import Level
from masterops.logs.redact import readable, text_of

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
# The names of structlog's methods; `log` and `msg` come with a number or say nothing of the level.
_LEVEL_OF: dict[str, Level] = {
    "debug": "debug",
    "warn": "warn",
    "warning": "warn",
    "error": "error",
    "err": "error",
    "exception": "error",
    "critical": "error",
    "fatal": "error",
    "failure": "error",
}


class Bridge(logging.Handler):
    """
    A handler that turns each `logging.LogRecord` into one of ours: extras become columns and details.
    """

    def __init__(self, logger: Logger, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; a broken format string is written as it stands instead of raising."""
        extra: dict[Any, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            extra["error"] = record.exc_info[1]
        if record.stack_info:
            extra["stack"] = record.stack_info
        facts = {**extra, "logger": record.name, "line": f"{record.pathname}:{record.lineno}"}
        self._logger.write(_level(record.levelno), _message(record), facts)


class WarningsBridge:
    """
    Writes what `warnings.warn` would print, while it is installed: once for the process, or as a block.
    """

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._before: Any = None  # a function with the signature of `_show`

    def install(self) -> None:
        """From now on; which warnings there are is still up to Python's filters."""
        if self._before is None:
            self._before, warnings.showwarning = warnings.showwarning, self._show

    def remove(self) -> None:
        """Print them again as before."""
        if self._before is not None:
            warnings.showwarning, self._before = self._before, None

    def __enter__(self) -> WarningsBridge:
        self.install()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is not None and self._before is not None:  # somebody wants it in a file of theirs
            self._before(message, category, filename, lineno, file, line)
            return
        facts = {"category": category.__name__, "line": f"{filename}:{lineno}"}
        self._logger.write("warn", text_of(message), facts)


class StructlogProcessor:
    """
    The last of structlog's processors: writes the event and ends its way there.

    structlog's own context, bound or in contextvars, becomes columns and details.
    """

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def __call__(self, wrapped: object, method: str, event: Mapping[str, Any]) -> NoReturn:
        """Write one event. Raises structlog's DropEvent, which tells structlog that it is done."""
        facts = dict(event)
        message = facts.pop("event", "")
        said = facts.pop("level", None)
        level = _LEVEL_OF.get(method) or _LEVEL_OF.get(said if isinstance(said, str) else "") or "info"
        if method == "exception":
            facts.setdefault("exc_info", True)
        self._logger.write(level, message, facts)
        raise sys.modules[
            "structlog"
        ].DropEvent  # it calls us, so it is there; it is never imported from here


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # whatever the formatting of somebody's arguments raises
        return f"{text_of(record.msg)} {readable(record.args)}"


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
