"""
What every connector can do, whatever its service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from masterops.core.backoff import RetryPolicy

# A health check wants the truth now, not after a minute of patience. It finds out whether the service is
# back: a call with these bounds passes an open circuit.
PULSE = RetryPolicy(attempts=2, base=0.2, ceiling=1.0, deadline=8.0)


@dataclass(frozen=True, slots=True)
class Pulse:
    """
    What a service said when it was asked how it is: facts for a health check, no secrets.
    """

    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """
    One record that changed: its id and the moment, as the service tells it.
    """

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Capability:
    """
    One thing that a connector promises, as a test that may be run against a real account.

    `run` raises a RemoteError when it does not work, and answers with a short sentence when it does.
    A capability that writes cleans up what it made. One that the settings leave out says in `lacking` what
    it takes, and is not run.
    """

    name: str
    run: Callable[[], Awaitable[str]]
    writes: bool = False
    lacking: str = ""


class Connector(Protocol):
    """
    One connection, ready to be used.
    """

    service: str
    connection: str

    @property
    def watched(self) -> tuple[str, ...]:
        """The resources whose changes can be read, by name."""
        ...

    async def ping(self) -> Pulse:
        """One cheap call that proves network, credentials and service; raises a RemoteError."""
        ...

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every record of `resource` that changed at or after `since`, each once."""
        ...

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration` tries."""
        ...


@runtime_checkable
class Sparing(Protocol):
    """
    A connector whose calls are few: what changed is not looked for in every cycle.
    """

    @property
    def changes_every(self) -> timedelta:
        """How long a resource that was looked at is left alone."""
        ...
