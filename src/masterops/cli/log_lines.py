"""
Log records as lines for people, and in words what the filters hide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from masterops.cli import look
from masterops.cli.values import count, local, milliseconds
from masterops.logs import short_value
from masterops.reports import Hidden, LogRow, Step

COLOURS = {"debug": "2", "info": "36", "warn": "33", "error": "1;31"}
GAP = "  "
INDENT = "  "
DEEPEST = 12  # levels that are shown as such; a line has to have room for its message


def line(row: LogRow, *, ids: bool = False, before: int = 0) -> str:
    """
    `2026-11-24 14:03:07  ERROR  hubspot/teelixir  hubspot.contacts.get  132 ms  error=...`, cut to fit behind
    `before` columns.
    """
    full = look.width()
    room = None if full is None else full - before
    where = where_of(row)
    # A narrow terminal needs its room for the message.
    head = [moment(row.created_at, room), level(row), f"{where:<26}" if room is None or room >= 80 else where]
    return _fitted([*([row.id] if ids else []), *head, *what(row)], row, room)


def thread_line(step: Step) -> str:
    """`  +132 ms  INFO   hubspot.contacts.get  98 ms  ...`: how long after the start, indented by depth."""
    offset = f"+{milliseconds(step.offset_ms)}"
    inside = INDENT * min(step.depth, DEEPEST)
    message, *rest = what(step.row)
    parts = [f"{offset:>11}", level(step.row), inside + message, where_of(step.row), *rest]
    return _fitted(parts, step.row, look.width())


def marked_line(row: LogRow, mark: bool, *, ids: bool = False) -> str:
    """A line among its neighbours, the one that was asked for with a mark."""
    return f"{look.paint('>', '1;36') if mark else ' '} {line(row, ids=ids, before=2)}"


def hidden_words(shown: int, hidden: Sequence[Hidden], options: Mapping[str, str]) -> str:
    """`0 records. Without --level error: 1,204; without --since 2h: more than 10,000.`"""
    parts = [f"without {options[each.filter]}: {_how_many(each)}" for each in hidden]
    sentence = "; ".join(parts)
    return f"{shown:,} record{'' if shown == 1 else 's'}. {sentence[:1].upper()}{sentence[1:]}."


def moment(at: datetime, room: int | None) -> str:
    """As much of a moment, in the reader's time zone, as there is room for."""
    form = (
        "%Y-%m-%d %H:%M:%S" if room is None or room >= 100 else "%m-%d %H:%M:%S" if room >= 80 else "%H:%M:%S"
    )
    return local(at).strftime(form)


def level(row: LogRow) -> str:
    """`ERROR`, padded."""
    return f"{row.level.upper():<5}"


def where_of(row: LogRow) -> str:
    """The connection, else the business, else the source."""
    return row.integration_id or row.business_id or row.source


def what(row: LogRow) -> list[str]:
    """The message, how long it took, and the details."""
    took = milliseconds(row.duration_ms) if row.duration_ms is not None else ""
    details = facts(row.details_json or {})
    return [row.message, *(part for part in (took, details) if part)]


def facts(details: dict[str, Any]) -> str:
    """The details as `key=value`, the error first."""
    ordered = sorted(details.items(), key=lambda item: item[0] != "error")
    return " ".join(f"{key}={short_value(value)}" for key, value in ordered if value not in (None, [], {}))


def _fitted(parts: list[str], row: LogRow, room: int | None) -> str:
    text = look.one_line(GAP.join(parts))
    if room is not None:
        text = look.cut(text, room)
    shown = level(row)
    return text.replace(shown, look.paint(shown, COLOURS[row.level]), 1) + "\n"


def _how_many(each: Hidden) -> str:
    if each.records is None:
        return "too many to count in time"
    return f"more than {count(each.records)}" if each.more else count(each.records)
