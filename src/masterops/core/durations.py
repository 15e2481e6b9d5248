"""
Spans of time as people write them, and moments of the past for `--since`.

    90s  30m  2h  7d  1w  1h30m          a span
    2026-03-01  2026-03-01T09:00+10:00   a moment; without an offset it is UTC, as everything here
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from masterops.errors import BadValue

UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
SPAN = "duration"
MOMENT = "point in time"
HINT = "Write a span such as 90s, 30m, 2h, 7d, 1w or 1h30m, or a moment such as 2026-03-01T09:00Z."

# Each unit once and the larger first, so that "30m2h", which is mostly a slip, is not taken for a span.
_SPAN = re.compile("".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in UNITS), re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+")


def parse_duration(text: str) -> timedelta:
    """The span that `text` says. Raises BadValue."""
    span = _span(text, SPAN)
    if span is None:
        raise _bad(text, SPAN, _what_is_wrong(text))
    return span


def parse_since(text: str, *, now: datetime) -> datetime:
    """
    The moment that `text` says, aware and in UTC: a span counts back from `now`.

    Raises BadValue for what is neither a span nor a moment, and for a moment after `now`.
    """
    span = _span(text, MOMENT)
    moment = _back(text, span, now) if span is not None else _moment(text)
    if moment > now:
        raise _bad(text, MOMENT, "it lies in the future")
    return moment


def in_words(span: timedelta) -> str:
    """A length of time in its largest unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(0, int(span.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit or (seconds >= unit and unit > 60):
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _span(text: str, kind: str) -> timedelta | None:
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    try:
        return sum((int(match[unit] or 0) * size for unit, size in UNITS.items()), timedelta())
    except (OverflowError, ValueError):  # ValueError: Python converts no more than 4,300 digits
        raise _bad(text, kind, "it is longer than any calendar") from None


def _back(text: str, span: timedelta, now: datetime) -> datetime:
    try:
        return now.astimezone(UTC) - span
    except OverflowError:
        raise _bad(text, MOMENT, "it lies before the year 1") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _bad(text, MOMENT, _what_is_wrong(text)) from None


def _what_is_wrong(text: str) -> str:
    if not text.strip():
        return "it is empty"
    if _NUMBER.fullmatch(text.strip()):
        return "it has no unit"
    return "it cannot be read"


def _bad(text: str, kind: str, reason: str) -> BadValue:
    return BadValue(value=text, kind=kind, reason=reason, hint=HINT)
