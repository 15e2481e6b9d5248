"""
When a token ends.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from masterops.core.tokens import expires_at


def jwt(claims: str) -> str:
    return f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.signature"


def test_a_token_that_says_when_it_ends() -> None:
    """
    In seconds since 1970, whatever else it says.
    """
    assert datetime(2027, 1, 15, 8, tzinfo=UTC) == expires_at(jwt('{"sub": "me", "exp": 1800000000}'))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "pat-na1-abc",
        "a.b.c",
        "e30.W10.x",
        jwt("{}"),
        jwt("[" * 9),
        jwt('{"exp": "soon"}'),
        jwt('{"exp": 1e300}'),
    ],
)
def test_others_end_nobody_knows_when(token: str) -> None:
    """
    A key of another kind, and a token that is broken.
    """
    assert expires_at(token) is None
