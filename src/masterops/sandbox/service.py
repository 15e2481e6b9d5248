"""
What the server asks of the twin of a service, and which twins there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

from masterops.sandbox.answer import Answer


class Service(Protocol):
    """
    One service with the accounts of all businesses.
    """

    name: str

    def business_of(self, authorization: str | None) -> str | None:
        """The business whose token this is, or None."""
        ...

    def unknown_token(self) -> Answer:
        """The answer to a call without a good token."""
        ...

    def expired_token(self, business: str) -> Answer:
        """The answer when the token has run out."""
        ...

    def spend(self, business: str, path: str) -> Mapping[str, str] | Answer:
        """Count one call; the rate headers of its answer, or the refusal."""
        ...

    def storm(self, business: str, path: str, retry_after: int | None) -> Answer:
        """The answer when others spend the limit."""
        ...

    def forced(self, business: str, status: int, retry_after: int | None) -> Answer:
        """The answer with a status that a fault sets."""
        ...

    def perform(
        self, business: str, method: str, path: str, query: str, body: bytes, content_type: str, address: str
    ) -> Answer:
        """Do what was asked."""
        ...

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        ...

    def reset(self, business: str) -> None:
        """Put an account back to its seeds."""
        ...

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        ...
