"""
Which log records are wanted, and how that is asked in SQL.

Pure. Each filter is a condition of its own, so that one can be left out to see what it hides.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

COLUMNS = (
    "created_at, id, level, status, source, service, operation, message, details_json, duration_ms,"
    " business_id, integration_id, workflow_id, trace_id"
)
LEVELS = ["debug", "info", "warn", "error"]
# A record names its business by slug or by id.
OF_BUSINESS = "business_id IN (SELECT %s UNION ALL SELECT key FROM ops.business_keys WHERE slug = %s)"


class LogFilter(msgspec.Struct, frozen=True):
    """
    Which records: `level` is the lowest one wanted, `since` the oldest moment, `until` the one after the
    newest.

    `search` is a part of the message or of the details, in upper or lower case, taken as it stands: no word
    of it is left out or split, so that `order-1042` finds just that.
    """

    source: str | None = None
    level: str | None = None
    business: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    connection: str | None = None
    operation: str | None = None
    trace: str | None = None
    search: str | None = None

    def without(self, name: str) -> LogFilter:
        """The same, but for one filter."""
        return msgspec.structs.replace(self, **{name: None})

    @property
    def given(self) -> list[str]:
        """The names of the filters that are set."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]


class LogRow(msgspec.Struct, frozen=True):
    """
    One row of `integration_logs`. `duration_ms` is in milliseconds, `created_at` is when it ended.
    """

    created_at: datetime
    id: str
    level: str
    status: str
    source: str
    message: str
    service: str | None = None
    operation: str | None = None
    details_json: dict[str, Any] | None = None
    duration_ms: float | None = None
    business_id: str | None = None
    integration_id: str | None = None
    workflow_id: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """
    A condition and its parameters.
    """

    sql: str
    values: Sequence[object]


def where(wanted: LogFilter) -> Where:
    """All conditions at once. Those that an index answers come first, and the search last."""
    parts = [_condition(name, getattr(wanted, name)) for name in wanted.given]
    sql = " AND ".join(["true", *(part.sql for part in parts)])
    return Where(sql, [value for part in parts for value in part.values])


def _condition(name: str, value: Any) -> Where:
    match name:
        case "level":
            return Where("level = ANY(%s)", [LEVELS[LEVELS.index(value) :]])
        case "business":
            return Where(OF_BUSINESS, [value, value])
        case "since":
            return Where("created_at >= %s", [value])
        case "until":
            return Where("created_at < %s", [value])
        case "search":
            return _search(value)
    column = {"connection": "integration_id", "trace": "trace_id"}.get(name, name)
    return Where(f"{column} = %s", [value])


def _search(text: str) -> Where:
    # In the details it stands as JSON writes it, with its quotes and backslashes escaped.
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return Where("(message ~ %s OR details_json::text ~ %s)", [pattern_of(text), pattern_of(inside)])


def pattern_of(text: str) -> str:
    """
    A regular expression of PostgreSQL's that finds `text` in upper or lower case.

    Both are spelt out: what ILIKE and ~* make of a letter such as ü depends on the database's locale.
    """
    return "".join(_either(letter) for letter in text)


def _either(letter: str) -> str:
    forms = {each for each in (letter, letter.lower(), letter.upper()) if len(each) == 1}
    if len(forms) > 1:
        return f"[{''.join(sorted(forms))}]"
    return letter if letter.isalnum() or letter == " " or not letter.isascii() else f"\\{letter}"


def row_of(row: dict[str, Any]) -> LogRow:
    """A row of the database as ours."""
    took = row["duration_ms"]
    return LogRow(
        **{name: row[name] for name in LogRow.__struct_fields__ if name not in ("id", "duration_ms")},
        id=str(row["id"]),
        duration_ms=None if took is None else float(took),
    )
