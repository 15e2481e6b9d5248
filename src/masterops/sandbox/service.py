"""
What the server asks of the twin of a service, and which twins there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Protocol

import msgspec

from masterops.sandbox.answer import Answer


class Caller(msgspec.Struct, frozen=True):
    """
    Whose token a request bears: the business's, given to one app.
    """

    business: str
    app: str = "private"
    oauth: bool = False


class Ask(msgspec.Struct, frozen=True):
    """
    A request whose account is known.
    """

    service: Service
    caller: Caller
    method: str
    path: str
    query: str
    body: bytes
    content_type: str
    address: str
    headers: Mapping[str, str] = {}

    @property
    def connection(self) -> str:
        """The account, as faults name it."""
        return f"{self.service.name}/{self.caller.business}"


class Service(Protocol):
    """
    One service with the accounts of all businesses.
    """

    name: str

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """The answer to a request that needs no token, such as one for a token; None for any other."""
        ...

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Whose credentials a request bears, or the answer to one without good ones."""
        ...

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the token has run out."""
        ...

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """Count one call; the rate headers of its answer, or the refusal."""
        ...

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Count calls that somebody else makes."""
        ...

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        ...

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer when others spend the limit."""
        ...

    def forced(self, caller: Caller, status: int, retry_after: int | str | None) -> Answer:
        """The answer with a status that a fault sets."""
        ...

    def perform(self, ask: Ask) -> Answer:
        """Do what was asked."""
        ...

    def in_parts(self, path: str) -> bool:
        """Whether a request has inputs that can fail one by one."""
        ...

    def perform_in_parts(self, ask: Ask) -> Answer:
        """Do what was asked, but for some of its inputs."""
        ...

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about an account."""
        ...

    def set(self, business: str, given: Mapping[str, Any]) -> None:
        """Set some of it. Raises UnknownName or BadValue."""
        ...

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        ...

    def reset(self, business: str) -> None:
        """Put an account back to its seeds."""
        ...

    async def work(self) -> None:
        """What the service does by itself beside answering, for ever."""
        ...

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        ...
