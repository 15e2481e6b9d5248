"""
Calls of functions: which one is meant, and the statement that calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from masterops.sandbox.service import Ask
from masterops.sandbox.supabase.catalogue import Function, Table
from masterops.sandbox.supabase.grammar import Node, parsed
from masterops.sandbox.supabase.problems import rest
from masterops.sandbox.supabase.statements import Reader, Statement, ident

RANGE = ("limit", "offset", "select", "order")


@dataclass(frozen=True)
class Called:
    """
    A call: its statement, whose rows are those of the function or one column `v`; `shown` is what is asked
    of rows of several columns, and of what kind they are.
    """

    statement: Statement
    function: Function
    limit: int | None
    offset: int
    shown: tuple[Table, Node] | None = None


def called(reader: Reader, schema: str, name: str, ask: Ask) -> Called:
    """The call that a request asks for. Raises Refusal for a function that is not there."""
    if ask.method not in ("GET", "HEAD", "POST"):
        raise rest(405, "PGRST101", f"Cannot use the {ask.method} method on RPC")
    query = dict(parse_qsl(ask.query, keep_blank_values=True))
    given: Mapping[str, Any] = {each: value for each, value in query.items() if each not in RANGE}
    if ask.method == "POST":
        given = _arguments(ask.body)
    function = _found(reader, schema, name, frozenset(given))
    types = dict(zip(function.arguments, function.types, strict=True))
    statement, places = Statement(), []
    for argument, value in given.items():
        places.append(f"{ident(argument)} := {_place(types[argument], value, ask.method)}")
        statement.values.append(_value(types[argument], value))
    call = f"{ident(schema, name)}({', '.join(places)})"
    # A row is one value where a single one is returned.
    shown = "*" if function.rows and function.many else "x AS v"
    statement.add(f"SELECT {shown} FROM {call} AS {'x' if function.rows else 'x (x)'}")
    limit, offset = query.get("limit", ""), query.get("offset", "")
    return Called(
        statement,
        function,
        int(limit) if limit.isdigit() else None,
        int(offset) if offset.isdigit() else 0,
        _shown(reader, function, query) if function.rows and function.many else None,
    )


def _shown(reader: Reader, function: Function, query: Mapping[str, str]) -> tuple[Table, Node]:
    table = reader.result(function)
    asked = {name: query[name] for name in ("select", "order") if name in query}
    node, _ = parsed(urlencode(asked), table.name)
    return table, node


def _found(reader: Reader, schema: str, name: str, given: frozenset[str]) -> Function:
    for each in reader.functions(name):
        if each.takes(given):
            return each
    shown = f"{schema}.{name}({', '.join(sorted(given))})" if given else f"{schema}.{name} without parameters"
    message = f"Could not find the function {shown} in the schema cache"
    details = f"Searched for the function {shown}, but no matches were found in the schema cache."
    raise rest(404, "PGRST202", message, details)


def _arguments(body: bytes) -> Mapping[str, Any]:
    try:
        found: Any = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise rest(400, "PGRST102", "Empty or invalid json") from None
    if not isinstance(found, dict):
        raise rest(400, "PGRST102", "Empty or invalid json")
    return found


def _place(kind: str, value: Any, method: str) -> str:
    """Where a value stands: a list in JSON becomes an array."""
    if isinstance(value, list) and kind.endswith("[]"):
        return f"ARRAY(SELECT json_array_elements_text(%s::json))::{kind}"
    return f"%s::{kind}"


def _value(kind: str, value: Any) -> object:
    if value is None or (isinstance(value, str | bool | int) and kind not in ("json", "jsonb")):
        return value
    return msgspec.json.encode(value).decode() if not isinstance(value, str) else value
