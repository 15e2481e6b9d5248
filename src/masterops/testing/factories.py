"""
Records for property tests: a hypothesis strategy for every struct that a service's answer is read into.

    @given(struct(Contact))
    def test_any_contact_is_told_in_a_line(contact: Contact) -> None: ...

Ids look as the service makes them, money is a Decimal, moments have a time zone, and what may be absent is.
"""

from __future__ import annotations

import re
import string
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from msgspec import inspect as kinds

from masterops.config import Secret
from masterops.connectors.hubspot.records import CrmRecord

S = TypeVar("S", bound=msgspec.Struct)
Strategy = st.SearchStrategy[Any]

FIRST, LAST = datetime(1971, 1, 2), datetime(2099, 12, 30)
WHOLE = 2**53 - 1  # beyond it JavaScript, and so a service's JSON, is not exact
MOST = 4  # items of a list: larger records show nothing that these do not

# How services make their ids, by the package of the connector.
IDS: Mapping[str, Strategy] = {
    "masterops.connectors.hubspot": st.integers(1, 10**12).map(str),
    "masterops.connectors.n8n": st.text(string.ascii_letters + string.digits, min_size=16, max_size=16),
    "masterops.connectors.supabase": st.uuids().map(str),
    "masterops.connectors.unleashed": st.uuids().map(str),
}
ID = re.compile(r"(.+_)?(id|guid)")

texts = st.text(max_size=20)
moments = st.datetimes(FIRST, LAST, timezones=st.sampled_from([UTC, timezone(timedelta(hours=11))]))
money = st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False)
emails = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@example\.(com|org|net)", fullmatch=True)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-WHOLE, WHOLE) | texts,
    lambda inner: st.lists(inner, max_size=MOST) | st.dictionaries(texts, inner, max_size=MOST),
    max_leaves=6,
)


def struct(kind: type[S], **fields: Any) -> st.SearchStrategy[S]:
    """
    Structs of a kind, its constraints kept; `fields` are values or strategies for some of them.

    Raises TypeError for a field that it does not have, or whose type no answer can be read into.
    """
    try:
        told = kinds.type_info(kind)
    except TypeError as error:
        raise TypeError(f"{kind.__qualname__}: {error}") from None
    assert isinstance(told, kinds.StructType)
    strange = set(fields) - {each.name for each in told.fields}
    if strange:
        raise TypeError(f"{kind.__qualname__} has no field {', '.join(sorted(strange))}")
    given = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in fields.items()
    }
    return _struct(told, {}, given)


def encoded(value: Any) -> bytes:
    """A struct as a service's answer has it."""
    return msgspec.json.encode(value, enc_hook=_written)


def decoded(body: bytes, kind: type[S]) -> S:
    """An answer read into a struct, as the connectors do it. Raises msgspec.ValidationError."""
    return msgspec.json.decode(body, type=kind, dec_hook=_read)


def _struct(told: kinds.StructType, known: dict[Any, Strategy], given: Mapping[str, Strategy]) -> Strategy:
    cls: Any = typing.get_origin(told.cls) or told.cls
    known = {**known, told.cls: st.deferred(lambda: made)}
    parts = {
        each.name: given[each.name] if each.name in given else _field(cls, each, known)
        for each in told.fields
    }
    must = {each.name for each in told.fields if each.required or each.name in given}
    made: Strategy = st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in must},
        optional={name: part for name, part in parts.items() if name not in must},
    ).map(lambda values: cls(**values))
    return made


def _field(cls: type, field: kinds.Field, known: dict[Any, Strategy]) -> Strategy:
    if issubclass(cls, CrmRecord) and field.name == "raw":
        return _properties(cls)
    if _is_text(field.type):
        ids = next((IDS[package] for package in IDS if cls.__module__.startswith(package)), None)
        if ids is not None and ID.fullmatch(field.name):
            return ids if isinstance(field.type, kinds.StrType) else st.none() | ids
        if field.name == "email":
            return emails if isinstance(field.type, kinds.StrType) else st.none() | emails
    return _any(field.type, known)


def _is_text(told: kinds.Type) -> bool:
    """Whether it is a text without a rule of its own, or None."""
    inner = told.types if isinstance(told, kinds.UnionType) else (told,)
    return {type(each) for each in inner} <= {kinds.StrType, kinds.NoneType} and inner != (kinds.NoneType(),)


