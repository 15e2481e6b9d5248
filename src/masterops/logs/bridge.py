"""
The standard library's logging, carried into the same pipeline.

    logging.getLogger().addHandler(Bridge(log))
"""

from __future__ import annotations

import logging

from masterops.logs.logger import Logger
from masterops.logs.record import Level

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
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = f"{record.msg} {record.args!r}"
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            extra["error"] = record.exc_info[1]
        context = {**extra, "logger": record.name, "line": f"{record.pathname}:{record.lineno}"}
        self._logger.log(_level(record.levelno), message, **context)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"
