"""
What all of Unleashed's records have, and how all of its resources are read and written.

The number of a page stands in the path (`/Products/2?pageSize=1000`). A record is made under a GUID of ours
(`POST /Products/{guid}`): sent a second time it makes no second record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

import msgspec

from masterops import errors
from masterops.connectors.client import ResourceClient
from masterops.connectors.paginators import Numbered
from masterops.connectors.resource import Fields, Listing, Resource, Since, Verb
from masterops.connectors.unleashed.moments import Moment, asked

CLIENT = {"client-type": "master-ops/master-ops"}  # partner/app; asked for, not enforced
PAGE = 1_000  # the most that it gives: a page is a call of the month, however long

R = TypeVar("R", bound="Dated")


class Dated(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """
    A record that says when it was changed.
    """

    last_modified_on: Moment | None = None


class Record(Dated, frozen=True, kw_only=True, rename="pascal"):
    """
    A record with a GUID of its own.
    """

    guid: str
    created_on: Moment | None = None
    created_by: str | None = None
    last_modified_by: str | None = None


class Reference(msgspec.Struct, frozen=True, rename="pascal"):
    """
    Another record, as it is mentioned in one: which of the codes and names stand there depends on its kind.
    """

    guid: str | None = None
    product_code: str | None = None
    customer_code: str | None = None
    customer_name: str | None = None
    supplier_code: str | None = None
    supplier_name: str | None = None
    warehouse_code: str | None = None
    warehouse_name: str | None = None
    group_name: str | None = None
    name: str | None = None


def resource(name: str, path: str, row: type[R], *, key: str = "guid") -> Resource[R]:
    """A resource of Unleashed's: all of them page, and tell what changed, alike."""
    return Resource(
        name,
        path,
        row,
        key=key,
        listing=Listing(
            "/{page}",
            rows="Items",
            pager=Numbered("page", at="Pagination.NumberOfPages", size="pageSize", in_path=True),
            size=PAGE,
            headers=CLIENT,
        ),
        get=Verb("GET", "/{id}", headers=CLIENT),
        create=Verb("POST", "/{id}", headers=CLIENT),
        update=Verb("POST", "/{id}", name="update", headers=CLIENT),
        delete=Verb("DELETE", "/{id}", headers=CLIENT),
        since=Since(_changed, _modified_since),
    )


class RecordClient(ResourceClient[R]):
    """
    One resource at one connection.
    """

    async def create(self, fields: Fields, *, id: str | None = None) -> R:
        """
        Make a record under a GUID, a new one unless it is given. It may be sent again: the GUID is the same,
        and a refusal because the record is there already means that an earlier attempt has made it.
        """
        guid = id or str(uuid4())
        try:
            return await super().create({"Guid": guid, **fields}, id=guid)
        except (errors.Invalid, errors.Conflict) as refused:
            if "already exist" not in refused.message.lower():
                raise
            try:
                return await self.get(guid)
            except errors.NotFound:  # it is another record that has this code
                raise refused from None


def _changed(row: Dated) -> datetime | None:
    return row.last_modified_on


def _modified_since(moment: datetime) -> Mapping[str, str | int]:
    return {"modifiedSince": asked(moment)}
