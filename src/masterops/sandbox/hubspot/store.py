"""
All records of one kind in one account, with the lookups that keep list and get off the scan.

A write has two steps: `creation` and `update` check it and change nothing, `commit` carries it out. So a
batch can be refused whole, after its last input was looked at and before its first was written.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import problems, values
from masterops.sandbox.hubspot.kinds import Kind
from masterops.sandbox.hubspot.properties import Group, Property
from masterops.sandbox.hubspot.records import Record


class Write:
    """A checked write, not yet done. Without a record it makes one."""

    __slots__ = ("links", "record", "values")

    def __init__(self, record: Record | None, values: dict[str, str | None]) -> None:
        self.record = record
        self.values = values
        self.links: list[tuple[int, str]] = []  # association type id, id of the other record


class Index:
    """
    How far behind the records the search index is, and what it still holds instead.
    """

    def __init__(self, clock: Clock) -> None:
        self.lag = 0.0  # seconds
        # By id: until when (ticks), and the record as it was before; None when it was not there.
        self.held: dict[str, list[tuple[float, Record | None]]] = {}
        self._clock = clock

    def hold(self, record: Record, *, new: bool) -> None:
        """Keep what a record is now, which is about to change."""
        until = self._clock.ticks() + self.lag
        self.held.setdefault(record.id, []).append((until, None if new else record.copy()))

    def seen(self, record: Record) -> Record | None:
        """The record as the index has it; None when it does not know it yet."""
        past = self.held.get(record.id)
        if past is None:
            return record
        now = self._clock.ticks()
        left = [each for each in past if each[0] > now]
        if not left:
            del self.held[record.id]
            return record
        self.held[record.id] = left
        return left[0][1]


class Store:
    """
    The records of one kind.
    """

    def __init__(self, kind: Kind, definitions: dict[str, Property], first_id: int, clock: Clock) -> None:
        self.kind = kind
        self.definitions = definitions
        label = kind.group.replace("information", " information").strip().capitalize()
        self.groups = {kind.group: Group(kind.group, label)}
        self.live: dict[str, Record] = {}
        self.gone: dict[str, Record] = {}
        self.required: tuple[str, ...] = ()  # only custom objects have any
        self.index = Index(clock)
        self.merged: dict[str, str] = {}  # id that is no more -> id of the record it went into
        self._clock = clock
        self.next_id = first_id
        # Ids in order. New ones are the largest, so appending keeps it sorted.
        self._order: list[int] = []
        self._gone_order: list[int] = []
        self._unique: dict[str, dict[str, str]] = {name: {} for name in kind.unique}
        self._always = ("createdate", kind.changed, "hs_object_id")
        self._asked: dict[tuple[str, ...], tuple[str, ...]] = {}

    # --- reading ---

    def get(self, id: str, id_property: str | None = None, *, archived: bool = False) -> Record:
        """One record by id, or by the value of a unique property. Raises Refusal."""
        if id_property is None or id_property == "hs_object_id":
            record = (self.gone if archived else self.live).get(id)
            if record is None and not archived and id in self.merged:
                record = self.live.get(self.merged[id])
        else:
            record = self._by_value(self.unique(id_property), id, archived)
        if record is None:
            raise problems.not_found(self.kind.singular, id)
        return record

    def page(self, after: int, limit: int, *, archived: bool = False) -> tuple[list[Record], int | None]:
        """The first `limit` records from id `after` on, and where the next page starts."""
        order, held = (self._gone_order, self.gone) if archived else (self._order, self.live)
        start = bisect_left(order, after)
        end = start + limit
        rows = [held[str(number)] for number in order[start:end]]
        return rows, order[end] if end < len(order) else None

    def unique(self, name: str) -> str:
        """The property as a key to records. Raises Refusal when its values are not unique."""
        definition = self.definitions.get(name)
        if definition is None or definition.archived or not definition.has_unique_value:
            message = (
                f"Property {name!r} is not a unique property of {self.kind.name} and cannot be idProperty."
            )
            raise problems.invalid(message, idProperty=name)
        return name

    def wanted(self, asked: Iterable[str] | None) -> tuple[str, ...]:
        """The properties of an answer: unknown names are left out in silence, as HubSpot does."""
        names = tuple(asked or ()) or self.kind.default
        known = self._asked.get(names)
        if known is None:
            if len(self._asked) >= 100:
                self._asked.clear()
            lowered = [name.lower() for name in names]
            real = [
                name for name in lowered if name in self.definitions and not self.definitions[name].archived
            ]
            known = self._asked[names] = tuple(sorted({*real, *self._always}))
        return known

    def all_of(self, record: Record) -> tuple[str, ...]:
        """Every property of a record that has a value."""
        return tuple(sorted(name for name in record.properties if not self.definitions[name].archived))

    # --- writing ---

    def creation(self, given: Mapping[str, object], taken: set[tuple[str, str]] | None = None) -> Write:
        """A record with these properties, checked. `taken` holds what earlier inputs of its batch claim."""
        write = self._checked(None, given, taken)
        lacking = [name for name in self.required if write.values.get(name) is None]
        if lacking:
            message = f"Error creating {self.kind.singular}. Some required properties were not set."
            raise problems.Refusal(400, message, problems.VALIDATION, context={"properties": lacking})
        return write

    def update(
        self, record: Record, given: Mapping[str, object], taken: set[tuple[str, str]] | None = None
    ) -> Write:
        """A change to a record, checked."""
        return self._checked(record, given, taken)

    def commit(self, write: Write, at: str | None = None) -> Record:
        """Carry out a checked write; `at` gives the moment, for seeds, else it is now."""
        now = at or values.iso(self._clock.now())
        record = write.record or self._new(now)
        if self.index.lag:
            self.index.hold(record, new=write.record is None)
        for name, index in self._unique.items():
            if name in write.values:
                before, after = record.properties.get(name), write.values[name]
                if before is not None:
                    index.pop(before.lower(), None)
                if after is not None:
                    index[after.lower()] = record.id
        kept = {"hs_lastmodifieddate": now, self.kind.changed: now}
        if write.record is None:
            record.properties.update(
                {name: value for name, value in write.values.items() if value is not None}
            )
            record.properties.update(kept)
            record.forget()
        else:
            record.change(write.values, now, kept)
        return record

    def archive(self, id: str) -> None:
        """Move a record to the recycle bin; one that is not there is no error, as at HubSpot."""
        record = self.live.pop(id, None)
        if record is None:
            return
        del self._order[bisect_left(self._order, record.number)]
        insort(self._gone_order, record.number)
        self.gone[id] = record
        record.archived_at = values.iso(self._clock.now())
        record.forget()
        # Its e-mail address is free again.
        for name, index in self._unique.items():
            index.pop(record.properties.get(name, "").lower(), None)

    def forget(self, id: str) -> None:
        """Take a record out of the recycle bin for good."""
        record = self.gone.pop(id)
        del self._gone_order[bisect_left(self._gone_order, record.number)]

    def searched(self) -> Iterable[Record]:
        """The records as search sees them: late by the lag of its index."""
        if not self.index.held:
            return self.live.values()
        seen = (self.index.seen(record) for record in self.live.values())
        return [record for record in seen if record is not None]

    def merge(self, primary: Record, other: Record) -> Record:
        """
        A new record in place of two. The primary's values win; ids of both lead to it from now on.

        That a merge makes a new id, and that `hs_merged_object_ids` lists the old ones with semicolons, is
        reported (since 2025; contacts kept the primary's before).
        """
        values_ = {**other.properties, **primary.properties}
        for each in (primary, other):
            del self.live[each.id]
            del self._order[bisect_left(self._order, each.number)]
            for name, index in self._unique.items():
                index.pop(each.properties.get(name, "").lower(), None)
        now = values.iso(self._clock.now())
        made = self._new(min(primary.created_at, other.created_at))
        if self.index.lag:
            self.index.hold(made, new=True)
        made.updated_at = now
        own = {"hs_object_id": made.id, "hs_lastmodifieddate": now, self.kind.changed: now}
        made.properties = values_ | own | {"hs_merged_object_ids": _merged_ids(primary, other)}
        made.properties["createdate"] = min(primary.created_at, other.created_at)
        for id in made.properties["hs_merged_object_ids"].split(";"):
            self.merged[id] = made.id
        for name, index in self._unique.items():
            if (value := made.properties.get(name)) is not None:
                index[value.lower()] = made.id
        return made

    def define(self, definition: Property) -> None:
        """Add or replace a property's definition; archiving one takes its values with it."""
        name = definition.name
        self.definitions[name] = definition
        self._asked.clear()
        if definition.archived:
            self._unique.pop(name, None)
            for record in (*self.live.values(), *self.gone.values()):
                record.drop(name)
        elif definition.has_unique_value:
            self._unique.setdefault(name, {})

    def _new(self, now: str) -> Record:
        number = self.next_id
        self.next_id += 1
        record = Record(number, {"createdate": now, "hs_createdate": now, "hs_object_id": str(number)}, now)
        self._order.append(number)
        self.live[record.id] = record
        return record

    def _checked(
        self, record: Record | None, given: Mapping[str, object], taken: set[tuple[str, str]] | None
    ) -> Write:
        good, flaws = values.kept(given, self.definitions)
        # In this order: an input that fails for its values must not claim any for its batch.
        flaws = flaws or self._claims(record, good, taken)
        if flaws:
            raise problems.invalid_values(flaws)
        return Write(record, good)

    def _claims(
        self, record: Record | None, good: Mapping[str, str | None], taken: set[tuple[str, str]] | None
    ) -> list[problems.Flaw]:
        """Values that another record has already; the contact's e-mail address is a refusal of its own."""
        flaws: list[problems.Flaw] = []
        for name, index in self._unique.items():
            value = good.get(name)
            if value is None:
                continue
            owner = index.get(value.lower())
            claim = (name, value.lower())
            if owner is not None and (record is None or owner != record.id):
                if name in self.kind.unique:
                    message = f"{self.kind.singular.capitalize()} already exists. Existing ID: {owner}"
                    raise problems.Refusal(409, message, "CONFLICT")
                message = f"{value} is already the value of {name!r} of record {owner}."
                flaws.append(problems.Flaw(name, "CONFLICTING_UNIQUE_VALUE", message))
            elif taken is not None and claim in taken:
                message = f"Batch input has the same value for unique property {name!r} twice: {value}"
                raise problems.Refusal(409, message, "CONFLICT")
            elif taken is not None:
                taken.add(claim)
        return flaws

    def _by_value(self, name: str, value: str, archived: bool) -> Record | None:
        if archived:
            return next(
                (
                    each
                    for each in self.gone.values()
                    if each.properties.get(name, "").lower() == value.lower()
                ),
                None,
            )
        id = self._unique[name].get(value.lower())
        return self.live[id] if id is not None else None


def _merged_ids(primary: Record, other: Record) -> str:
    before = [each.properties.get("hs_merged_object_ids") for each in (primary, other)]
    return ";".join([*(text for text in before if text), primary.id, other.id])
