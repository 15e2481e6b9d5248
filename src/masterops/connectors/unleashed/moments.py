"""
Moments as Unleashed writes them: `/Date(1764460800000)/`, milliseconds since 1970 in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# The offset that may follow says where somebody was; the milliseconds are UTC all the same.
_WRITTEN = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/")
_EPOCH = (1970, 1, 1)


class Moment(datetime):
    """
    A moment of a record: a datetime in UTC.
    """

    @classmethod
    def from_wire(cls, text: object) -> Moment:
        """Read `/Date(...)/` or ISO 8601. Raises ValueError for anything else."""
        if not isinstance(text, str):
            raise ValueError("a moment is a text")
        found = _WRITTEN.fullmatch(text)
        if found is None:
            read = cls.fromisoformat(text)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        try:
            return cls(*_EPOCH, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
        except OverflowError:
            raise ValueError("a moment beyond the year 9999") from None


def asked(moment: datetime) -> str:
    """A moment for `modifiedSince`: UTC, the second that it is in."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def whole(moment: datetime) -> datetime:
    """The millisecond that a moment is in: Unleashed's records tell no finer time."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
