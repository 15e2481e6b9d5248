"""
The shapes around HubSpot's records: pages, batches, inputs.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from masterops.connectors.hubspot.records import CrmRecord

R = TypeVar("R", bound=CrmRecord[Any])


class Next(msgspec.Struct, frozen=True):
    """
    Where the next page starts.
    """

    after: str


class Paging(msgspec.Struct, frozen=True):
    """
    Absent on the last page.
    """

    next: Next | None = None


class Page(msgspec.Struct, Generic[R], frozen=True):
    """
    One page of records. `total` is only told by search. A body without records is no page: it would read as
    the end of the list.
    """

    results: list[R]
    paging: Paging | None = None
    total: int | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of its records."""
        return [row.id for row in self.results]

    @property
    def after(self) -> str | None:
        """The cursor of the next page, or None on the last."""
        return after_of(self.paging)


class BatchError(msgspec.Struct, frozen=True):
    """
    One entry of `errors` in a batch answer (status 207).
    """

    message: str = ""
    category: str | None = None
    context: dict[str, object] = {}  # lists of ids, as a rule


class BatchAnswer(msgspec.Struct, Generic[R], frozen=True):
    """
    The answer to a batch: what worked, and what did not. The errors are read one by one: an odd one must
    not hide what worked. HubSpot always sends the first.
    """

    results: list[R]
    errors: list[object] | None = None


class Input(msgspec.Struct, frozen=True):
    """
    One record to update: which, and the properties to change. An empty string clears a property.
    """

    id: str
    properties: dict[str, str]


class Upsert(msgspec.Struct, frozen=True):
    """
    One record to update or create, found by the value of a unique property.
    """

    id: str
    properties: dict[str, str]


def after_of(paging: Paging | None) -> str | None:
    """The cursor in a page's `paging`."""
    return paging.next.after if paging and paging.next else None
