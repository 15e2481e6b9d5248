"""
One business's HubSpot account: its records, property definitions, owners and limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import definitions, problems
from masterops.sandbox.hubspot.kinds import ASSOCIATION_TYPES, BY_NAME, KINDS
from masterops.sandbox.hubspot.limits import Limits, Meter
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.store import Store, Write

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
        self.requests = 0
        self.refused = 0
        ids = tuple(owner.id for owner in owners)
        self.stores = {
            kind.name: Store(kind, definitions.starting(kind, ids, BORN), self._first_id(place), clock)
            for place, kind in enumerate(KINDS)
        }

    def store(self, name: str) -> Store:
        """The records of a kind, by any of its names. Raises Refusal."""
        kind = BY_NAME.get(name.lower())
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
                row = ASSOCIATION_TYPES.get(type_id)
                if row is None or row.left != store.kind.name:
                    message = f"Association type {type_id} does not start at {store.kind.name}."
                    raise problems.invalid(message, associationTypeId=str(type_id))
                self.stores[row.right].get(str(each.to.id))
                checked.append((type_id, str(each.to.id)))
        return checked

    def commit(self, store: Store, write: Write, at: str | None = None) -> Record:
        """Carry out a checked write with its associations."""
        record = store.commit(write, at)
        for type_id, other_id in write.links:
            row = ASSOCIATION_TYPES[type_id]
            other = self.stores[row.right].live[other_id]
            record.links.setdefault(row.right, {})[other_id] = row.label
            other.links.setdefault(row.left, {})[record.id] = ASSOCIATION_TYPES[row.back].label
        return record

    def associated(self, record: Record, kinds: Iterable[str]) -> dict[str, Any]:
        """A record's associations with records of these kinds that are not archived."""
        found: dict[str, Any] = {}
        for name in kinds:
            store = self.store(name)
            held = record.links.get(store.kind.name, {})
            results = [{"id": id, "type": label} for id, label in held.items() if id in store.live]
            if results:
                found[store.kind.name] = {"results": results}
        return found

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
