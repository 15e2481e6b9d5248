"""
Associations between records, and the labels that people give them.

Batches hold 1,000 records to read, 2,000 links to make and 100 to part (HubSpot's changelog of February 2025;
the last is reported by its partners). Reading and writing in batches spends a limit of its own, one link at
a time spends the usual one: HubSpot's OpenAPI files exempt `/crm/associations` alone from the ten seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from masterops.connectors.batches import RowError, chunks
from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows
from masterops.connectors.hubspot.links import (
    Associated,
    Association,
    AssociationType,
    FansAnswer,
    Link,
    LinkResult,
    LinksAnswer,
    Row,
    fans,
    flaws,
    none_found,
    pair,
    row_errors,
    spec,
)
from masterops.connectors.hubspot.wire import after_of

MOST_READ, MOST_WRITTEN, MOST_PARTED = 1_000, 2_000, 100
PAGE = 500

BETWEEN = "/{left}/{right}"
ONE = "/{left}/{id}/associations/{right}/{other}"


class AssociationsClient:
    """
    All associations at one connection. `left` and `right` are kinds of objects: contacts, p_cars, 0-3.

    Linking twice is linking once, so everything but making a label may be sent again. A batch of any length
    is sent in pieces; when a piece fails whole its error is raised, and the pieces before it are done.
    """

    def __init__(self, objects: Endpoint, batches: Endpoint) -> None:
        self._objects = objects
        self._batches = batches

    async def list(self, left: str, id: str, right: str) -> AsyncIterator[Association]:
        """Every record of the kind `right` that one of the kind `left` is associated with."""
        parts = {"left": checked(left), "id": id, "right": checked(right)}
        rows = self._objects.every(
            "/{left}/{id}/associations/{right}", "list", Row, parts=parts, query={"limit": str(PAGE)}
        )
        async for row in rows:
            yield row.value

    async def associate(self, left: str, id: str, right: str, other: str, *types: AssociationType) -> None:
        """Associate two records: plainly, or by the types given."""
        parts = {**_between(left, right), "id": id, "other": other}
        if types:
            body = [spec(each) for each in types]
            await self._objects.tell("PUT", ONE, "associate", parts=parts, body=body)
        else:
            path = "/{left}/{id}/associations/default/{right}/{other}"
            await self._objects.tell("PUT", path, "associate", parts=parts)

    async def remove(self, left: str, id: str, right: str, other: str) -> None:
        """Part two records, whatever they were to each other; doing it twice is fine."""
        parts = {**_between(left, right), "id": id, "other": other}
        await self._objects.tell("DELETE", ONE, "remove", parts=parts)

    async def batch_read(self, left: str, right: str, ids: Sequence[str]) -> Associated:
        """
        All associations of many records, further pages included. HubSpot does not tell a record without
        associations from one that does not exist: both have none.
        """
        result = Associated({id: [] for id in ids})
        waiting: list[dict[str, str]] = [{"id": id} for id in dict.fromkeys(ids)]
        while waiting:
            asked, waiting = waiting[:MOST_READ], waiting[MOST_READ:]
            answer = await self._batch(left, right, "read", asked, FansAnswer)
            for fan in answer.results:
                id = str(fan.from_.id)
                result.found.setdefault(id, []).extend(row.value for row in fan.to)
                if (after := after_of(fan.paging)) is not None:
                    waiting.append({"id": id, "after": after})
            result.errors += [
                RowError(None, each.message, each.category)
                for each in flaws(answer.errors)
                if not none_found(each)
            ]
        return result

    async def batch_associate(self, left: str, right: str, links: Sequence[Link]) -> LinkResult:
        """Associate many pairs of records; those without types plainly."""
        result = LinkResult()
        for verb, plain in (("associate/default", True), ("create", False)):
            numbers = [number for number, link in enumerate(links) if plain is not bool(link.types)]
            for _, places in chunks(numbers, MOST_WRITTEN):
                piece = [links[place] for place in places]
                inputs = [pair(link) for link in piece]
                answer = await self._batch(left, right, verb, inputs, LinksAnswer)
                failed = row_errors(answer.errors, places, piece)
                result.errors += failed
                result.done += len(piece) - len({each.index for each in failed})
        return result

    async def batch_remove(self, left: str, right: str, links: Sequence[Link]) -> None:
        """Part many pairs of records, whatever they were to each other; their types are not looked at."""
        for _, piece in chunks(links, MOST_PARTED):
            await self._batch(left, right, "archive", fans(piece), None)

    async def batch_remove_labels(self, left: str, right: str, links: Sequence[Link]) -> None:
        """Take the labels that `types` name from many pairs; they stay associated without them."""
        for _, piece in chunks(links, MOST_PARTED):
            await self._batch(left, right, "labels/archive", [pair(link) for link in piece], None)

    # --- labels ---

    async def labels(self, left: str, right: str) -> Sequence[AssociationType]:
        """Every type between two kinds of objects, HubSpot's own among them."""
        return await self._labels("GET", left, right, "labels")

    async def create_label(
        self, left: str, right: str, name: str, label: str, *, inverse: str | None = None
    ) -> Sequence[AssociationType]:
        """
        Make a label: one type, or two where it is called otherwise from the other side. It is sent once:
        when nobody can say whether it was made, OutcomeUnknown is raised. `name` cannot be changed later.
        """
        body = {"name": name, "label": label} | ({"inverseLabel": inverse} if inverse is not None else {})
        return await self._labels("POST", left, right, "create_label", body)

    async def update_label(
        self, left: str, right: str, type_id: int, label: str, *, inverse: str | None = None
    ) -> None:
        """Call a type of the account's own otherwise."""
        body: dict[str, Any] = {"associationTypeId": type_id, "label": label}
        body |= {"inverseLabel": inverse} if inverse is not None else {}
        await self._batches.tell(
            "PUT", f"{BETWEEN}/labels", "update_label", parts=_between(left, right), body=body
        )

    async def remove_label(self, left: str, right: str, type_id: int) -> None:
        """Remove a type of the account's own: every pair of records loses it."""
        parts = {**_between(left, right), "type": str(type_id)}
        await self._batches.tell("DELETE", f"{BETWEEN}/labels/{{type}}", "remove_label", parts=parts)

    async def _labels(
        self, method: str, left: str, right: str, verb: str, body: object = None
    ) -> Sequence[AssociationType]:
        answer = await self._batches.ask(
            method,
            f"{BETWEEN}/labels",
            verb,
            Rows[AssociationType],
            parts=_between(left, right),
            body=body,
            repeatable=body is None,
        )
        return answer.results

    async def _batch(self, left: str, right: str, verb: str, inputs: Sequence[Any], kind: Any) -> Any:
        path, name = f"{BETWEEN}/batch/{verb}", f"batch_{verb.replace('/', '_')}"
        parts, body = _between(left, right), {"inputs": inputs}
        return await self._batches.ask("POST", path, name, kind, parts=parts, body=body)


def _between(left: str, right: str) -> dict[str, str]:
    return {"left": checked(left), "right": checked(right)}
