"""
One request as n8n's actions see it, and how its lists are paged.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from masterops.sandbox.n8n.problems import Refusal, Unreadable

USUAL, MOST = 100, 250


class Call(msgspec.Struct, frozen=True):
    """
    Method, the path's variable parts, the query, the body.
    """

    method: str
    parts: tuple[str, ...] = ()
    query: str = ""
    body: bytes = b""
    content_type: str = ""

    def asked(self, name: str) -> str | None:
        """A parameter of the query; the last one counts."""
        found = parse_qs(self.query, keep_blank_values=True).get(name)
        return found[-1] if found else None

    def json(self) -> Any:
        """The body. Raises Refusal."""
        if not self.content_type:
            raise Refusal(415, "unsupported media type undefined")
        self.check_type()
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unreadable from None

    def check_type(self) -> None:
        """Raise Refusal for a type that n8n does not take, also where it needs no body."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind not in ("", "application/json"):
            raise Refusal(415, f"unsupported media type {kind}")

    def object(self) -> dict[str, Any]:
        """The body, an object. Raises Refusal."""
        found = self.json()
        if not isinstance(found, dict):
            raise Refusal(400, "request/body must be object")
        return found

    def limit(self) -> int:
        """How many are asked for; n8n cuts a larger number in silence, and gives all for none."""
        text = self.asked("limit")
        if text is None:
            return USUAL
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Refusal(400, "request/query/limit Param `limit` must be a valid integer")
        return min(int(text), MOST)

    def cursor(self) -> dict[str, Any] | None:
        """What stands in the cursor. Raises Refusal."""
        text = self.asked("cursor")
        if text is None:
            return None
        try:
            found = msgspec.json.decode(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError, msgspec.DecodeError):
            found = None
        if not isinstance(found, dict):
            raise Refusal(400, "An invalid cursor was provided")
        return found


def cursor(**fields: Any) -> str:
    """A cursor with these fields inside."""
    return base64.b64encode(msgspec.json.encode(fields)).decode()


def by_offset(call: Call, rows: Sequence[Any]) -> dict[str, Any]:
    """A page of a list, by how many are passed over."""
    held = call.cursor() or {"limit": call.limit(), "offset": 0}
    limit, offset = _whole(held, "limit"), _whole(held, "offset")
    end = offset + limit if limit else len(rows)
    more = end < len(rows)
    return {"data": rows[offset:end], "nextCursor": cursor(limit=limit, offset=end) if more else None}


def by_last_id(call: Call) -> tuple[int, int | None]:
    """How many a page of a list holds that begins with the highest id, and the id behind which it begins."""
    held = call.cursor() or {"limit": call.limit()}
    limit, last = _whole(held, "limit"), held.get("lastId")
    if last is not None and not str(last).isdigit():
        raise Refusal(400, "An invalid cursor was provided")
    return limit, int(last) if last is not None else None


def _whole(held: dict[str, Any], name: str) -> int:
    value = held.get(name)
    if not isinstance(value, int) or value < 0:
        raise Refusal(400, "An invalid cursor was provided")
    return value
