"""
The shapes around HubSpot's records: pages, batches, inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.hubspot.records import CrmRecord

R = TypeVar("R", bound=CrmRecord[Any])
T = TypeVar("T")


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
    One page of records. `total` is only told by search.
    """

    results: list[R] = []
    paging: Paging | None = None
    total: int | None = None

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
    not hide what worked.
    """

    results: list[R] = []
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


class RowError(msgspec.Struct, frozen=True):
    """
    One input of a batch that failed: its place in what was given, and why.
    `index` is None where HubSpot does not say which input it means.
    """

    index: int | None
    reason: str
    category: str | None = None


class BatchResult(msgspec.Struct, Generic[R]):
    """
    What a batch of any length did. Rows that failed are in `errors`; check them, or `raise_for_errors`.
    `replaced` are the places of inputs that were not sent, because a later one is about the same record.
    """

    rows: list[R] = []
    errors: list[RowError] = []
    replaced: list[int] = []

    def raise_for_errors(self, connection: str) -> None:
        """Raise Invalid when any input failed."""
        if self.errors:
            first = self.errors[0]
            reason = f"{len(self.errors)} of the batch failed, first input {first.index}: {first.reason}"
            raise errors.Invalid(service=connection, reason=reason)


def after_of(paging: Paging | None) -> str | None:
    """The cursor in a page's `paging`."""
    return paging.next.after if paging and paging.next else None


def chunks(items: Sequence[T], size: int) -> Iterator[tuple[int, Sequence[T]]]:
    """`items` in pieces of at most `size`, each with the index of its first."""
    for start in range(0, len(items), size):
        yield start, items[start : start + size]
