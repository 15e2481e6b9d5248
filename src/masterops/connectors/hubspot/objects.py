"""
Everything that can be done with one kind of CRM object.

The verbs are the same for every kind; what differs is in its `Resource`. Nothing here sleeps or tries
again: that is the transport's work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.connector import Changed
from masterops.connectors.hubspot import search as searching
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource
from masterops.connectors.hubspot.search import Filter, Sort
from masterops.connectors.hubspot.wire import (
    BatchAnswer,
    BatchResult,
    Input,
    Page,
    RowError,
    Upsert,
    chunks,
    index_of,
)
from masterops.transport import Request, Target, Transport

R = TypeVar("R", bound=CrmRecord[Any])
T = TypeVar("T")

__all__ = ["BatchResult", "Input", "ObjectClient", "Page", "RowError", "Upsert"]


def nothing(body: bytes) -> None:
    """The decoder of an answer without a body."""


class ObjectClient(Generic[R]):
    """
    One kind of object at one connection. Every method raises a RemoteError when it fails for good.
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

    async def get(
        self, id: str, *, properties: Sequence[str] | None = None, id_property: str | None = None
    ) -> R:
        """One record by id, or by the value of a unique property. Raises NotFound."""
        query = {"properties": self._wanted(properties)}
        if id_property:
            query["idProperty"] = id_property
        row: R = await self._call("GET", "/{id}", "get", self._row, parts={"id": id}, query=query)
        return row

    async def page(
        self,
        after: str | None = None,
        *,
        limit: int | None = None,
        properties: Sequence[str] | None = None,
        archived: bool = False,
    ) -> Page[R]:
        """One page of the list, with the cursor of the next."""
        query = {"limit": str(limit or self.resource.page_size), "properties": self._wanted(properties)}
        if archived:
            query["archived"] = "true"
        if after:
            query["after"] = after
        return await self._call("GET", "", "list", self._page, query=query)

    async def list(
        self, *, properties: Sequence[str] | None = None, archived: bool = False, limit: int | None = None
    ) -> AsyncIterator[R]:
        """Every record, page by page; `limit` ends it early."""
        after: str | None = None
        left = limit
        while left is None or left > 0:
            size = self.resource.page_size if left is None else min(left, self.resource.page_size)
            page = await self.page(after, limit=size, properties=properties, archived=archived)
            for row in page.results if left is None else page.results[:left]:
                yield row
            left = None if left is None else left - len(page.results)
            if page.after is None:
                return
            after = self._moved(after, page.after)

    async def create(self, properties: Mapping[str, str]) -> R:
        """
        Make a record. It is sent once: when nobody can say whether it was made, OutcomeUnknown is raised.
        """
        body = {"properties": dict(properties)}
        row: R = await self._call("POST", "", "create", self._row, body=body, repeatable=False)
        return row

    async def update(self, id: str, properties: Mapping[str, str], *, id_property: str | None = None) -> R:
        """Change some properties of a record; an empty string clears one."""
        query = {"idProperty": id_property} if id_property else {}
        body = {"properties": dict(properties)}
        row: R = await self._call(
            "PATCH", "/{id}", "update", self._row, parts={"id": id}, query=query, body=body
        )
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
        return await self._batch(
            "read", [{"id": id} for id in ids], extra, {id: i for i, id in enumerate(ids)}
        )

    async def batch_create(self, records: Sequence[Mapping[str, str]]) -> BatchResult[R]:
        """Make many records. Each input is traced, so that one bad input does not fail the others."""
        inputs = [{"properties": dict(r), "objectWriteTraceId": str(i)} for i, r in enumerate(records)]
        traces = {str(i): i for i in range(len(records))}
        return await self._batch("create", inputs, {}, traces, repeatable=False)

    async def batch_update(
        self, records: Sequence[Input], *, id_property: str | None = None
    ) -> BatchResult[R]:
        """Change many records."""
        return await self._batch("update", *self._identified(records, id_property))

    async def batch_upsert(self, records: Sequence[Upsert], *, id_property: str) -> BatchResult[R]:
        """Update or create many records by a unique property; `row.new` says which it was."""
        return await self._batch("upsert", *self._identified(records, id_property))

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

        Without `sort` they come in the order of their ids and there is no limit to their number; with one,
        HubSpot ends at the 10,000th and BadValue is raised there.
        """
        order = sort or Sort("hs_object_id")
        given, last, yielded = [list(group) for group in groups], None, 0
        while limit is None or yielded < limit:
            sweep = _beyond(given, last) if last is not None else given
            more = False
            async for row, exhausted in self._sweep(sweep, query, order, properties):
                yield row
                yielded += 1
                last, more = row.id, not exhausted
                if yielded == limit:
                    return
            if not more:
                return
            if sort is not None:
                raise errors.BadValue(
                    value=sort.property, kind="sort", reason="HubSpot sorts the first 10,000 results only"
                )

    async def changed_since(self, since: datetime) -> Sequence[Changed]:
        """Every record changed at or after `since`, each once, in the order of ids."""
        changed = self.resource.changed
        found: dict[str, Changed] = {}
        async for row in self.search([Filter(changed, "GTE", since)], properties=[changed]):
            moment = row.values.get(changed)
            at = datetime.fromisoformat(moment) if moment else row.updated_at
            if at is not None:
                found[row.id] = Changed(row.id, at)
        return tuple(found.values())

    async def _sweep(
        self,
        groups: Sequence[Sequence[Filter]],
        query: str | None,
        sort: Sort,
        properties: Sequence[str] | None,
    ) -> AsyncIterator[tuple[R, bool]]:
        """Up to 10,000 results of one query, each with whether the query ends with its page."""
        after: str | None = None
        seen = 0
        while True:
            body = searching.body(
                groups,
                query=query,
                sort=sort,
                properties=properties or self.resource.properties,
                limit=searching.PAGE,
                after=after,
            )
            page = await self._call("POST", "/search", "search", self._page, body=body)
            seen += len(page.results)
            for row in page.results:
                yield row, page.after is None
            if page.after is None or seen >= searching.MOST_RESULTS:
                return
            after = self._moved(after, page.after)

    def _moved(self, before: str | None, after: str) -> str:
        """A cursor that does not move would be read for ever."""
        if before == after:
            reason = f"its cursor stands still at {after!r}"
            raise errors.UnexpectedAnswer(service=self._target.connection, reason=reason)
        return after

    def _identified(
        self, records: Sequence[Input | Upsert], id_property: str | None
    ) -> tuple[Sequence[dict[str, Any]], dict[str, Any], dict[str, int]]:
        inputs = []
        for index, record in enumerate(records):
            row = {"id": record.id, "properties": record.properties, "objectWriteTraceId": str(index)}
            inputs.append({**row, "idProperty": id_property} if id_property else row)
        known = {record.id: index for index, record in enumerate(records)}
        return inputs, {}, known | {str(index): index for index in range(len(records))}

    async def _batch(
        self,
        verb: str,
        inputs: Sequence[Mapping[str, Any]],
        extra: Mapping[str, Any],
        known: dict[str, int],
        *,
        repeatable: bool = True,
    ) -> BatchResult[R]:
        """
        All inputs in batches of 100. A batch that fails whole is an error of each of its rows; when nothing
        at all succeeded, or never will, the error is raised.
        """
        result: BatchResult[R] = BatchResult()
        whole: errors.RemoteError | None = None
        for start, chunk in chunks(inputs, self.resource.batch_size):
            body = {**extra, "inputs": chunk}
            try:
                answer = await self._call(
                    "POST",
                    f"/batch/{verb}",
                    f"batch.{verb}",
                    self._batch_answer,
                    body=body,
                    repeatable=repeatable,
                )
            except errors.RemoteError as error:
                if error.recovery == "stop" and not result.rows:
                    raise
                whole = error
                rows = range(start, start + len(chunk))
                result.errors += [RowError(index, error.message, error.category) for index in rows]
                continue
            result.rows += answer.results
            result.errors += [RowError(index_of(e, known), e.message, e.category) for e in answer.errors]
        if whole is not None and not result.rows:
            raise whole
        return result

    def _wanted(self, properties: Sequence[str] | None) -> str:
        return ",".join(properties or self.resource.properties)

    async def _call(
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
    ) -> T:
        request = Request(
            method=method,
            path=self._path + path,
            operation=f"{self.resource.name}.{verb}",
            parts=parts or {},
            query=query or {},
            body=body,
            repeatable=repeatable,
        )
        return await self._transport.call(self._target, request, decode)


def _beyond(groups: Sequence[Sequence[Filter]], last: str) -> list[list[Filter]]:
    """The same question, for ids after `last`."""
    further = Filter("hs_object_id", "GT", last)
    return [[*group, further] for group in groups] or [[further]]
