"""
Keeping secrets out of everything that is written down.

Two nets: by the name of the key, and by the shape of the text. Both run before a record leaves the
process, so that no file, row or screen ever holds what they catch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

REDACTED = "***"
SHORTEST_SECRET = 8  # no shape below is shorter, and most values of a log record are
DEEPEST = 12
_PLAIN = (datetime, date, timedelta, UUID, Decimal)

SECRET_KEY = re.compile(
    r"(?:^|[-_.])(?:password|passwd|pwd|secret|token|authorization|cookie|credential|credentials|signature|jwt"
    r"|api[-_]?key|apikey|access[-_]?key|private[-_]?key|service[-_]?role[-_]?key|client[-_]?secret)s?$",
    re.IGNORECASE,
)

SECRET_SHAPES = re.compile(
    r"(?P<keep>\b(?:Bearer|Basic|Token)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?P<keep2>://[^/\s:@]+:)[^@/\s]+(?=@)"  # the password in a URL
    r"|(?P<keep3>[?&](?:access_token|api_key|apikey|key|token|sig|signature|secret|password)=)[^&\s\"']+"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JSON web token
    r"|\bpat-[a-z]{2,3}\d?-[0-9a-f-]{8,}"  # HubSpot private app
    r"|\bsb[ps]_(?:secret_|publishable_)?[A-Za-z0-9_]{10,}|\bsb_(?:secret|publishable)_[A-Za-z0-9_-]{10,}"
    r"|\bshp(?:at|ca|pa|ss)_[A-Za-z0-9]{10,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
)


def redact_text(text: str) -> str:
    """The same text with everything that looks like a secret replaced by `***`."""
    return SECRET_SHAPES.sub(_keep_prefix, text)


def _keep_prefix(match: re.Match[str]) -> str:
    prefix = match["keep"] or match["keep2"] or match["keep3"] or ""
    return prefix + REDACTED


def redact(value: Any, depth: int = 0) -> Any:
    """
    The same value as plain data, with secrets replaced by key and by shape; nothing given is changed.

    What JSON does not know is turned into text first, so that nothing slips past inside an object.
    """
    if value is None or isinstance(value, (bool, int, _PLAIN)):
        return value
    if isinstance(value, str):
        return redact_text(value) if len(value) >= SHORTEST_SECRET else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= DEEPEST:
        return f"<{type(value).__name__}, deeper than {DEEPEST}>"
    if isinstance(value, Mapping):
        return {str(key): _redact_item(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(item, depth + 1) for item in value]
    return redact_text(readable(value))


def _redact_item(key: str, item: Any, depth: int) -> Any:
    return REDACTED if item and SECRET_KEY.search(key) else redact(item, depth)


def readable(value: object) -> str:
    """How a value that JSON does not know is shown; one that cannot even be shown names its type."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "backslashreplace")
    try:
        return repr(value)
    except Exception as error:  # a caller's broken __repr__ must not break the caller
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"
