"""
Reading a Retry-After header, which servers fill with anything.

Seen in the wild: seconds, fractions, "0", a date in the past, a date in another format, a whole day.
The answer is seconds from now, never negative, or None when the header says nothing usable.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds_asked(header: str | None, *, now: datetime) -> float | None:
    """Seconds that the server asks us to wait; None when it did not say or said nonsense."""
    text = (header or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def http_date(text: str) -> datetime | None:
    """The moment that a header names, aware and in UTC; None when it names none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _until(text: str, now: datetime) -> float | None:
    moment = http_date(text)
    return max(0.0, (moment - now).total_seconds()) if moment is not None else None
