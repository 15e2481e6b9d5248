"""
What stands around a service's records, as decoders made from where things are: `data`, `paging.next.after`.

The shapes are made once a resource, so that a page is decoded in one go into typed structs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

Found = tuple[Sequence[Any], str | int | None]


@cache
def page(row: Any, rows: str, told: str) -> Callable[[bytes], Found]:
    """
    A decoder of pages: the records, which stand at `rows` (empty: the body is the list), and what stands at
    `told`, None where nothing does. A body without the records is none.
    """
    if not rows:
        records = msgspec.json.Decoder(list[row]).decode
        return lambda body: (records(body), None)
    leaves: dict[str, tuple[Any, bool]] = {rows: (list[row], True)}
    if told:
        leaves[told] = (str | int | None, False)
    decode, find_rows, find_told = _decoder(leaves), _finder(rows), _finder(told)

    def read(body: bytes) -> Found:
        shape = decode(body)
        return find_rows(shape), find_told(shape) if told else None

    return read


@cache
def one(row: Any, at: str = "") -> Callable[[bytes], Any]:
    """
    A decoder of a record that stands at `at` (empty: it is the body), or is the first of a list there. None
    when that list is empty.
    """
    either = row | list[row]
    if not at:
        whole = msgspec.json.Decoder(either).decode
        return lambda body: _first(whole(body))
    decode, find = _decoder({at: (either, True)}), _finder(at)
    return lambda body: _first(find(decode(body)))


def nothing(body: bytes) -> None:
    """The decoder of an answer that nobody reads."""


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _decoder(leaves: Mapping[str, tuple[Any, bool]]) -> Callable[[bytes], Any]:
    """Leaves are dotted places, with the type there and whether it must be there."""
    return msgspec.json.Decoder(_struct(leaves)).decode


def _struct(leaves: Mapping[str, tuple[Any, bool]]) -> Any:
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


def _finder(place: str) -> Callable[[Any], Any]:
    """What stands at a dotted place of a decoded shape."""
    names = place.split(".")

    def find(shape: Any) -> Any:
        for name in names:
            if shape is None:
                return None
            shape = getattr(shape, _attribute(type(shape), name))
        return shape

    return find


def _attribute(kind: Any, name: str) -> str:
    return str(next(each.name for each in msgspec.structs.fields(kind) if each.encode_name == name))
