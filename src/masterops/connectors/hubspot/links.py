"""
Associations as values: what two records are to each other, and which pair an error means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from masterops import errors
from masterops.connectors.batches import RowError
from masterops.connectors.hubspot.problems import lenient, texts
from masterops.connectors.hubspot.wire import BatchError, Paging

# The one error of a batch read that is none: the record has no association of this kind.
NONE_FOUND = "NO_ASSOCIATIONS_FOUND"


class AssociationType(msgspec.Struct, frozen=True, rename="camel"):
    """
    One meaning of an association, seen from its first record. A label that is None is the plain one.
    `category` is HUBSPOT_DEFINED, USER_DEFINED, INTEGRATOR_DEFINED or WORK.
    """

    type_id: int
    category: str = "HUBSPOT_DEFINED"
    label: str | None = None


class Association(msgspec.Struct, frozen=True):
    """
    The record at the other end, and all that it is to the first.
    """

    id: str
    types: tuple[AssociationType, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """
    Two records by id, and what they are to each other; without types the plain association is meant.
    """

    left: str
    right: str
    types: tuple[AssociationType, ...] = ()


class LinkResult(msgspec.Struct):
    """
    What became of many links: how many were done, and the places of those that were not.
    """

    done: int = 0
    errors: list[RowError] = []

    def raise_for_errors(self, connection: str) -> None:
        """Raise Invalid when any link failed."""
        if self.errors:
            first = self.errors[0]
            reason = f"{len(self.errors)} of the batch failed, first input {first.index}: {first.reason}"
            raise errors.Invalid(service=connection, reason=reason)


class Associated(msgspec.Struct):
    """
    What many records are associated with, by their ids; each that was asked for is there, or in `errors`.
    """

    found: dict[str, list[Association]] = {}
    errors: list[RowError] = []


# --- as they come ------------------------------------------------------------------------------------------


class End(msgspec.Struct, frozen=True):
    """
    A record as a batch names it: its id is text under dated paths and a number under v4.
    """

    id: str | int


class Row(msgspec.Struct, frozen=True, rename="camel"):
    """
    One association of a page.
    """

    to_object_id: str | int
    association_types: tuple[AssociationType, ...] = ()

    @property
    def value(self) -> Association:
        """The same with the id as text."""
        return Association(str(self.to_object_id), self.association_types)


class Fan(msgspec.Struct, frozen=True):
    """
    One record of a batch read, with a page of its associations.
    """

    from_: End = msgspec.field(name="from")
    to: list[Row] = []
    paging: Paging | None = None


class LinkError(BatchError, frozen=True, rename="camel"):
    """
    One entry of `errors`.
    """

    sub_category: object = None


class FansAnswer(msgspec.Struct, frozen=True):
    """
    The answer to a batch read.
    """

    results: list[Fan] = []
    errors: list[object] | None = None


class LinksAnswer(msgspec.Struct, frozen=True):
    """
    The answer to a batch that writes.
    """

    results: list[object] = []
    errors: list[object] | None = None


# --- as they go --------------------------------------------------------------------------------------------


def spec(type: AssociationType) -> dict[str, Any]:
    """A type in a request, where its fields have other names than in answers."""
    return {"associationCategory": type.category, "associationTypeId": type.type_id}


def linked(association: Association) -> dict[str, Any]:
    """An association of a record that is made with it."""
    return {"to": {"id": association.id}, "types": [spec(each) for each in association.types]}


def pair(link: Link) -> dict[str, Any]:
    """A link in a batch."""
    ends: dict[str, Any] = {"from": {"id": link.left}, "to": {"id": link.right}}
    return ends | ({"types": [spec(each) for each in link.types]} if link.types else {})


def fans(links: Iterable[Link]) -> list[dict[str, Any]]:
    """The links by their first record, as a batch that parts them wants it."""
    held: dict[str, list[dict[str, str]]] = {}
    for link in links:
        held.setdefault(link.left, []).append({"id": link.right})
    return [{"from": {"id": left}, "to": rights} for left, rights in held.items()]


# --- which of them an error means --------------------------------------------------------------------------


def flaws(entries: Sequence[object] | None) -> list[LinkError]:
    """The entries of `errors`, read as far as they can be."""
    return [lenient(LinkError, each) for each in entries or []]


def none_found(error: LinkError) -> bool:
    """Whether a batch read says only that there is nothing to read."""
    return NONE_FOUND in str(error.sub_category)


def row_errors(
    entries: Sequence[object] | None, places: Sequence[int], links: Sequence[Link]
) -> list[RowError]:
    """The errors of a batch that writes, each with the place of the link it means."""
    return [
        RowError(index, entry.message, entry.category)
        for entry in flaws(entries)
        for index in _meant(entry, places, links)
    ]


def _meant(entry: LinkError, places: Sequence[int], links: Sequence[Link]) -> list[int | None]:
    """The links that an entry is about: it names the ids of one end or both. None is one that it does not."""
    left, right, either = (
        {id for name in names for id in texts(entry.context.get(name))}
        for names in (("fromObjectId",), ("toObjectId",), ("id", "ids"))
    )
    found: list[int | None] = [
        place
        for place, link in zip(places, links, strict=True)
        if (link.left in left | either or link.right in right | either)
        and (not left or link.left in left)
        and (not right or link.right in right)
    ]
    return found or [None]
