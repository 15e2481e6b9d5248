"""
Whether an answer is what an OpenAPI file promises: as much of its schema language as HubSpot's files use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


class Specs:
    """
    All OpenAPI files of a name under a folder.
    """

    def __init__(self, folder: Path, name: str = "*.json") -> None:
        self._files = [_read(path) for path in sorted(folder.rglob(name))]
        self.operations = [
            (method.upper(), _pattern(path), operation, file)
            for file in self._files
            if isinstance(file, dict)
            for path, methods in file.get("paths", {}).items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        ]
        self.operations.sort(key=lambda row: row[1].pattern.count("[^/]+"))  # the most particular first

    def strange(self, method: str, path: str, query: Mapping[str, str]) -> list[str] | None:
        """The parameters of a query that are not promised; None when no file says anything about the path."""
        for known, pattern, operation, file in self.operations:
            if known == method and pattern.fullmatch(path):
                rows = [_resolved(each, file) for each in operation.get("parameters", [])]
                named = {row["name"]: row.get("schema", {}) for row in rows if row["in"] == "query"}
                return [
                    name
                    for name, value in query.items()
                    if name not in named or not re.search(named[name].get("pattern", ""), value)
                ]
        return None

    def flaws(self, method: str, path: str, status: int, body: Any) -> list[str] | None:
        """What is wrong with an answer; None when no file says anything about it."""
        for known, pattern, operation, file in self.operations:
            if known == method and pattern.fullmatch(path):
                replies = operation.get("responses", {})
                reply = replies.get(str(status)) or replies.get("default")
                if reply is None:
                    return [f"status {status} is not one of {', '.join(replies)}"]
                content = _resolved(reply, file).get("content", {})
                schema = next((each.get("schema") for each in content.values()), None)
                return [] if schema is None else list(_flaws(schema, body, file, "answer"))
        return None


def _read(path: Path) -> Any:
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.yaml.decode
    return decode(path.read_bytes())


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(path)))


def _resolved(node: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = file
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _flaws(schema: dict[str, Any], value: Any, file: dict[str, Any], at: str) -> Iterator[str]:
    schema = _resolved(schema, file)
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
