"""
Whether a connector fits what its service's OpenAPI file promises, without asking anybody.

What its resources say as data is compared: paths and methods, parameters that must be sent, the fields that
its structs read. What it really sends and is answered is compared by `openapi.Specs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import inspect as kinds

from masterops.app.blocking import Blocking
from masterops.connectors.client import ResourceClient
from masterops.connectors.resource import Resource
from masterops.testing.openapi import Operation, Specs, answer_schema, parameters, resolved

READS = ("list", "get")
WRITES = ("create", "update", "delete")

# What JSON may hold for a type of ours.
HELD: Mapping[type[kinds.Type], tuple[str, ...]] = {
    kinds.BoolType: ("boolean",),
    kinds.BytesType: ("string",),
    kinds.DateTimeType: ("string",),
    kinds.DateType: ("string",),
    kinds.DecimalType: ("string", "number", "integer"),
    kinds.DictType: ("object",),
    kinds.FloatType: ("number", "integer"),
    kinds.IntType: ("integer",),
    kinds.ListType: ("array",),
    kinds.LiteralType: ("string", "integer"),
    kinds.StrType: ("string",),
    kinds.StructType: ("object",),
    kinds.TupleType: ("array",),
    kinds.UUIDType: ("string",),
    kinds.VarTupleType: ("array",),
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """
    One thing that a connector does and its service does not promise.
    """

    resource: str
    verb: str
    what: str

    def __str__(self) -> str:
        return f"{self.resource}.{self.verb}: {self.what}"


def misfits(specs: Specs, connector: object, *, verbs: Sequence[str] = READS) -> list[Misfit]:
    """
    Everything about a connector's resources that does not fit; `verbs` are those that it uses.

    Raises ValueError for a connector without a resource: nothing would be compared.
    """
    resources = resources_of(connector)
    if not resources:
        raise ValueError(f"{type(connector).__name__} has no ResourceClient among its attributes")
    return [each for resource in resources for each in _of(specs, resource, verbs)]


def resources_of(connector: object) -> list[Resource[Any]]:
    """What a connector's clients read and write."""
    if isinstance(connector, Blocking):  # what it wraps has them
        connector = connector._inner
    held = [getattr(connector, name) for name in vars(connector)]
    clients = [each for each in held if isinstance(each, ResourceClient)]
    return [each.resource for each in clients]


def unread(kind: Any, schema: dict[str, Any], file: dict[str, Any]) -> list[str]:
    """What a struct reads, or needs, of an answer that a schema does not promise."""
    return list(_unfit(kinds.type_info(kind), schema, file, "", set()))


def _of(specs: Specs, resource: Resource[Any], verbs: Sequence[str]) -> Iterator[Misfit]:
    for verb in verbs:
        method, path, query = _request(resource, verb)
        operation = specs.operation(method, path)
        if operation is None:
            yield Misfit(resource.name, verb, f"no {method} {path} is promised")
            continue
        for what in [*_unasked(operation, query), *_answered(operation, resource, verb)]:
            yield Misfit(resource.name, verb, what)


def _request(resource: Resource[Any], verb: str) -> tuple[str, str, set[str]]:
    """Method, path and parameters of a verb, its places filled with something."""
    if verb == "list":
        listing = resource.listing
        parameter = getattr(listing.pager, "size", None)
        sized = {parameter} if isinstance(parameter, str) else set()
        return listing.method, _filled(resource.path + listing.path), {*listing.query, *sized}
    told = getattr(resource, verb)
    return told.method, _filled(resource.path + told.path), set(told.query)


def _filled(path: str) -> str:
    return re.sub(r"\{[^/}]+\}", "1", path)


def _unasked(operation: Operation, query: set[str]) -> Iterator[str]:
    rows = parameters(operation)
    for row in rows:
        if row.get("required", False) and row["name"] not in query:
            yield f"{row['name']} must be sent, and is not"
    for name in sorted(query - {row["name"] for row in rows}):
        yield f"{name} is sent, and is no parameter of it"


