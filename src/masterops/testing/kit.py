"""
What a connector's author says to the suite: how it is made, what it does, and its service's words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from masterops import errors
from masterops.connectors.batches import BatchResult
from masterops.connectors.connector import Connector
from masterops.transport import Transport

# What a connector may lack. Everything else is asked of all.
CAPABILITIES = (
    "service",  # a server that really keeps records: `serve`
    "create",
    "delete",
    "stable pages",  # a record that goes away moves no other to the page before
    "more pages after an empty one",
    "unsafe create",  # a create that must not be sent twice
    "batches",
    "limits",  # limits of which it knows: `connect_limited`
    "refresh",  # a token that it renews by itself after a 401
)


@dataclass(frozen=True, slots=True)
class Said:
    """
    What a service answers.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, value: object, **headers: str) -> Said:
        """An answer in JSON; underscores in the names of headers stand for hyphens."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, msgspec.json.encode(value), {"Content-Type": "application/json", **named})


class Kit:
    """
    One connector, for the suite. Methods of what is named in `lacks` need not be written.

    `secret` is the credential that `connect` uses, `renewed` one that a refresh brings, `other_secrets` what
    else nobody may see; they are looked for in everything that is written down.
    `lacks` says what the connector does not have, and why: those tests are skipped with the reason.
    `means` says which errors its service's statuses are, where they are not the usual ones.
    `request_id` is what the errors of `error` must be known by.
    """

    service: str
    secret: str = "suite-" + "secret-4b1f0c77aa"
    renewed: str = "suite-" + "renewed-93ee02d4b8"
    other_secrets: Sequence[str] = ()
    page_size: int = 100
    lacks: Mapping[str, str] = {}
    means: Mapping[int, type[errors.RemoteError]] = {}
    request_id: str | None = "request-of-the-suite"

    # how it is made

    def connect(self, url: str, transport: Transport) -> Any:
        """The connector, at a base URL."""
        raise NotImplementedError

    def serve(self, records: int) -> AbstractAsyncContextManager[tuple[str, str]]:
        """A service with so many records, as long as the block: its base URL, and a credential for it."""
        raise NotImplementedError

    def connect_limited(self, url: str, transport: Transport) -> tuple[Any, int, float]:
        """The connector with a small limit on what `spend` does: the calls, and the seconds of its window."""
        raise NotImplementedError

    # what it does

    def records(self, connector: Any) -> AsyncIterator[Any]:
        """Every record of one resource."""
        raise NotImplementedError

    async def get(self, connector: Any, id: str) -> Any:
        """One of them."""
        raise NotImplementedError

    async def create(self, connector: Any, number: int) -> Any:
        """Make one that is like no other of another number."""
        raise NotImplementedError

    async def delete(self, connector: Any, id: str) -> None:
        """Take one away."""
        raise NotImplementedError

    async def spend(self, connector: Any) -> None:
        """One call that is counted by the limit of `connect_limited`; it is answered with an empty page."""
        raise NotImplementedError

    async def batch(self, connector: Any, count: int) -> BatchResult[Any]:
        """Write so many records in batches."""
        raise NotImplementedError

    def id_of(self, record: Any) -> str:
        """The id of a record that was read."""
        return str(record.id)

    # its service's words

    def record(self, id: str) -> Said:
        """The answer to `get`."""
        raise NotImplementedError

    def made(self, id: str) -> Said:
        """The answer to `create`; that of `get`, where nothing else is said."""
        return self.record(id)

    def page(self, ids: Sequence[str], number: int, *, more: bool) -> Said:
        """A page of `records`: records with these ids, and where the next one is. The first number is 0."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> Said:
        """An error as the service words it."""
        raise NotImplementedError

    def refreshed(self, path: str, body: bytes, credential: str) -> Said | None:
        """The answer that gives this credential, when it was asked for one; None for any other request."""
        raise NotImplementedError

    def numbers(self, count: int, *, start: int = 1) -> list[str]:
        """So many ids as the service makes them."""
        return [str(number) for number in range(start, start + count)]

    @property
    def batch_size(self) -> int:
        """The most inputs that a request of `batch` may have."""
        raise NotImplementedError

    def inputs_of(self, body: bytes) -> Sequence[Any]:
        """The inputs in the body of a request of `batch`."""
        raise NotImplementedError

    def batch_said(self, inputs: Sequence[Any], failed: Sequence[int]) -> Said:
        """The answer to these inputs when those at the places `failed` are refused and the others are not."""
        raise NotImplementedError


def connector_of(kit: Kit, url: str, transport: Transport) -> Connector:
    """The kit's connector, as what every connector is."""
    connector: Connector = kit.connect(url, transport)
    return connector
