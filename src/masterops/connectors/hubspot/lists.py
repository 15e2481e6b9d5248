"""
Lists of records, which HubSpot's app calls segments: read, with who is in them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows
from masterops.connectors.pages import pages

MOST_FOUND = 500  # lists in a page of a search
MOST_MEMBERS = 250  # records in a page of members
SIZE = "hs_list_size"  # of a search, only where it is asked for, and as text


class ObjectList(msgspec.Struct, frozen=True, rename="camel"):
    """
    One list. `processing_type` is DYNAMIC (a filter fills it), MANUAL or SNAPSHOT; `size` may lag behind.
    """

    list_id: str
    name: str
    object_type_id: str
    processing_type: str = ""
    processing_status: str = ""
    list_version: int = 0
    size: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    additional_properties: dict[str, Any] = {}


class Member(msgspec.Struct, frozen=True, rename="camel"):
    """
    A record in a list, and since when.
    """

    record_id: str
    membership_timestamp: datetime | None = None


class Membership(msgspec.Struct, frozen=True, rename="camel"):
    """
    A list that a record is in.
    """

    list_id: str
    first_added_timestamp: datetime | None = None
    last_added_timestamp: datetime | None = None
    list_version: int = 0


class _Found(msgspec.Struct, frozen=True, rename="camel"):
    lists: list[ObjectList] = []
    has_more: bool = False
    offset: int = 0

    @property
    def after(self) -> str | None:
        """Where the next page starts."""
        return str(self.offset) if self.has_more else None


class _One(msgspec.Struct, frozen=True):
    list: ObjectList


class ListsClient:
    """
    The lists of one account.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def list(self, *, query: str = "", type_id: str | None = None) -> AsyncIterator[ObjectList]:
        """Every list whose name contains `query`; of one type of objects (0-1, 2-40000001) alone."""
        asked: dict[str, Any] = {
            "query": query,
            "count": MOST_FOUND,
            "listIds": [],
            "processingTypes": [],
            "additionalProperties": [SIZE],
        }
        asked |= {"objectTypeId": checked(type_id)} if type_id else {}

        async def fetch(after: str | None) -> _Found:
            body = asked | {"offset": int(after or 0)}
            return await self._endpoint.ask("POST", "/search", "search", _Found, body=body)

        async for page in pages(fetch, connection=self._endpoint.connection):
            for each in page.lists:
                yield _sized(each)

    async def get(self, id: str) -> ObjectList:
        """One list. Raises NotFound."""
        return (await self._endpoint.ask("GET", "/{list}", "get", _One, parts={"list": id})).list

    async def by_name(self, type_id: str, name: str) -> ObjectList:
        """The list of a type of objects (0-1, ...) that has exactly this name. Raises NotFound."""
        path, parts = "/object-type-id/{type}/name/{name}", {"type": checked(type_id), "name": name}
        return (await self._endpoint.ask("GET", path, "by_name", _One, parts=parts)).list

    async def members(self, id: str) -> AsyncIterator[Member]:
        """Every record in a list, page by page."""
        query = {"limit": str(MOST_MEMBERS)}
        rows = self._endpoint.every("/{list}/memberships", "members", Member, parts={"list": id}, query=query)
        async for member in rows:
            yield member

    async def of_record(self, type_id: str, record_id: str) -> Sequence[Membership]:
        """The lists that a record is in."""
        path, parts = "/records/{type}/{id}/memberships", {"type": checked(type_id), "id": record_id}
        answer = await self._endpoint.ask("GET", path, "of_record", Rows[Membership], parts=parts)
        return answer.results


def _sized(found: ObjectList) -> ObjectList:
    """A search tells the size elsewhere."""
    text = found.additional_properties.get(SIZE)
    size = int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else found.size
    return msgspec.structs.replace(found, size=size)
