"""
One record out of a message and its context: whatever they are.

`quick.py` does the same for what is usual, at a third of the price.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Mapping
from typing import Any, cast

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs.record import LONGEST_MESSAGE, LONGEST_NAME, Level, LogRecord, Status, clean_text
from masterops.logs.redact import LONGEST_TEXT, redact, redact_text, text_of

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
# Two words for one column: the inner one is meant, whichever of the two it is.
ALIASES = {
    key: other
    for key, column in COLUMNS.items()
    for other in COLUMNS
    if other != key and COLUMNS[other] == column
}
STATUS_OF: dict[str, Status] = {"debug": "info", "info": "info", "warn": "warning", "error": "error"}
MOST_GROUPED = 300  # exceptions of groups that are formatted: each takes a third of a millisecond
STATUSES = frozenset({"info", "success", "warning", "error"})


def merge(*layers: Mapping[Any, object]) -> dict[Any, object]:
    """The context of one record out of what the logger, the task and the call say; inner ones win."""
    fields: dict[Any, object] = {}
    for layer in layers:
        for key in ALIASES.keys() & layer.keys():
            fields.pop(ALIASES[key], None)
        fields.update(layer)
    return fields


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
        message=clean_text(redact_text(text_once(message)), LONGEST_MESSAGE),
        details_json=redact(details),
        **columns,
    )


def build_least(level: object, message: object, fields: Mapping[Any, object], error: Exception) -> LogRecord:
    """What can always be said: the message, what went wrong, and of which type each fact was."""
    known = cast("Level", level) if isinstance(level, str) and level in STATUS_OF else "error"
    types = {text_once(key): type(value).__name__ for key, value in fields.items()}
    return build(known, text_once(message), {"log_error": type(error).__name__, "types": types})


def text_once(value: object) -> str:
    """A text as it is, anything else as text."""
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
    elif text := redact_text(text_once(value)):  # an empty one says nothing, and no source may be empty
        columns[column] = clean_text(text, LONGEST_NAME)
        if len(text) > LONGEST_NAME:
            details[key] = text


def _explain_exception(details: dict[str, Any]) -> None:
    given = details.pop("exc_info", None)
    if isinstance(given, tuple) and len(given) == 3:  # as sys.exc_info() has it
        given = given[1]
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
        shown["traceback"] = _both_ends(_traceback(error))
    return shown


def _traceback(error: BaseException) -> str:
    """The whole chain; where groups hold more than anybody reads, the lines of the error itself."""
    if not _holds_too_many(error):
        return "".join(traceback.format_exception(error))
    own = "".join(traceback.format_tb(error.__traceback__))
    group = error if isinstance(error, BaseExceptionGroup) else None
    first = [f"  {type(each).__name__}: {text_of(each)}\n" for each in group.exceptions[:15]] if group else []
    what = f"{type(error).__name__}: {text_of(error)}\n"
    return f"{own}{what}more than {MOST_GROUPED} in groups:\n{''.join(first)}"


def _holds_too_many(error: BaseException) -> bool:
    """Whether groups hold so many, each counted as often as it is in one: every one would be formatted."""
    waiting, count, grouped = [error], 0, False
    while waiting and count <= MOST_GROUPED:
        each = waiting.pop()
        count += 1
        if isinstance(each, BaseExceptionGroup):
            grouped = True
            waiting += each.exceptions[: MOST_GROUPED + 1]
        waiting += [cause for cause in (each.__cause__, each.__context__) if cause is not None]
    return grouped and count > MOST_GROUPED


def _both_ends(text: str) -> str:
    """A traceback says what happened at its end, and where it began at its beginning."""
    half = LONGEST_TEXT // 2 - 100
    if len(text) <= 2 * half:
        return text
    return f"{text[:half]}\n… [{len(text) - 2 * half} characters cut]\n{text[-half:]}"
