"""
When a token ends, where it says so itself: the keys of n8n and Supabase are JSON Web Tokens.

Nothing is verified: whoever holds a token may read it, and only its service can tell whether it is good.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

PARTS = 3


def expires_at(token: str) -> datetime | None:
    """The moment; None for a token that does not say, or is no such token."""
    parts = token.split(".")
    if len(parts) != PARTS:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return None
