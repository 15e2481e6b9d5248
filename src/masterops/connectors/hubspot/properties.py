"""
HubSpot properties: the definitions of an object's fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows

# In HubSpot's answers, refused in a request.
TOLD_ONLY = frozenset({"hubspotDefined", "archived", "calculated", "externalOptions", "modificationMetadata"})


class Option(msgspec.Struct, frozen=True, rename="camel"):
    """
    One value of an enumeration. A `display_order` of -1 puts it behind all that have a place.
    """

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str | None = None


class Modification(msgspec.Struct, frozen=True, rename="camel"):
    """
    What of a property may be changed.
    """

    archivable: bool = True
    read_only_definition: bool = False
    read_only_options: bool = False
    read_only_value: bool = False


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
    display_order: int = -1
    hidden: bool = False
    form_field: bool | None = None
    has_unique_value: bool = False
    external_options: bool = False
    calculated: bool = False
    modification_metadata: Modification = Modification()
    hubspot_defined: bool | None = None
    archived: bool = False


class PropertiesClient:
    """
    The properties of every kind of object at one connection.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """`endpoint` is that of one kind: its path ends in `{kind}`."""
        self._endpoint = endpoint

    async def list(self, kind: str, *, archived: bool = False) -> Sequence[Property]:
        """All properties of `kind` (contacts, ...); with `archived` those in the recycle bin instead."""
        query = {"archived": "true"} if archived else {}
        parts = {"kind": checked(kind)}
        answer = await self._endpoint.ask("GET", "", "list", Rows[Property], parts=parts, query=query)
        return answer.results

    async def get(self, kind: str, name: str) -> Property:
        """One property. Raises NotFound."""
        return await self._endpoint.ask("GET", "/{name}", "get", Property, parts=_parts(kind, name))

    async def create(self, kind: str, definition: Property) -> Property:
        """
        Make a property; a second one of the same name is a Conflict. It is sent once: when nobody can say
        whether it was made, OutcomeUnknown is raised.
        """
        parts, body = {"kind": checked(kind)}, sent(definition)
        return await self._endpoint.ask(
            "POST", "", "create", Property, parts=parts, body=body, repeatable=False
        )

    async def update(self, kind: str, name: str, changes: Mapping[str, Any]) -> Property:
        """Change a property's label, description, options, ... given by HubSpot's own names."""
        return await self._endpoint.ask(
            "PATCH", "/{name}", "update", Property, parts=_parts(kind, name), body=dict(changes)
        )

    async def archive(self, kind: str, name: str) -> None:
        """Move a property to the recycle bin: records lose its values."""
        await self._endpoint.tell("DELETE", "/{name}", "archive", parts=_parts(kind, name))


def sent(definition: Property) -> dict[str, Any]:
    """A definition as HubSpot takes it."""
    fields: dict[str, Any] = msgspec.to_builtins(definition)
    fields["options"] = [option_sent(each) for each in definition.options]
    return {name: value for name, value in fields.items() if value is not None and name not in TOLD_ONLY}


def option_sent(option: Option) -> dict[str, Any]:
    """An option as HubSpot takes it: a description is text or absent."""
    fields: dict[str, Any] = msgspec.to_builtins(option)
    return {name: value for name, value in fields.items() if value is not None}


def _parts(kind: str, name: str) -> dict[str, str]:
    return {"kind": checked(kind), "name": name}
