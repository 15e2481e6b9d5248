"""
Which associations an account knows, and the joining and parting of two records.

Both sides remember an association, each by the type as seen from its side. A labeled association always
brings the one without a label along, and parting the unlabeled one takes every label with it: "deleting an
unlabeled association will also delete all labeled associations between those two objects" (reference of
batch/labels/archive).
"""

from __future__ import annotations

from collections.abc import Callable

from masterops.sandbox.hubspot import problems
from masterops.sandbox.hubspot.kinds import ASSOCIATION_TYPES, AssociationType, Kind
from masterops.sandbox.hubspot.records import Record

FIRST_OWN_TYPE = 10_001  # above every type of HubSpot's, so that one number tells them apart


class Relations:
    """
    The association types of one account.
    """

    def __init__(self, changed: Callable[[Record, Record, AssociationType, bool], None]) -> None:
        """`changed` is told of two records by their type, and whether they were parted."""
        self._changed = changed
        self.types: dict[int, AssociationType] = dict(ASSOCIATION_TYPES)
        self._next = FIRST_OWN_TYPE

    # --- types ---

    def between(self, left: Kind, right: Kind) -> list[AssociationType]:
        """Every type from `left` to `right`."""
        return [row for row in self.types.values() if (row.left, row.right) == (left.name, right.name)]

    def plain(self, left: Kind, right: Kind) -> AssociationType:
        """The type without a label. Raises Refusal when the two kinds have nothing to do with each other."""
        for row in self.between(left, right):
            if row.label is None:
                return row
        message = f"No association type exists between {left.name} and {right.name}."
        raise problems.invalid(message, fromObjectType=left.name, toObjectType=right.name)

    def starting_at(self, type_id: int, left: Kind, right: Kind | None = None) -> AssociationType:
        """The type, if it starts at `left` (and ends at `right`). Raises Refusal."""
        row = self.types.get(type_id)
        if row is None or row.left != left.name or (right is not None and row.right != right.name):
            ends = f" and end at {right.name}" if right is not None else ""
            message = f"Association type {type_id} does not start at {left.name}{ends}."
            raise problems.invalid(message, associationTypeId=str(type_id))
        return row

    def define(
        self, left: Kind, right: Kind, name: str, label: str | None, inverse: str | None, category: str
    ) -> list[AssociationType]:
        """A new type and the same seen from the other side; one row when the two are the same."""
        first, self._next = self._next, self._next + 2
        one_sided = left is right and (inverse is None or inverse == label)
        back = first if one_sided else first + 1
        self.types[first] = AssociationType(first, left.name, right.name, name, back, label, category)
        if not one_sided:
            other = label if inverse is None else inverse
            self.types[back] = AssociationType(
                back, right.name, left.name, f"{name}_inverse", first, other, category
            )
        return [self.types[id] for id in dict.fromkeys((first, back))]

    def relabel(self, type_id: int, label: str, inverse: str | None) -> None:
        """Give an own type another label. Raises Refusal."""
        row = self._own(type_id)
        self.types[type_id] = _labeled(row, label)
        if row.back != type_id and inverse is not None:
            self.types[row.back] = _labeled(self.types[row.back], inverse)

    def remove(self, type_id: int) -> AssociationType:
        """Forget an own type and its other side; its row as it was. Raises Refusal."""
        row = self._own(type_id)
        for each in {type_id, row.back}:
            del self.types[each]
        return row

    # --- records ---

    def link(self, record: Record, other: Record, row: AssociationType) -> None:
        """Associate two records."""
        rows = [row] if row.label is None else [row, *self._unlabeled(row)]
        for each in rows:
            fresh = _add(record, each.right, other.id, each.id)
            _add(other, each.left, record.id, each.back)
            if fresh:
                self._changed(record, other, each, False)

    def unlink(self, record: Record, other: Record, left: Kind, right: Kind) -> bool:
        """Part two records altogether; whether they were associated."""
        other.links.get(left.name, {}).pop(record.id, None)
        held = record.links.get(right.name, {}).pop(other.id, None)
        for type_id in held or ():
            self._changed(record, other, self.types[type_id], True)
        return held is not None

    def unlabel(self, record: Record, other: Record, row: AssociationType, left: Kind, right: Kind) -> None:
        """Take one type away from two records."""
        if row.label is None:
            self.unlink(record, other, left, right)
            return
        if take(record, right.name, other.id, row.id):
            self._changed(record, other, row, True)
        take(other, left.name, record.id, row.back)

    def _unlabeled(self, row: AssociationType) -> list[AssociationType]:
        return [
            each
            for each in self.types.values()
            if each.label is None and (each.left, each.right) == (row.left, row.right)
        ][:1]

    def _own(self, type_id: int) -> AssociationType:
        row = self.types.get(type_id)
        if row is None or row.category != "USER_DEFINED" or row.label is None:
            message = f"Association type {type_id} is not a label of this account."
            raise problems.invalid(message, associationTypeId=str(type_id))
        return row


def _labeled(row: AssociationType, label: str) -> AssociationType:
    return AssociationType(row.id, row.left, row.right, row.name, row.back, label, row.category)


def _add(record: Record, kind: str, other: str, type_id: int) -> bool:
    """Whether it was not there before."""
    held = record.links.setdefault(kind, {})
    types = held.get(other, ())
    if type_id in types:
        return False
    held[other] = (*types, type_id)
    return True


def take(record: Record, kind: str, other: str, type_id: int) -> bool:
    """Take one type out of what a record remembers, if it is there; nothing else left parts them."""
    held = record.links.get(kind, {})
    before = held.get(other, ())
    left = tuple(each for each in before if each != type_id)
    if left:
        held[other] = left
    else:
        held.pop(other, None)
    return left != before
