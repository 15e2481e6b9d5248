"""
What an OpenAPI file promises, and whether requests and answers keep to it: as much of its schema language as
services' files use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


class Operation(NamedTuple):
    """
    One method of one path, and the file that it stands in.
    """

    method: str
    pattern: re.Pattern[str]
    told: dict[str, Any]
    file: dict[str, Any]


class Specs:
    """
    One OpenAPI file (JSON or YAML), or all of a name under a folder.
    """

    def __init__(self, place: Path, name: str = "*.json") -> None:
        """Raises FileNotFoundError for a file that is not there, msgspec.DecodeError for one that is none."""
        files = [_read(path) for path in (sorted(place.rglob(name)) if place.is_dir() else [place])]
        self.operations = [
            Operation(method.upper(), _pattern(path), operation, file)
            for file in files
            if isinstance(file, dict)
            for path, methods in file.get("paths", {}).items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        ]
        self.operations.sort(key=lambda row: row.pattern.pattern.count("[^/]+"))  # the most particular first

    def operation(self, method: str, path: str) -> Operation | None:
        """What is promised of a request; None when no file says anything about it."""
        fitting = (each for each in self.operations if each.method == method and each.pattern.fullmatch(path))
        return next(fitting, None)

    def strange(self, method: str, path: str, query: Mapping[str, str]) -> list[str] | None:
        """The parameters of a query that are not promised; None when no file says anything about the path."""
        operation = self.operation(method, path)
        if operation is None:
            return None
        named = {row["name"]: row.get("schema", {}) for row in parameters(operation)}
        return [
            name
            for name, value in query.items()
            if name not in named or not re.search(named[name].get("pattern", ""), value)
        ]

    def missing(self, method: str, path: str, query: Mapping[str, str]) -> list[str] | None:
        """The parameters that must be in a query and are not; None when no file knows the path."""
        operation = self.operation(method, path)
        if operation is None:
            return None
        return [
            row["name"]
            for row in parameters(operation)
            if row.get("required", False) and row["name"] not in query
        ]

    def flaws(self, method: str, path: str, status: int, body: Any) -> list[str] | None:
        """What is wrong with an answer; None when no file says anything about it."""
        operation = self.operation(method, path)
        if operation is None:
            return None
        replies = operation.told.get("responses", {})
        if str(status) not in replies and "default" not in replies:
            return [f"status {status} is not one of {', '.join(replies)}"]
        schema = answer_schema(operation, status)
        return [] if schema is None else list(_flaws(schema, body, operation.file, "answer"))

    def sent_wrongly(self, method: str, path: str, body: Any) -> list[str] | None:
        """What is wrong with a request's body; None when no file says anything about the path."""
        operation = self.operation(method, path)
        if operation is None:
            return None
        schema = _content(resolved(operation.told.get("requestBody", {}), operation.file))
        return [] if schema is None else list(_flaws(schema, body, operation.file, "request"))


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """The parameters of an operation's query."""
    rows = [resolved(each, operation.file) for each in operation.told.get("parameters", [])]
    return [row for row in rows if row["in"] == "query"]


def answer_schema(operation: Operation, status: int) -> dict[str, Any] | None:
    """What an answer with this status holds; None where nothing is said."""
    replies = operation.told.get("responses", {})
    reply = replies.get(str(status)) or replies.get("default")
    return _content(resolved(reply, operation.file)) if reply is not None else None


def _content(node: dict[str, Any]) -> dict[str, Any] | None:
    return next((each.get("schema") for each in node.get("content", {}).values()), None)


def _read(path: Path) -> Any:
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.yaml.decode
    return decode(path.read_bytes())


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(path)))


def resolved(node: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    """A part of a file, references to others followed."""
    while "$ref" in node:
        found: Any = file
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _flaws(schema: dict[str, Any], value: Any, file: dict[str, Any], at: str) -> Iterator[str]:
    schema = resolved(schema, file)
    for each in schema.get("allOf", []):
        yield from _flaws(each, value, file, at)
    for name in ("oneOf", "anyOf"):
        if name in schema and all(list(_flaws(each, value, file, at)) for each in schema[name]):
            yield f"{at} fits none of {name}"
    if value is None:
        if not schema.get("nullable", False):
            yield f"{at} is null"
        return
    kind = schema.get("type")
    if kind in TYPES and (
        not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))
    ):
        yield f"{at} is {type(value).__name__}, not {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}, not one of {schema['enum']}"
    yield from _inside(schema, value, file, at)


def _inside(schema: dict[str, Any], value: Any, file: dict[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield from _flaws(schema.get("items", {}), each, file, f"{at}[{place}]")
    if not isinstance(value, dict):
        return
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{at}.{name} is missing"
    others = schema.get("additionalProperties")
    for name, each in value.items():
        if each is None and name not in schema.get("required", []):
            continue  # HubSpot's own answers hold null wherever they may hold nothing
        if name in known:
            yield from _flaws(known[name], each, file, f"{at}.{name}")
        elif isinstance(others, dict):
            yield from _flaws(others, each, file, f"{at}.{name}")
