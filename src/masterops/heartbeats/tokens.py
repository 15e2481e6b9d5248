"""
The secret part of a heartbeat's address. Only its hash is kept: with 132 bits nobody finds it by trying.
"""

from __future__ import annotations

import hashlib
import secrets

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"  # none that look alike
LENGTH = 24


def new_token() -> str:
    """One that nobody has had before."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def digest(token: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