def _answered(operation: Operation, resource: Resource[Any], verb: str) -> Iterator[str]:
    if verb == "delete":
        return
    good = next((int(each) for each in operation.told.get("responses", {}) if each.startswith("2")), 200)
    schema = answer_schema(operation, good)
    place = resource.listing.rows if verb == "list" else resource.one
    for name in filter(None, place.split(".")):
        if schema is None:
            return
        found = [
            each["properties"][name]
            for each in _ways(schema, operation.file)
            if name in each.get("properties", {})
        ]
        if not found:
            yield f"records are read at {place}, where none are promised"
            return
        schema = found[0]
    if schema is not None:
        rows = [each.get("items", each) for each in _ways(schema, operation.file)]
        yield from min((unread(resource.row, each, operation.file) for each in rows), key=len)


def _ways(schema: dict[str, Any], file: dict[str, Any]) -> list[dict[str, Any]]:
    """What an answer may be: the schema, or each that it is one of."""
    schema = _merged(schema, file)
    inner = schema.get("oneOf") or schema.get("anyOf")
    return [way for each in inner for way in _ways(each, file)] if inner else [schema]


def _merged(schema: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    """A schema with those that it is all of."""
    schema = resolved(schema, file)
    parts = [_merged(each, file) for each in schema.get("allOf", [])]
    if not parts:
        return schema
    whole: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for each in [*parts, schema]:
        whole["properties"] |= each.get("properties", {})
        whole["required"] += each.get("required", [])
    return whole


def _unfit(
    told: kinds.Type, schema: dict[str, Any], file: dict[str, Any], at: str, seen: set[Any]
) -> Iterator[str]:
    ways = _ways(schema, file)
    if len(ways) > 1:  # it fits where it fits one of them
        yield from min((list(_unfit(told, each, file, at, seen)) for each in ways), key=len)
        return
    schema = ways[0]
    if isinstance(told, (kinds.AnyType, kinds.RawType)):
        return
    ours = told.types if isinstance(told, kinds.UnionType) else (told,)
    if schema.get("nullable") and not any(isinstance(each, kinds.NoneType) for each in ours):
        yield f"{at or 'it'} may be null"
    real = [each for each in ours if not isinstance(each, kinds.NoneType)]
    if any(isinstance(each, kinds.CustomType) for each in real):
        return
    kind = schema.get("type")
    holding = [each for each in real if kind is None or kind in HELD.get(type(each), (kind,))]
    if real and not holding:
        yield f"{at or 'it'} is promised as {kind}, and read as something else"
    for each in holding:
        yield from _inside(each, schema, file, at, seen)


def _inside(
    told: kinds.Type, schema: dict[str, Any], file: dict[str, Any], at: str, seen: set[Any]
) -> Iterator[str]:
    if isinstance(told, (kinds.ListType, kinds.VarTupleType)):
        yield from _unfit(told.item_type, schema.get("items", {}), file, f"{at}[]", seen)
    if not isinstance(told, kinds.StructType) or told.cls in seen or "properties" not in schema:
        return
    promised = schema.get("required")
    for field in told.fields:
        name = f"{at}.{field.encode_name}".lstrip(".")
        if field.encode_name not in schema["properties"]:
            if "additionalProperties" not in schema:
                yield f"{name} is read, and not promised"
            continue
        if field.required and promised is not None and field.encode_name not in promised:
            yield f"{name} is needed, and may be absent"
        inner = schema["properties"][field.encode_name]
        if _optional(field):
            inner = {**resolved(inner, file), "nullable": False}
        yield from _unfit(field.type, inner, file, name, seen | {told.cls})


def _optional(field: kinds.Field) -> bool:
    """Whether null is read as well."""
    types = field.type.types if isinstance(field.type, kinds.UnionType) else ()
    return any(isinstance(each, kinds.NoneType) for each in types)
