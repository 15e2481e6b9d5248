"""
The standard library's logging, carried into the same pipeline.

    logging.getLogger().addHandler(Bridge(log))
"""

from __future__ import annotations

import logging
from typing import Any

from masterops.logs.logger import Logger
from masterops.logs.record import Level
from masterops.logs.redact import readable, text_of

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Bridge(logging.Handler):
    """
    A handler that turns each `logging.LogRecord` into one of ours: extras become details, exceptions too.
    """

    def __init__(self, logger: Logger, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; a broken format string is written as it stands instead of raising."""
        extra: dict[Any, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            extra["error"] = record.exc_info[1]
        facts = {**extra, "logger": record.name, "line": f"{record.pathname}:{record.lineno}"}
        self._logger.write(_level(record.levelno), _message(record), facts)


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
