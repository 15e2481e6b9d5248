"""
Everything that can be done with one kind of CRM object.

The verbs are the same for every kind; what differs is in its `Resource`. Nothing here sleeps or tries
again: that is the transport's work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.batches import Answered, BatchResult, Inputs, RowError, chunks, in_pieces
from masterops.connectors.connector import Changed
from masterops.connectors.envelopes import nothing
from masterops.connectors.extraction import Extracted, decoded, extract
from masterops.connectors.hubspot import search as searching
from masterops.connectors.hubspot.batches import last_of_each, taken_apart
from masterops.connectors.hubspot.changes import Changes, Source, changes, opened
from masterops.connectors.hubspot.coalesced import Get, Update, coalescers
from masterops.connectors.hubspot.limits import bucket_of
from masterops.connectors.hubspot.links import Association, linked
from masterops.connectors.hubspot.reading import Reading
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource
from masterops.connectors.hubspot.search import Filter, Sort
from masterops.connectors.hubspot.sweep import ID, Groups, by_id, by_place
from masterops.connectors.hubspot.wire import BatchAnswer, Input, Page, Upsert
from masterops.connectors.pages import rows
from masterops.core import clock
from masterops.transport import Request, Target, Transport

R = TypeVar("R", bound=CrmRecord[Any])
T = TypeVar("T")

RESULTS: Callable[[Page[Any]], Sequence[Any]] = attrgetter("results")
IDS: Callable[[Page[Any]], Sequence[str]] = attrgetter("ids")
NO_EXTRA: Mapping[str, Any] = MappingProxyType({})

__all__ = ["BatchResult", "Input", "ObjectClient", "Page", "RowError", "Upsert"]


class ObjectClient(Generic[R]):
    """
    One kind of object at one connection. Every method raises a RemoteError when it fails for good, and
    BadValue for an id that is none: empty, or dots alone.
    """

    def __init__(self, transport: Transport, target: Target, path: str, resource: Resource[R]) -> None:
        self.resource = resource
        self._transport = transport
        self._target = target
        self._path = path
        row: Any = resource.row
        self._row = msgspec.json.Decoder(row).decode
        self._page: Callable[[bytes], Page[R]] = msgspec.json.Decoder(Page[row]).decode
        self._batch_answer: Callable[[bytes], BatchAnswer[R]] = msgspec.json.Decoder(BatchAnswer[row]).decode
        self._gets, self._updates = coalescers(
            target.connection, resource.coalescing, self._get, self._update, self._send
        )

    async def get(
        self,
        id: str,
        *,
        properties: Sequence[str] | None = None,
        id_property: str | None = None,
        coalesce: bool = True,
    ) -> R:
        """
        One record by id, or by the value of a unique property. Raises NotFound.

        Gets that are in flight together travel as one request; not with `coalesce=False`.
        """
        wanted = Get(id, tuple(properties or self.resource.properties), id_property)
        if not coalesce or wanted.solitary:
            return await self._get(wanted)
        return await self._gets.ask(wanted.group, id.lower(), wanted)

    async def page(
        self,
        after: str | None = None,
        *,
        limit: int | None = None,
        properties: Sequence[str] | None = None,
        archived: bool = False,
    ) -> Page[R]:
        """One page of the list, with the cursor of the next."""
        query = {"limit": str(limit or self.resource.page_size), **self._wanted(properties)}
        if archived:
            query["archived"] = "true"
        if after:
            query["after"] = after
        return await self._call("GET", "", "list", self._page, query=query)

    async def list(
        self, *, properties: Sequence[str] | None = None, archived: bool = False, limit: int | None = None
    ) -> AsyncIterator[R]:
        """Every record, page by page; `limit` ends it early."""

        async def fetch(after: str | None, size: int) -> Page[R]:
            return await self.page(after, limit=size, properties=properties, archived=archived)

        size, connection = self.resource.page_size, self._target.connection
        async for row in rows(fetch, RESULTS, size=size, limit=limit, connection=connection, ids=IDS):
            yield row

    async def extract(
        self,
        *,
        properties: Sequence[str] | None = None,
        parallel: int = 8,
        ordered: bool = False,
        cursor: str | None = None,
        search: bool | None = None,
        check: bool = True,
    ) -> AsyncIterator[Extracted[R]]:
        """
        Every record, each once, read by `parallel` requests at a time; page by page, in no order unless
        `ordered` is given.

        Keep a page's `cursor` with its `rows`: handed in, the read goes on from there. `search` says whether
        searches read too, whose quota is another (None: when there are more than 10,000 records). `check`
        compares the count with HubSpot's at the end; UnexpectedAnswer is raised when HubSpot has more.
        """
        if parallel < 1:
            raise errors.BadValue(value=parallel, kind="parallel", reason="give 1 or more.")
        name, connection = self.resource.name, self._target.connection
        wanted = properties or self.resource.properties
        source = Reading(
            connection,
            lambda after: self.page(after, properties=wanted),
            partial(self._ask, query=None, properties=wanted),
            partial(self._ask, query=None, properties=[ID]),
            parallel=parallel,
            both=search,
        )
        pages = extract(
            source,
            decoded(cursor, name),
            parallel=parallel,
            connection=connection,
            ordered=ordered,
            check=check,
        )
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def create(self, properties: Mapping[str, str], *, associations: Sequence[Association] = ()) -> R:
        """
        Make a record, associated with others from the start; each needs its types. It is sent once: when
        nobody can say whether it was made, OutcomeUnknown is raised.
        """
        body = {"properties": dict(properties), "associations": [linked(each) for each in associations]}
        row: R = await self._call("POST", "", "create", self._row, body=body, repeatable=False)
        return row

    async def update(
        self,
        id: str,
        properties: Mapping[str, str],
        *,
        id_property: str | None = None,
        coalesce: bool = True,
    ) -> R:
        """
        Change some properties of a record; an empty string clears one.

        Updates that are in flight together travel as one request, those of one record one after the other;
        not with `coalesce=False`.
        """
        change = Update(id, dict(properties), id_property)
        if not coalesce or change.solitary:
            return await self._update(change)
        return await self._updates.ask(id_property, id.lower(), change)

    async def merge(self, primary: str, other: str) -> R:
        """
        Make one record of two; it cannot be undone. The primary's values win, both ids lead to the record
        that is returned, whose id may be a third one. It is sent once, like `create`.
        """
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        row: R = await self._call("POST", "/merge", "merge", self._row, body=body, repeatable=False)
        return row

    async def archive(self, id: str) -> None:
        """Move a record to the recycle bin; doing it twice is fine."""
        await self._call("DELETE", "/{id}", "archive", nothing, parts={"id": id})

    async def batch_read(
        self, ids: Sequence[str], *, properties: Sequence[str] | None = None, id_property: str | None = None
    ) -> BatchResult[R]:
        """Many records by id; one that does not exist is an error of its row."""
        extra: dict[str, Any] = {"properties": list(properties or self.resource.properties)}
        if id_property:
            extra["idProperty"] = id_property
        return await self._batch("read", [{"id": id} for id in ids], extra)

    async def batch_create(self, records: Sequence[Mapping[str, str]]) -> BatchResult[R]:
        """Make many records. Each input is traced, so that one bad input does not fail the others."""
        inputs = [{"properties": dict(r), "objectWriteTraceId": str(i)} for i, r in enumerate(records)]
        return await self._batch("create", inputs, repeatable=False)

    async def batch_update(
        self, records: Sequence[Input], *, id_property: str | None = None
    ) -> BatchResult[R]:
        """Change many records."""
        return await self._batch("update", _identified(records, id_property))

    async def batch_upsert(self, records: Sequence[Upsert], *, id_property: str) -> BatchResult[R]:
        """
        Update or create many records by a unique property; `row.new` says which it was. Of several inputs
        about one record the last is sent; the others are in `result.replaced`.
        """
        kept, replaced = last_of_each([record.id for record in records])
        inputs = _identified([records[number] for number in kept], id_property)
        result = await self._batch("upsert", inputs, numbers=kept)
        result.replaced = replaced
        return result

    async def batch_archive(self, ids: Sequence[str]) -> None:
        """Move many records to the recycle bin."""
        for _, chunk in chunks(ids, self.resource.batch_size):
            body = {"inputs": [{"id": id} for id in chunk]}
            await self._call("POST", "/batch/archive", "batch.archive", nothing, body=body)

    async def search(
        self,
        *groups: Sequence[Filter],
        query: str | None = None,
        sort: Sort | None = None,
        properties: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[R]:
        """
        The records for which all filters of at least one group hold.

        Without `sort` they come in the order of their ids, there is no limit to their number, and each page
        asks for what comes after the last id: a record that vanishes meanwhile shifts no other out. That
        takes one filter of each group, as long as `limit` does not fit on one page.

        With `sort` HubSpot counts, and ends at the 10,000th: BadValue is raised there.
        """
        given = [list(group) for group in groups if group]
        if sort is None and (limit is None or limit > searching.PAGE):
            searching.check(given, paged=True)
        ask = partial(self._ask, query=query, properties=properties or self.resource.properties)
        fetch = by_id(ask, given) if sort is None else by_place(ask, given, sort)
        size, connection = searching.PAGE, self._target.connection
        async for row in rows(fetch, RESULTS, size=size, limit=limit, connection=connection):
            yield row

    async def count(self, *groups: Sequence[Filter]) -> int:
        """How many records a search for `groups` finds; all, where none is given. The index lags."""
        page = await self._ask(groups, Sort(ID), 1, None, query=None, properties=[ID])
        if page.total is None:
            raise errors.UnexpectedAnswer(service=self._target.connection, reason="a search tells no total")
        return page.total

    async def changes(
        self, start: datetime | str, *, properties: Sequence[str] | None = None, archived: bool = False
    ) -> AsyncIterator[Changes[R]]:
        """
        What changed from a moment on, or from the cursor of an earlier page, up to now; page by page. With
        `archived` what was archived or merged away as well, on pages of its own.

        Keep a page's `cursor` with its rows. The last page's starts the next look, five minutes before this
        one ended: HubSpot's index lags, so a record may come again, and none is missed. A record that changes
        while this is read may come in the next look only.
        """
        changed = self.resource.changed
        asked = properties or self.resource.properties
        wanted = list(dict.fromkeys([*asked, changed])) if asked else []
        source = Source(
            self._target.connection,
            partial(self._ask, query=None, properties=wanted),
            lambda after: self.page(after, properties=wanted, archived=True),
            changed,
        )
        cursor = opened(start, self.resource.name, now=clock.now())
        async for page in changes(source, cursor, archived=archived):
            yield page

    async def changed_since(self, since: datetime) -> Sequence[Changed]:
        """Every record changed at or after `since` and before now, each once."""
        changed = self.resource.changed
        found: dict[str, Changed] = {}
        async for page in self.changes(since, properties=[changed]):
            for row in page.rows:
                moment = row.values.get(changed)
                at = datetime.fromisoformat(moment) if moment else row.updated_at
                if at is not None:
                    found[row.id] = Changed(row.id, at)
        return tuple(found.values())

    async def _ask(
        self,
        groups: Groups,
        sort: Sort,
        size: int,
        after: str | None,
        *,
        query: str | None,
        properties: Sequence[str],
    ) -> Page[R]:
        """One page of a search."""
        body = searching.body(groups, query=query, sort=sort, properties=properties, limit=size, after=after)
        return await self._call("POST", "/search", "search", self._page, body=body)

    async def _batch(
        self,
        verb: str,
        inputs: Inputs,
        extra: Mapping[str, Any] = NO_EXTRA,
        *,
        repeatable: bool = True,
        numbers: Sequence[int] | None = None,
    ) -> BatchResult[R]:
        async def send(piece: Inputs) -> Answered[R]:
            answer = await self._send(verb, piece, extra=extra, repeatable=repeatable)
            return taken_apart(answer, piece)

        # What may not be sent twice goes piece by piece: when the outcome of one is unknown, no other's is.
        # Two pieces that change one record must keep their order; whoever gives `numbers` has seen to it.
        apart = repeatable and (numbers is not None or _distinct(inputs))
        parallel = self.resource.coalescing.parallel if apart else 1
        return await in_pieces(send, inputs, self.resource.batch_size, numbers, parallel=parallel)

    async def _send(
        self, verb: str, inputs: Inputs, *, extra: Mapping[str, Any] = NO_EXTRA, repeatable: bool = True
    ) -> BatchAnswer[R]:
        """One batch, of a size that HubSpot takes."""
        body = {**extra, "inputs": inputs}
        path, name = f"/batch/{verb}", f"batch.{verb}"
        return await self._call("POST", path, name, self._batch_answer, body=body, repeatable=repeatable)

    def _get(self, wanted: Get) -> Coroutine[Any, Any, R]:
        query = self._wanted(wanted.properties)
        if wanted.id_property:
            query["idProperty"] = wanted.id_property
        return self._call("GET", "/{id}", "get", self._row, parts={"id": wanted.id}, query=query)

    async def _update(self, change: Update) -> R:
        query = {"idProperty": change.id_property} if change.id_property else {}
        body = {"properties": change.properties}
        row: R = await self._call(
            "PATCH", "/{id}", "update", self._row, parts={"id": change.id}, query=query, body=body
        )
        return row

    def _wanted(self, properties: Sequence[str] | None) -> dict[str, str]:
        """What a query asks for; nothing is said where HubSpot may choose."""
        wanted = properties or self.resource.properties
        return {"properties": ",".join(wanted)} if wanted else {}

    def _call(
        self,
        method: str,
        path: str,
        verb: str,
        decode: Callable[[bytes], T],
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
    ) -> Coroutine[Any, Any, T]:
        request = Request(
            method=method,
            path=self._path + path,
            operation=f"{self.resource.name}.{verb}",
            parts=parts or {},
            query=query or {},
            body=body,
            repeatable=repeatable,
            bucket=bucket_of(path),
        )
        return self._transport.call(self._target, request, decode)


def _distinct(inputs: Inputs) -> bool:
    return len({str(each.get("id")).lower() for each in inputs}) == len(inputs)


def _identified(records: Sequence[Input | Upsert], id_property: str | None) -> Inputs:
    key = {"idProperty": id_property} if id_property else {}
    return [
        {"id": record.id, "properties": record.properties, "objectWriteTraceId": str(index), **key}
        for index, record in enumerate(records)
    ]
