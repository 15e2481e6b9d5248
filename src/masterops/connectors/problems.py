"""
Reading a service's error body, which may be anything: a proxy's page, half a document, fields of other types.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.transport import Reply


def body_of(reply: Reply) -> Any:
    """The decoded JSON of an answer, or None where it is none. Never raises."""
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def text_at(body: object, place: str) -> str:
    """The text that stands at a dotted place, as in `error.message`; empty where there is none."""
    for name in place.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else ""
