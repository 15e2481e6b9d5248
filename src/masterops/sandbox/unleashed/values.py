"""
Values as Unleashed writes and reads them: moments as `/Date(milliseconds)/`, GUIDs, numbers that are numbers.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from masterops.sandbox.unleashed.problems import Refusal, invalid

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ASKED = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?)?")
_MOMENT = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: datetime) -> str:
    """A moment in the millisecond that it is in."""
    return f"/Date({(at - _EPOCH) // _MILLISECOND})/"


def milliseconds(text: str) -> int:
    """A moment that was written here."""
    found = _MOMENT.fullmatch(text)
    assert found is not None
    return int(found[1])


def asked_since(text: str) -> int:
    """The milliseconds of a `modifiedSince`, in UTC. Raises Refusal for anything but a day or a moment."""
    if not _ASKED.fullmatch(text):
        raise invalid(f"modifiedSince is not a date: {text!r}")
    try:
        at = datetime.fromisoformat(text[:26])
    except ValueError:
        raise invalid(f"modifiedSince is not a date: {text!r}") from None
    return (at.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND


def number(value: Any, name: str) -> float:
    """A number that is written as one, or as a text. Raises Refusal."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise Refusal(500, f"The object could not be parsed: {name}.") from None
    if not found.is_finite() or abs(found) > 10**12:
        raise invalid(f"{name} is out of range.")
    return float(found)
