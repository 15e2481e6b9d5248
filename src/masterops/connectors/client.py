"""
Everything that can be done with a resource, whatever the service: the verbs are here, what differs is data.

Nothing here sleeps or tries again: that is the transport's work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

import msgspec

from masterops import errors
from masterops.connectors import envelopes
from masterops.connectors.batches import Answered, BatchResult, in_pieces
from masterops.connectors.connector import PULSE, Changed
from masterops.connectors.pages import pages
from masterops.connectors.paginators import NOTHING, Seen
from masterops.connectors.resource import Batch, Fields, Listing, Resource, Verb
from masterops.core.backoff import RetryPolicy
from masterops.core.spelling import unknown
from masterops.transport import Reply, Request, Target, Transport

R = TypeVar("R")
T = TypeVar("T")

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """
    Some records with their ids, and where the next page starts; None on the last.
    """

    rows: Sequence[R]
    ids: Sequence[str]
    after: str | None


class Fetch(Protocol[R]):
    """
    Asks for one page: at a place, of a size.
    """

    def __call__(self, place: str | None, size: int) -> Awaitable[Page[R]]: ...


class ResourceClient(Generic[R]):
    """
    One resource at one connection. Every method raises a RemoteError when it fails for good, and BadValue for
    an id that is none: empty, or dots alone.
    """

    def __init__(
        self,
        transport: Transport,
        target: Target,
        resource: Resource[R],
        *,
        parts: Mapping[str, str] = NO_HEADERS,
        policy: RetryPolicy | None = None,
    ) -> None:
        """`parts` fill the resource's path; `policy` bounds its calls where the transport's would not do."""
        self.resource = resource
        self._transport, self._target = transport, target
        self._parts, self._policy = parts, policy
        row: Any = resource.row
        self._one = envelopes.one(row, resource.one)
        self._key = _getter(resource)

    def within(self, **parts: str) -> ResourceClient[R]:
        """The same resource inside another: `items.within(board="7")` for `/boards/{board}/items`."""
        filled = {**self._parts, **parts}
        return ResourceClient(self._transport, self._target, self.resource, parts=filled, policy=self._policy)

    def bounded(self, policy: RetryPolicy) -> ResourceClient[R]:
        """The same resource, its calls bounded otherwise than the transport's."""
        return ResourceClient(self._transport, self._target, self.resource, parts=self._parts, policy=policy)

    async def get(self, id: str) -> R:
        """One record. Raises NotFound."""
        return await self._verb(self.resource.get, "get", id)

    async def page(
        self, after: str | None = None, *, size: int | None = None, query: Fields = NOTHING
    ) -> Page[R]:
        """One page of the list, with the place of the next."""
        fetch = self._fetch(self.resource.listing, query)
        return await fetch(after, size or self.resource.listing.size)

    async def list(self, *, query: Fields = NOTHING, limit: int | None = None) -> AsyncIterator[R]:
        """Every record that `query` lets through, page by page; `limit` ends it early."""
        async for row in self._rows(self.resource.listing, query, limit):
            yield row

    async def search(self, query: Fields, *, limit: int | None = None) -> AsyncIterator[R]:
        """What the service's own search finds."""
        if self.resource.search is None:
            raise unknown("verb", "search", self._verbs(), where=f" of {self.resource.name}")
        async for row in self._rows(self.resource.search, query, limit):
            yield row

    async def create(self, fields: Fields, *, id: str | None = None) -> R:
        """
        Make a record; with an id of ours where the service wants one. Raises OutcomeUnknown when nobody can
        say whether it was made, and sending it again might make another.
        """
        return await self._verb(self.resource.create, "create", id, self.resource.wrap(fields))

    async def update(self, id: str, fields: Fields) -> R:
        """Change a record."""
        return await self._verb(self.resource.update, "update", id, self.resource.wrap(fields))

    async def delete(self, id: str) -> None:
        """Remove a record."""
        verb = self.resource.delete
        await self._call(self._request(verb, "delete", id), lambda reply: None)

    async def batch(self, verb: str, inputs: Sequence[Fields]) -> BatchResult[R]:
        """Many records by one of the resource's batches; what failed is an error of its row."""
        known = self.resource.batches
        if verb not in known:
            raise unknown("batch", verb, known, where=f" of {self.resource.name}")
        return await in_pieces(partial(self._send, verb, known[verb]), inputs, known[verb].size)

    async def changes(self, since: datetime) -> AsyncIterator[R]:
        """The records that changed at or after a moment, as the service tells it, each once."""
        how = self.resource.since
        if how is None:
            raise unknown("verb", "changes", self._verbs(), where=f" of {self.resource.name}")
        known: set[str] = set()
        query, headers = how.query(since), how.headers(since)
        async for page in self._pages(self.resource.listing, query, headers=headers):
            for id, row in zip(page.ids, page.rows, strict=True):
                moment = how.moment(row)
                if id not in known and (moment is None or moment >= since):
                    known.add(id)
                    yield row

    async def changed_since(self, since: datetime) -> Sequence[Changed]:
        """The ids and moments of what changed at or after `since`, each once."""
        how = self.resource.since
        found: list[Changed] = []
        async for row in self.changes(since):
            moment = how.moment(row) if how else None
            found.append(Changed(str(self._key(row)), moment or since))
        return tuple(found)

    def _verbs(self) -> Sequence[str]:
        known = {"search": self.resource.search, "changes": self.resource.since}
        return ["get", "list", "create", "update", "delete", *(name for name, has in known.items() if has)]

    async def _rows(self, listing: Listing, query: Fields, limit: int | None) -> AsyncIterator[R]:
        left = limit
        if left is not None and left <= 0:
            return
        async for page in self._pages(listing, query, limit=limit):
            for row in page.rows[:left]:
                yield row
            left = None if left is None else left - len(page.rows)
            if left is not None and left <= 0:
                return

    async def _pages(
        self,
        listing: Listing,
        query: Fields,
        *,
        limit: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> AsyncIterator[Page[R]]:
        fetch = self._fetch(listing, query, headers)
        size = listing.size if limit is None else min(limit, listing.size)
        every = pages(
            partial(fetch, size=size), connection=self._target.connection, ids=lambda page: page.ids
        )
        before: Sequence[str] = ()
        async for page in every:
            yield _without(page, before) if listing.pager.shifts else page
            before = page.ids

    def _fetch(self, listing: Listing, query: Fields, headers: Mapping[str, str] = NO_HEADERS) -> Fetch[R]:
        """What asks for one page: at a place, of a size."""
        pager, key = listing.pager, self._key
        row: Any = self.resource.row
        read = envelopes.page(row, listing.rows, pager.at)

        async def fetch(place: str | None, size: int) -> Page[R]:
            asked = pager.ask(place, size)
            wanted = asked.query if asked.whole else {**listing.query, **query, **asked.query}
            in_body = listing.method != "GET"
            request = Request(
                listing.method,
                self.resource.path + listing.path,
                f"{self.resource.name}.{listing.name}",
                parts={**self._parts, **asked.parts},
                query={} if in_body else {name: str(value) for name, value in wanted.items()},
                body=wanted if in_body else None,
                bucket=listing.bucket,
                probe=self._policy is PULSE,
                headers={**listing.headers, **headers},
            )

            def page(reply: Reply) -> Page[R]:
                rows, told = read(reply.body)
                ids = [str(key(row)) for row in rows]
                last = ids[-1] if ids else None
                return Page(rows, ids, pager.next(Seen(place, size, len(ids), last, told, reply.headers)))

            return await self._call(request, page)

        return fetch

    async def _verb(self, verb: Verb, name: str, id: str | None, body: object = None) -> R:
        one = self._one
        row: R | None = await self._call(self._request(verb, name, id, body), lambda reply: one(reply.body))
        if row is None:
            raise errors.NotFound(service=self._target.connection, reason=f"no {self.resource.name} {id!r}")
        return row

    def _request(self, verb: Verb, name: str, id: str | None, body: object = None) -> Request:
        parts = {**self._parts, "id": id} if id is not None else self._parts
        once = {verb.idempotency: str(uuid4())} if verb.idempotency else {}
        return Request(
            verb.method,
            self.resource.path + verb.path,
            f"{self.resource.name}.{verb.name or name}",
            parts=parts,
            query={name: value.format_map(parts) for name, value in verb.query.items()},
            body=body,
            repeatable=verb.repeatable or bool(once),
            bucket=verb.bucket,
            probe=self._policy is PULSE,
            headers={**verb.headers, **once},
        )

    async def _send(self, name: str, batch: Batch[R], inputs: Sequence[Fields]) -> Answered[R]:
        request = Request(
            batch.method,
            self.resource.path + batch.path,
            f"{self.resource.name}.batch.{name}",
            parts=self._parts,
            body=batch.body(inputs),
            repeatable=batch.repeatable,
            bucket=batch.bucket,
            headers=batch.headers,
        )
        return await self._call(request, lambda reply: batch.read(reply.body, inputs))

    async def _call(self, request: Request, read: Callable[[Reply], T]) -> T:
        return await self._transport.read(self._target, request, read, policy=self._policy)


def _without(page: Page[R], before: Sequence[str]) -> Page[R]:
    """A page without the records that were pushed into it from the page before."""
    known = set(before)
    if known.isdisjoint(page.ids):
        return page
    kept = [(row, id) for row, id in zip(page.rows, page.ids, strict=True) if id not in known]
    return Page([row for row, _ in kept], [id for _, id in kept], page.after)


def _getter(resource: Resource[Any]) -> Callable[[Any], Any]:
    """What names a record: a field of its struct, or an entry where a row is a dict."""
    row: Any = resource.row
    is_struct = isinstance(row, type) and issubclass(row, msgspec.Struct)
    return attrgetter(resource.key) if is_struct else itemgetter(resource.key)
