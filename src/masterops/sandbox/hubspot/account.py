"""
One business's HubSpot account: its records, property definitions, owners and limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import definitions, problems, values
from masterops.sandbox.hubspot.events import Outbox
from masterops.sandbox.hubspot.kinds import BY_NAME, KINDS, AssociationType, Kind
from masterops.sandbox.hubspot.limits import Limits, Meter
from masterops.sandbox.hubspot.linking import Relations
from masterops.sandbox.hubspot.pipelines import Pipelines
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.store import Store, Write
from masterops.sandbox.hubspot.traits import Traits

if TYPE_CHECKING:
    from masterops.sandbox.hubspot.exports import HeldExport
    from masterops.sandbox.hubspot.imports import HeldImport

BORN = "2023-02-01T00:00:00Z"  # of every account: seeded data must not depend on the day they are made


class Owner(msgspec.Struct, frozen=True):
    """
    A user who can own records.
    """

    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int


class LinkEnd(msgspec.Struct, frozen=True):
    """
    The other record of an association.
    """

    id: str | int


class LinkType(msgspec.Struct, frozen=True, rename="camel"):
    """
    What an association means.
    """

    association_type_id: int
    association_category: str = "HUBSPOT_DEFINED"


class Association(msgspec.Struct, frozen=True):
    """
    An association as a client sends it with a new record.
    """

    to: LinkEnd
    types: tuple[LinkType, ...] = ()


class Schema(msgspec.Struct, rename="camel"):
    """
    What a custom object is, beside its properties.
    """

    labels: dict[str, str]
    required: list[str]
    searchable: list[str]
    primary: str
    secondary: list[str]
    description: str
    created_at: str
    updated_at: str


class HeldList(msgspec.Struct):
    """
    A list of records that people fill by hand: who is in it, and since when.
    """

    id: str
    name: str
    type_id: str
    processing: str
    created_at: str
    updated_at: str
    version: int = 1
    members: dict[str, str] = {}


class Account:
    """
    One portal. Counts what it served; the counts are of the process, not of the day.
    """

    def __init__(
        self,
        business: str,
        clock: Clock,
        limits: Limits,
        owners: tuple[Owner, ...],
        *,
        time_zone: str = "Australia/Sydney",
        currency: str = "AUD",
    ) -> None:
        self.business = business
        self.clock = clock
        self.owners = owners
        self.time_zone = time_zone
        self.currency = currency
        self.portal_id = portal_of(business)
        self.meter = Meter(limits, clock, time_zone)
        self.outbox = Outbox(self.portal_id, self.portal_id % 1_000_000 + 5_000_000)
        self.requests = 0
        self.refused = 0
        self.traits = Traits()
        self.relations = Relations(self._linked)
        self.pipelines = Pipelines(BORN)
        self.kinds = dict(BY_NAME)  # by every name that a path may use
        self.schemas: dict[str, Schema] = {}  # custom objects, by the name of their kind
        self.lists: dict[str, HeldList] = {}
        self._next_list = 1
        self.imports: dict[str, HeldImport] = {}
        self.exports: dict[str, HeldExport] = {}
        self.stores: dict[str, Store] = {}
        for kind in KINDS:
            self.open(kind)

    def open(self, kind: Kind, created_at: str = BORN) -> Store:
        """Begin to keep records of a kind."""
        starting = definitions.starting(kind, tuple(owner.id for owner in self.owners), created_at)
        store = Store(kind, starting, self._first_id(len(self.stores)), self.clock)
        store.index.lag = self.traits.index_lag_seconds
        self.stores[kind.name] = store
        return store

    def keep_list(self, name: str, type_id: str, processing: str, at: str | None = None) -> HeldList:
        """Begin to keep a list."""
        id, now = str(self._next_list), at or values.iso(self.clock.now())
        self._next_list += 1
        made = self.lists[id] = HeldList(id, name, type_id, processing, now, now)
        return made

    def store(self, name: str) -> Store:
        """The records of a kind, by any of its names. Raises Refusal."""
        kind = self.kinds.get(name.lower())
        if kind is None:
            raise problems.invalid(f"Unable to infer object type from: {name}", type=name)
        return self.stores[kind.name]

    def links(self, store: Store, given: Iterable[Association]) -> list[tuple[int, str]]:
        """The associations of a record to be made, checked. Raises Refusal."""
        checked: list[tuple[int, str]] = []
        for each in given:
            if not each.types:
                raise problems.invalid("An association needs at least one type.")
            for type_id in [type.association_type_id for type in each.types]:
                row = self.relations.starting_at(type_id, store.kind)
                self.stores[row.right].get(str(each.to.id))
                checked.append((type_id, str(each.to.id)))
        return checked

    def commit(self, store: Store, write: Write, at: str | None = None) -> Record:
        """Carry out a checked write with its associations."""
        before = None if write.record is None else dict(write.record.properties)
        record = store.commit(write, at)
        if self.outbox.subscriptions:
            self._tell(store, record, write, before)
        for type_id, other_id in write.links:
            row = self.relations.types[type_id]
            self.relations.link(record, self.stores[row.right].live[other_id], row)
        return record

    def associated(self, record: Record, kinds: Iterable[str]) -> dict[str, Any]:
        """A record's associations with records of these kinds that are not archived: a row for each type."""
        found: dict[str, Any] = {}
        for name in kinds:
            store = self.store(name)
            held = record.links.get(store.kind.name, {})
            results = [
                {"id": id, "type": self.relations.types[type_id].name}
                for id, types in held.items()
                if id in store.live
                for type_id in types
            ]
            if results:
                found[store.kind.name] = {"results": results}
        return found

    def archive(self, store: Store, id: str) -> None:
        """Move a record to the recycle bin."""
        if id in store.live and self.outbox.subscriptions:
            self.tell(store, "deletion", objectId=int(id))
        store.archive(id)

    def forget(self, store: Store, record: Record) -> None:
        """Delete a record for good."""
        if self.outbox.subscriptions:
            self.tell(store, "privacyDeletion", objectId=record.number)
        store.archive(record.id)
        store.forget(record.id)

    def tell(self, store: Store, action: str, **facts: Any) -> None:
        """Note an event for the webhooks."""
        kind, at = store.kind, round(self.clock.now().timestamp() * 1000)
        self.outbox.happened(kind.singular.lower(), kind.type_id, action, at, **facts)

    def _tell(self, store: Store, record: Record, write: Write, before: dict[str, str] | None) -> None:
        id = record.number
        if before is None:
            self.tell(store, "creation", objectId=id)
        for name, value in write.values.items():
            if value != (before or {}).get(name):
                self.tell(store, "propertyChange", objectId=id, propertyName=name, propertyValue=value or "")

    def _linked(self, record: Record, other: Record, row: AssociationType, parted: bool) -> None:
        """Tell of an association from both sides."""
        if not self.outbox.subscriptions:
            return
        for left, right, type_id in ((record, other, row.id), (other, record, row.back)):
            seen = self.relations.types[type_id]
            here, there = self.stores[seen.left], self.stores[seen.right]
            self.tell(
                here,
                "associationChange",
                fromObjectId=left.number,
                toObjectId=right.number,
                fromObjectTypeId=here.kind.type_id,
                toObjectTypeId=there.kind.type_id,
                associationType=seen.name.removesuffix("_unlabeled").upper(),
                associationTypeId=seen.id,
                associationCategory=seen.category,
                associationRemoved=parted,
                isPrimaryAssociation=seen.label == "Primary",
            )

    def merge(self, store: Store, primary: Record, other: Record) -> Record:
        """One record in place of two, with the associations of both."""
        made = store.merge(primary, other)
        self.tell(
            store,
            "merge",
            primaryObjectId=primary.number,
            mergedObjectIds=[other.number],
            newObjectId=made.number,
            numberOfPropertiesMoved=len(other.properties.keys() - primary.properties.keys()),
        )
        for before in (primary, other):
            for kind, held in before.links.items():
                for id, types in held.items():
                    end = self.stores[kind].live.get(id)
                    if end is None:
                        continue
                    end.links.get(store.kind.name, {}).pop(before.id, None)
                    for type_id in types:
                        self.relations.link(made, end, self.relations.types[type_id])
        return made

    def behave(self, traits: Traits, *, limits_too: bool) -> None:
        """Go by these traits from now on."""
        self.traits = traits
        for store in self.stores.values():
            store.index.lag = traits.index_lag_seconds
        if limits_too and traits.limits is not None:
            self.meter.set(traits.limits)

    def counts(self) -> dict[str, int]:
        """How many records of each kind there are."""
        return {name: len(store.live) for name, store in self.stores.items()}

    def _first_id(self, place: int) -> int:
        """Ids of different accounts and kinds differ, so that a mix-up cannot go unnoticed."""
        return (self.portal_id % 9_000 + 1_000) * 100_000_000 + place * 10_000_000 + 1


def portal_of(business: str) -> int:
    """An account number that stays the same for a business."""
    digest = hashlib.sha256(business.encode()).digest()
    return 40_000_000 + int.from_bytes(digest[:4], "big") % 9_000_000
