"""
Keys and tokens of a project: the secret key, the publishable one, and JWTs signed with HS256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec

from masterops.sandbox import tokens

SERVICE = "supabase"
REF_LENGTH = 20


class BadToken(Exception):
    """A JWT is none, or not ours, or has run out."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.message, self.expired = message, expired


def secret_key(business: str) -> str:
    """The key that goes round row level security."""
    return tokens.token_for(SERVICE, business)


def publishable_key(business: str) -> str:
    """The key that anybody may have."""
    return f"sb_publishable_sandbox_{business}"


def access_token(business: str) -> str:
    """The personal access token for the Management API."""
    return tokens.service_key_for(SERVICE, business)


def ref_of(business: str) -> str:
    """The project's reference id: twenty small letters."""
    letters = "".join(each for each in business if each.isalpha())
    return (letters + "x" * REF_LENGTH)[:REF_LENGTH]


def jwt(business: str, role: str, **claims: Any) -> str:
    """A token of the project, as Auth makes them and as the older keys are."""
    head = _part({"alg": "HS256", "typ": "JWT"})
    signed = f"{head}.{_part({'role': role, 'iss': 'supabase', **claims})}"
    return f"{signed}.{_text(_signature(signed, business))}"


def claims_of(token: str, business: str, now: datetime) -> dict[str, Any]:
    """What a token says. Raises BadToken."""
    parts = token.split(".")
    if len(parts) != 3:
        raise BadToken(f"Expected 3 parts in JWT; got {len(parts)}")
    try:
        given = base64.urlsafe_b64decode(parts[2] + "==")
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=="), type=dict[str, Any])
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise BadToken("JWT cryptographic operation failed") from None
    if not hmac.compare_digest(given, _signature(f"{parts[0]}.{parts[1]}", business)):
        raise BadToken("No suitable key or wrong key type")
    ends = claims.get("exp")
    if isinstance(ends, int | float) and ends < now.timestamp():
        raise BadToken("JWT expired", expired=True)
    return claims


def _signature(signed: str, business: str) -> bytes:
    secret = f"jwt-secret-of-the-sandbox-{business}".encode()
    return hmac.new(secret, signed.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()


def _part(value: object) -> str:
    return _text(msgspec.json.encode(value))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
