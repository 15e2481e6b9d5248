"""
One CRM record as it comes over the wire, its properties typed.

HubSpot sends every property as a string or null. They are decoded when they are first read, into the
struct of the known ones; what that does not name, or cannot hold, is in `extra` as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar, cast

import msgspec

P = TypeVar("P", bound=msgspec.Struct)


class CrmRecord(msgspec.Struct, Generic[P], frozen=True, dict=True, rename="camel", kw_only=True):
    """
    A record of any kind: id, moments, properties.
    """

    kind: ClassVar[type[msgspec.Struct]]

    id: str
    raw: msgspec.Raw = msgspec.field(name="properties", default=msgspec.Raw(b"{}"))
    created_at: datetime | None = None
    updated_at: datetime | None = None
    archived: bool = False
    archived_at: datetime | None = None
    new: bool | None = None  # upserts alone say whether they made it
    trace: str | None = msgspec.field(name="objectWriteTraceId", default=None)  # batches echo it

    @cached_property
    def values(self) -> dict[str, str | None]:
        """Every property as it came, by name."""
        return msgspec.json.decode(self.raw, type=dict[str, str | None])

    @cached_property
    def properties(self) -> P:
        """The known properties, typed; one that is absent or empty is None."""
        return cast("P", typed(type(self).kind, self.values)[0])

    @cached_property
    def extra(self) -> dict[str, str | None]:
        """The properties that `properties` does not name or could not hold."""
        return typed(type(self).kind, self.values)[1]


def typed(kind: type[msgspec.Struct], values: dict[str, str | None]) -> tuple[Any, dict[str, str | None]]:
    """The struct of the known properties, and the rest."""
    known = set(kind.__struct_fields__)
    given = {name: value for name, value in values.items() if name in known and value not in (None, "")}
    extra = {name: value for name, value in values.items() if name not in known}
    try:
        return msgspec.convert(given, kind, strict=False), extra
    except msgspec.ValidationError:
        return _one_by_one(kind, given, extra)


def _one_by_one(
    kind: type[msgspec.Struct], given: Mapping[str, str | None], extra: dict[str, str | None]
) -> tuple[Any, dict[str, str | None]]:
    """A value of the wrong shape costs itself, not the record."""
    good: dict[str, str | None] = {}
    for name, value in given.items():
        try:
            msgspec.convert({name: value}, kind, strict=False)
            good[name] = value
        except msgspec.ValidationError:
            extra[name] = value
    return msgspec.convert(good, kind, strict=False), extra
