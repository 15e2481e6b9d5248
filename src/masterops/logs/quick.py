"""
One record out of a message and its context, for what is usual: known keys with plain values.

What a logger always says is made ready once, and what was found harmless (seen.py) is not looked at
again. The most usual of all, a message with facts of its own, is written as a line without being a record
first. Anything unusual is left to `build`, with which both agree in every record that they make.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs import choice, seen
from masterops.logs.build import ALIASES, COLUMNS, STATUS_OF, STATUSES, build, text_once
from masterops.logs.record import (
    LONGEST_LINE,
    LONGEST_MESSAGE,
    LONGEST_NAME,
    Level,
    LogRecord,
    clean_text,
    encode_plain,
)
from masterops.logs.redact import is_harmless_key, is_told, redact, redact_text, redact_unseen
from masterops.logs.stamp import stamp

SLOTS = {name: place for place, name in enumerate(LogRecord.__struct_fields__)}
ID, CREATED_AT, SOURCE, LEVEL = SLOTS["id"], SLOTS["created_at"], SLOTS["source"], SLOTS["level"]
STATUS, MESSAGE, DETAILS, DURATION = (
    SLOTS["status"],
    SLOTS["message"],
    SLOTS["details_json"],
    SLOTS["duration_ms"],
)
TEXTS = {key: SLOTS[column] for key, column in COLUMNS.items() if column not in ("status", "duration_ms")}
SIMPLE = (str, int, float, bool, type(None))
OWN_WAY = frozenset({"exc_info", *COLUMNS})
NO_ID, NO_TIME = UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC)
BEFORE = b'{"to":"integration_logs","id":"%b","created_at":"2000-01-01T00:00:00Z"' % str(NO_ID).encode()
BEFORE_DETAILS = b'{"to":"integration_logs","id":"%b%012x","created_at":"%b%03dZ"%b'
LINE = BEFORE_DETAILS + b',"details_json":%b}\n'
MOST_MIDDLES = 256
BOTH, ONLY_BOOLEANS = frozenset({int, bool}), frozenset({bool})


class Quick:
    """
    The fixed fields of a logger, ready to be written; `seen` is what that was decided by.
    """

    __slots__ = ("_details", "_middles", "_numbers", "_plain", "_row", "seen", "source")

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.seen = seen.now  # before all else: see `seen.forget`
        self._numbers = ONLY_BOOLEANS if choice.hides_numbers() else BOTH
        self._plain = _plain(fields)
        record = build("info", "", fields if self._plain else {})
        self._plain = self._plain and not COLUMNS.keys() & record.details_json.keys()
        self._details = record.details_json
        self._row = [getattr(record, name) for name in LogRecord.__struct_fields__]
        if fields.get("status") is None:
            self._row[STATUS] = None  # follows from the level
        # level -> message -> what stands between the time and the details; as few as messages that were seen
        self._middles: dict[str, dict[str, bytes]] = {level: {} for level in STATUS_OF}
        # As it is given: thresholds are set for sources as programs call them.
        self.source = fields.get("source")

    def line(self, level: Level, message: object, context: Mapping[Any, Any]) -> bytes | None:
        """
        The record's line, as `encode` makes it of the record; None where something is not most usual.

        The context becomes the details as it is, so it has nothing in it that would have to be changed.
        """
        middle = self._middles[level].get(message) if type(message) is str else None
        if middle is None and (middle := self.middle(level, message)) is None:
            return None
        known, numbers = self.seen, self._numbers
        texts, keys = known.texts, known.keys
        for key, value in context.items():
            if key not in keys:
                return None
            kind = type(value)
            if kind is str:
                if value not in texts and (len(value) > LONGEST_NAME or redact_unseen(value) != value):
                    return None
            elif kind not in numbers and not (kind is float and value - value == 0.0):
                return None
        details = encode_plain({**self._details, **context} if self._details else context)
        if details is None or len(details) + len(middle) > LONGEST_LINE // 2:
            return None
        before, number, moment, microsecond = stamp()
        return LINE % (before, number, moment, microsecond, middle, details)

    def middle(self, level: Level, message: object) -> bytes | None:
        """What lies between the time and the details; None for a message not yet seen to be harmless."""
        if not self._plain or type(message) is not str or message not in self.seen.texts:
            return None
        row = self._row.copy()
        row[ID], row[CREATED_AT] = NO_ID, NO_TIME
        row[LEVEL], row[MESSAGE], row[DETAILS] = level, message, {}
        if row[STATUS] is None:
            row[STATUS] = STATUS_OF[level]
        line = encode_plain(LogRecord(*row))
        if line is None or not line.startswith(BEFORE):
            return None
        middles = self._middles[level]
        if len(middles) >= MOST_MIDDLES:
            middles.clear()
        middles[message] = middle = line[len(BEFORE) : -1]
        return middle

    def record(
        self, level: Level, message: object, outer: Mapping[str, object], context: Mapping[Any, object]
    ) -> LogRecord | None:
        """The record; None where something is not usual."""
        if not self._plain:
            return None
        row, details = self._row.copy(), self._details.copy()
        texts = self.seen.texts
        if outer and not self._fill(row, details, outer):
            return None
        if not self._fill(row, details, context):
            return None
        if type(message) is not str or message not in texts:
            message = clean_text(redact_text(text_once(message)), LONGEST_MESSAGE)
        row[ID], row[CREATED_AT] = uuid7(), clock.now()
        row[LEVEL], row[MESSAGE], row[DETAILS] = level, message, details
        if row[STATUS] is None:
            row[STATUS] = STATUS_OF[level]
        return LogRecord(*row)

    def _fill(self, row: list[Any], details: dict[str, Any], layer: Mapping[Any, Any]) -> bool:
        """Whether all of `layer` could be put into its places. One loop without calls: this is the price."""
        known, numbers = self.seen, self._numbers
        texts, keys = known.texts, known.keys
        for key, value in layer.items():
            kind = type(value)
            if key in keys:
                if kind is str:
                    details[key] = value if value in texts else redact_unseen(value)
                elif kind in numbers or (kind is float and value - value == 0.0):
                    details[key] = value
                elif value is None:
                    details.pop(key, None)
                elif key == "error":  # may be an exception
                    return False
                else:
                    details[key] = redact(value, 1)
            elif kind is str and key in TEXTS:
                if not value or len(value) > LONGEST_NAME:
                    return False
                if value not in texts:
                    value = clean_text(redact_text(value))
                    if not 0 < len(value) <= LONGEST_NAME:
                        return False
                row[TEXTS[key]] = value
            elif key == "duration_ms" and (kind is float or kind is int) and 0 <= value < 1e15:
                row[DURATION] = float(value)
            elif key == "status" and kind is str and value in STATUSES:
                row[STATUS] = value
            else:
                if type(key) is str and key not in OWN_WAY and is_harmless_key(key):
                    seen.keep(keys, key)  # for the next time
                return False
        return True


def _plain(fields: Mapping[str, object]) -> bool:
    """Whether fixed fields can be made ready once: they cannot change, and each stands for itself alone."""
    return (
        all(type(value) in SIMPLE and not is_told(key) for key, value in fields.items())
        and fields.get("exc_info") is None
        and not any(one in fields and other in fields for one, other in ALIASES.items())
    )
