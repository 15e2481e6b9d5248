"""
JSON without loss: a number with a fraction is a Decimal, both when it is read and when it is written.

A float would round `numeric` columns, and a Decimal written as text would turn a number inside a json column
into a word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from masterops import errors
from masterops.transport import Content

Row = dict[str, Any]

_ENCODE = msgspec.json.Encoder(decimal_format="number").encode
_ROWS = msgspec.json.Decoder(list[Row], float_hook=Decimal).decode
_ANY = msgspec.json.Decoder(float_hook=Decimal).decode
_UNSENDABLE = (msgspec.EncodeError, TypeError, ValueError, OverflowError, RecursionError)


def rows_of(body: bytes) -> list[Row]:
    """The rows of an answer. Raises a DecodeError for anything else."""
    return _ROWS(body)


def value_of(body: bytes) -> Any:
    """Whatever an answer holds; None for an empty one."""
    return _ANY(body) if body else None


def text_of(value: object) -> str:
    """A value as JSON text."""
    return _ENCODE(value).decode()


def content(value: object, operation: str) -> Content:
    """The body of a request. Raises BadValue for what JSON cannot hold."""
    try:
        return Content(_ENCODE(value), "application/json")
    except _UNSENDABLE as error:
        kind = type(value).__name__  # not the value itself: it may hold anything
        raise errors.BadValue(value=kind, kind=f"body of {operation}", reason=f"{error}.") from None


def sendable(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows with what JSON has no number for written as PostgreSQL writes it: NaN and the infinities."""
    return [{name: _number(value) for name, value in row.items()} for row in rows]


def _number(value: Any) -> Any:
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
