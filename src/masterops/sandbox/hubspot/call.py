"""
One request as HubSpot's actions see it: already routed, not yet understood.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from masterops.sandbox.hubspot import problems

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """
    Method, the path's variable parts, the query as it came, the body, and the address for links.
    """

    method: str
    parts: tuple[str, ...]
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    address: str = ""
    version: str = ""  # as it stands in the path: 2026-03, v3

    @property
    def dated(self) -> bool:
        """Whether a dated path was used, not a legacy one."""
        return not self.version.startswith("v")

    def asked(self) -> dict[str, list[str]]:
        """The query's values by name."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    def json(self, type: type[T]) -> T:
        """The body as `type`. Raises Refusal: 415 for another media type, 400 for anything unreadable."""
        if self.content_type.partition(";")[0].strip().lower() != "application/json":
            raise problems.Refusal(415, "HTTP 415 Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE")
        try:
            return msgspec.json.decode(self.body, type=type)
        except msgspec.ValidationError as error:
            raise problems.invalid(f"Invalid input JSON: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise problems.invalid(f"Invalid input JSON on line 1: {error}") from None


def names(asked: dict[str, list[str]], parameter: str) -> list[str] | None:
    """A list parameter, repeated or with commas; None when it is absent or empty."""
    given = [name for value in asked.get(parameter, []) for name in value.split(",") if name.strip()]
    return [name.strip() for name in given] or None


def truth(asked: dict[str, list[str]], parameter: str) -> bool:
    """A boolean parameter, false when absent."""
    return asked.get(parameter, ["false"])[-1].lower() == "true"


def number(value: object, parameter: str, *, least: int, most: int, otherwise: int) -> int:
    """A whole number within bounds. Raises Refusal."""
    if value is None:
        return otherwise
    text = str(value)
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
    if found is None or not least <= found <= most:
        message = f"{parameter} must be a whole number from {least} to {most}, not {text!r}."
        raise problems.invalid(message, **{parameter: text})
    return found


def last(asked: dict[str, list[str]], parameter: str) -> str | None:
    """A single parameter; the last one counts."""
    return asked[parameter][-1] if parameter in asked else None


def strings(value: Any) -> list[str] | None:
    """A list of names from a body; None when absent or empty."""
    return [str(each) for each in value] if value else None