def _properties(cls: type[CrmRecord[Any]]) -> Strategy:
    """HubSpot's properties: texts or nothing, the known ones such as can be read."""
    kind = getattr(cls, "kind", None)
    known = _struct(kinds.type_info(kind), {}, {}) if kind else st.none()  # type: ignore[arg-type]  # it is one
    others = st.dictionaries(st.from_regex(r"[a-z]{3,8}_own", fullmatch=True), st.none() | texts, max_size=2)
    return st.tuples(known, others).map(lambda two: msgspec.Raw(msgspec.json.encode(_said(*two))))


def _said(record: msgspec.Struct | None, others: Mapping[str, str | None]) -> dict[str, str | None]:
    values = msgspec.to_builtins(record, enc_hook=_written) if record is not None else {}
    return {
        **{name: None if value is None else _word(value) for name, value in values.items()},
        **others,
    }


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _any(told: kinds.Type, known: dict[Any, Strategy]) -> Strategy:
    """Values of a type."""
    match told:
        case kinds.StructType():
            return known[told.cls] if told.cls in known else _struct(told, known, {})
        case kinds.UnionType():
            return st.one_of([_any(each, known) for each in told.types])
        case kinds.ListType() | kinds.VarTupleType() | kinds.SetType() | kinds.FrozenSetType():
            return _several(told, known)
        case kinds.TupleType():
            return st.tuples(*[_any(each, known) for each in told.item_types])
        case kinds.DictType():
            least, most = told.min_length or 0, _most(told.max_length)
            pairs = (_any(told.key_type, known), _any(told.value_type, known))
            return st.dictionaries(*pairs, min_size=least, max_size=max(least, most))
        case kinds.CustomType():
            return _custom(told.cls)
        case _:
            return _plain(told)


def _several(told: Any, known: dict[Any, Strategy]) -> Strategy:
    least, most = told.min_length or 0, _most(told.max_length)
    kept = st.lists(_any(told.item_type, known), min_size=least, max_size=max(least, most))
    into = {kinds.VarTupleType: tuple, kinds.SetType: set, kinds.FrozenSetType: frozenset}
    return kept.map(into.get(type(told), list))


def _most(length: int | None) -> int:
    return MOST if length is None else min(length, MOST)


def _custom(cls: type) -> Strategy:
    if cls is object:
        return anything
    if issubclass(cls, Secret):
        return st.text(min_size=1, max_size=20).map(cls)
    if issubclass(cls, datetime):
        return moments.map(lambda at: cls.fromisoformat(at.astimezone(UTC).isoformat()))
    raise TypeError(f"{cls.__qualname__}: give a strategy for the fields of this type")


def _plain(told: kinds.Type) -> Strategy:
    """Values that hold no others."""
    match told:
        case kinds.IntType():
            return _whole(told)
        case kinds.FloatType():
            return st.floats(told.ge, told.le, allow_nan=False, allow_infinity=False)
        case kinds.StrType():
            return _text(told)
        case kinds.LiteralType():
            return st.sampled_from(told.values)
        case kinds.EnumType():
            return st.sampled_from(list(told.cls))
        case kinds.DateTimeType():
            return moments if told.tz is not False else st.datetimes(FIRST, LAST)
    simple: Mapping[type[kinds.Type], Strategy] = {
        kinds.AnyType: anything,
        kinds.BoolType: st.booleans(),
        kinds.BytesType: st.binary(max_size=20),
        kinds.DateType: st.dates(FIRST.date(), LAST.date()),
        kinds.DecimalType: money,
        kinds.NoneType: st.none(),
        kinds.RawType: anything.map(lambda value: msgspec.Raw(msgspec.json.encode(value))),
        kinds.TimeDeltaType: st.timedeltas(timedelta(0), timedelta(days=365)),
        kinds.TimeType: st.times(),
        kinds.UUIDType: st.uuids(),
    }
    if type(told) not in simple:
        raise TypeError(f"{type(told).__name__}: give a strategy for the fields of this type")
    return simple[type(told)]


def _whole(told: kinds.IntType) -> Strategy:
    least = told.ge if told.ge is not None else (told.gt + 1 if told.gt is not None else -WHOLE)
    most = told.le if told.le is not None else (told.lt - 1 if told.lt is not None else WHOLE)
    some = st.integers(least, most)
    step = told.multiple_of
    return some if step is None else some.map(lambda value: value - value % step).filter(lambda v: v >= least)


def _text(told: kinds.StrType) -> Strategy:
    least = told.min_length or 0
    most = told.max_length if told.max_length is not None else least + 20
    if told.pattern is None:
        return st.text(min_size=least, max_size=most)
    return st.from_regex(told.pattern).filter(lambda value: least <= len(value) <= most)


def _written(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _read(kind: Any, value: Any) -> Any:
    if kind is object:
        return value
    return kind.from_wire(value) if hasattr(kind, "from_wire") else kind(value)
