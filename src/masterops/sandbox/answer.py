"""
An answer of a twin, before it becomes HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

JSON = "application/json;charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    """
    Status, body and the headers that are particular to it.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """`value` as JSON."""
    return Answer(status, msgspec.json.encode(value), headers or {})
