"""
A project's keys: which kind one is, and how it is sent.

The new ones (`sb_secret_...`, `sb_publishable_...`) are no JWTs and go into the header `apikey` alone; the
legacy ones are JWTs whose role stands in their payload, and go into `Authorization` too.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import msgspec

Kind = Literal["secret", "publishable", "unknown"]

_PARTS = 3  # of a JWT
_OF_ROLE: dict[str, Kind] = {
    "service_role": "secret",
    "anon": "publishable",
    "authenticated": "publishable",
}


class _Payload(msgspec.Struct):
    """
    What is read of a JWT.
    """

    role: str = ""


def kind_of(key: str) -> Kind:
    """Whether a key goes round row level security or anybody may have it; `unknown` if it does not say."""
    if key.startswith("sb_secret_"):
        return "secret"
    if key.startswith("sb_publishable_"):
        return "publishable"
    return _OF_ROLE.get(_role(key), "unknown")


def headers_of(key: str) -> dict[str, str]:
    """The headers that a key is sent in."""
    bearer = {"Authorization": f"Bearer {key}"} if is_jwt(key) else {}
    return {"apikey": key, **bearer}


def is_jwt(key: str) -> bool:
    """Whether a key is a JSON web token."""
    return key.count(".") == _PARTS - 1 and key.startswith("ey")


def _role(key: str) -> str:
    """The role that a JWT names; empty for what is none."""
    if not is_jwt(key):
        return ""
    payload = key.split(".")[1]
    try:
        padded = payload + "=" * (-len(payload) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Payload).role
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return ""
