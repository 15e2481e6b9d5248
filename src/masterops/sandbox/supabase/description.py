"""
The OpenAPI description at the root of the row API.
"""

from __future__ import annotations

from typing import Any

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.supabase.catalogue import Column, Table
from masterops.sandbox.supabase.problems import gateway, rest
from masterops.sandbox.supabase.statements import Reader

KINDS = {"integer": "integer", "bigint": "integer", "smallint": "integer", "boolean": "boolean"}
NUMBERS = ("numeric", "real", "double precision")
OPENAPI = "application/openapi+json; charset=utf-8"


def answer(reader: Reader, schema: str, method: str, anonymous: bool) -> Answer:
    """What there is. Raises Refusal for who may not know it."""
    if method not in ("GET", "HEAD"):
        raise rest(405, "PGRST117", f"Unsupported HTTP method: {method}")
    if anonymous:
        raise gateway(401, "Secret API key required", "Only a secret API key can be used for this endpoint.")
    document = {
        "swagger": "2.0",
        "info": {"title": "PostgREST API", "version": "14.5"},
        "definitions": {each.name: _definition(each) for each in reader.tables(schema)},
    }
    return json_answer(200, document, {"Content-Type": OPENAPI})


def _definition(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "description": table.comment or None,
        "required": [each.name for each in table.columns.values() if each.required],
        "properties": {each.name: _property(table, each) for each in table.columns.values()},
    }


def _property(table: Table, column: Column) -> dict[str, Any]:
    kind = KINDS.get(column.kind, "number" if column.kind in NUMBERS else "string")
    found: dict[str, Any] = {"type": kind, "format": column.kind}
    if column.default is not None:
        found["default"] = column.default
    if column.name in table.key:
        found["description"] = "Note:\nThis is a Primary Key.<pk/>"
    return found
