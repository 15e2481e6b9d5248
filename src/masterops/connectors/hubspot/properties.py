"""
HubSpot properties: the definitions of an object's fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from masterops.connectors.envelopes import nothing
from masterops.transport import Request, Target, Transport

TOLD_ONLY = frozenset({"hubspotDefined", "archived"})  # in HubSpot's answers, refused in a request


class Option(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    One value of an enumeration.
    """

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False


class Property(msgspec.Struct, frozen=True, rename="camel"):
    """
    One property's definition. `type` is string, number, date, datetime, enumeration or bool.
    """

    name: str
    label: str = ""
    type: str = "string"
    field_type: str = "text"
    group_name: str = ""
    description: str = ""
    options: list[Option] = []
    has_unique_value: bool = False
    hubspot_defined: bool | None = None
    archived: bool = False


class _List(msgspec.Struct, frozen=True):
    results: list[Property] = []


class PropertiesClient:
    """
    The properties of every kind of object at one connection.
    """

    def __init__(self, transport: Transport, target: Target, path: str) -> None:
        """`path` is the template of one kind: it ends in `{kind}`."""
        self._transport = transport
        self._target = target
        self._path = path

    async def list(self, kind: str) -> list[Property]:
        """All properties of `kind` (contacts, companies, ...)."""
        request = self._request("GET", "", "list", kind)
        answer = await self._transport.call(self._target, request, msgspec.json.Decoder(_List).decode)
        return answer.results

    async def get(self, kind: str, name: str) -> Property:
        """One property. Raises NotFound."""
        return await self._one("GET", "/{name}", "get", kind, name)

    async def create(self, kind: str, definition: Property) -> Property:
        """
        Make a property; a second one of the same name is a Conflict. It is sent once: when nobody can say
        whether it was made, OutcomeUnknown is raised.
        """
        fields = msgspec.to_builtins(definition)
        body = {name: value for name, value in fields.items() if name not in TOLD_ONLY}
        return await self._one("POST", "", "create", kind, None, body, repeatable=False)

    async def update(self, kind: str, name: str, changes: Mapping[str, Any]) -> Property:
        """Change a property's label, description, options, ... given by HubSpot's own names."""
        return await self._one("PATCH", "/{name}", "update", kind, name, dict(changes))

    async def archive(self, kind: str, name: str) -> None:
        """Move a property to the recycle bin."""
        request = self._request("DELETE", "/{name}", "archive", kind, name)
        await self._transport.call(self._target, request, nothing)

    async def _one(
        self,
        method: str,
        path: str,
        verb: str,
        kind: str,
        name: str | None,
        body: object = None,
        *,
        repeatable: bool = True,
    ) -> Property:
        decode = msgspec.json.Decoder(Property).decode
        request = self._request(method, path, verb, kind, name, body, repeatable=repeatable)
        answer: Property = await self._transport.call(self._target, request, decode)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        verb: str,
        kind: str,
        name: str | None = None,
        body: object = None,
        *,
        repeatable: bool = True,
    ) -> Request:
        parts = {"kind": kind} if name is None else {"kind": kind, "name": name}
        return Request(
            method, self._path + path, f"properties.{verb}", parts=parts, body=body, repeatable=repeatable
        )
