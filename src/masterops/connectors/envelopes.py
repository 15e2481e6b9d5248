"""
What stands around a service's records, as decoders made from where things are: `data`, `paging.next.after`.

The shapes are made once a resource, so that a page is decoded in one go into typed structs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, get_args

import msgspec

Found = tuple[Sequence[Any], str | int | None]


@cache
def page(row: Any, rows: str, told: str) -> Callable[[bytes], Found]:
    """
    A decoder of pages: the records, which stand at `rows` (empty: the body is the list), and what stands at
    `told`, None where nothing does. A body without the records is none.
    """
    if not rows:
        records = _decoder(list[row])
        return lambda body: (records(body), None)
    leaves: dict[str, tuple[Any, bool]] = {rows: (list[row], True)}
    if told:
        leaves[told] = (str | int | None, False)
    shape = _struct(leaves)
    decode, find_rows = _decoder(shape), _finder(shape, rows)
    find_told = _finder(shape, told) if told else lambda shape: None

    def read(body: bytes) -> Found:
        found = decode(body)
        return find_rows(found), find_told(found)

    return read


@cache
def one(row: Any, at: str = "") -> Callable[[bytes], Any]:
    """
    A decoder of a record that stands at `at` (empty: it is the body), or is the first of a list there. None
    when that list is empty.
    """
    either = row | list[row]
    if not at:
        whole = _decoder(either)
        return lambda body: _first(whole(body))
    shape = _struct({at: (either, True)})
    decode, find = _decoder(shape), _finder(shape, at)
    return lambda body: _first(find(decode(body)))


def nothing(body: bytes) -> None:
    """The decoder of an answer that nobody reads."""


def _decoder(shape: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(shape, dec_hook=_own).decode


def _own(kind: Any, value: object) -> Any:
    """A value of a type that JSON does not have; such a type reads itself (`from_wire`)."""
    return kind.from_wire(value)


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _struct(leaves: Mapping[str, tuple[Any, bool]]) -> Any:
    """Leaves are dotted places, with the type there and whether it must be there."""
    inside: dict[str, dict[str, tuple[Any, bool]]] = {}
    for place, leaf in leaves.items():
        head, _, rest = place.partition(".")
        inside.setdefault(head, {})[rest] = leaf
    fields: list[tuple[str, Any, Any]] = []
    for number, (head, below) in enumerate(sorted(inside.items())):
        kind, must = below[""] if "" in below else (_struct(below), any(must for _, must in below.values()))
        known = {"name": head} if must else {"name": head, "default": None}
        fields.append((f"f{number}", kind if must else kind | None, msgspec.field(**known)))
    return msgspec.defstruct("Envelope", fields, frozen=True, kw_only=True)


def _finder(shape: Any, place: str) -> Callable[[Any], Any]:
    """What finds in a decoded shape what stands at a dotted place."""
    # Looking at structs is slow, and done once.
    attributes: list[str] = []
    for name in place.split("."):
        field = next(each for each in msgspec.structs.fields(shape) if each.encode_name == name)
        attributes.append(field.name)
        shape = _inner(field.type)

    def find(found: Any) -> Any:
        for attribute in attributes:
            if found is None:
                return None
            found = getattr(found, attribute)
        return found

    return find


def _inner(kind: Any) -> Any:
    """The struct of a field that may be None."""
    return next((each for each in get_args(kind) if each is not type(None)), kind)
