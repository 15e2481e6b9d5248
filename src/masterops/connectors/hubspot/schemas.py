"""
The definitions of custom objects, which HubSpot calls schemas.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows
from masterops.connectors.hubspot.properties import Property

ONE = "/{kind}"


class Labels(msgspec.Struct, frozen=True):
    """
    What people call one record, and several.
    """

    singular: str = ""
    plural: str = ""


class Schema(msgspec.Struct, frozen=True, rename="camel"):
    """
    One custom object. `fully_qualified_name` (p40000001_cars) and `object_type_id` (2-40000001) stand for it
    in every call.
    """

    name: str
    object_type_id: str = ""
    fully_qualified_name: str = ""
    labels: Labels = Labels()
    description: str | None = None
    primary_display_property: str | None = None
    secondary_display_properties: list[str] = []
    required_properties: list[str] = []
    searchable_properties: list[str] = []
    properties: list[Property] = []
    archived: bool = False


class NewProperty(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    A property of a custom object that is to be made.
    """

    name: str
    label: str
    type: str = msgspec.field(default_factory=lambda: "string")
    field_type: str = msgspec.field(default_factory=lambda: "text")
    has_unique_value: bool = False


class SchemasClient:
    """
    The custom objects of one account.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def list(self) -> Sequence[Schema]:
        """All custom objects."""
        return (await self._endpoint.ask("GET", "", "list", Rows[Schema])).results

    async def get(self, kind: str) -> Schema:
        """One custom object, by any of its names. Raises NotFound."""
        return await self._endpoint.ask("GET", ONE, "get", Schema, parts={"kind": checked(kind)})

    async def create(
        self,
        name: str,
        labels: Labels,
        properties: Sequence[NewProperty],
        *,
        required: Sequence[str] = (),
        searchable: Sequence[str] = (),
        primary: str | None = None,
        associated: Sequence[str] = (),
        description: str = "",
    ) -> Schema:
        """
        Make a custom object; its records may be associated with the kinds in `associated`. It is sent once:
        when nobody can say whether it was made, OutcomeUnknown is raised. Its name cannot be changed later.
        """
        body = {
            "name": name,
            "labels": labels,
            "description": description,
            "properties": properties,
            "requiredProperties": list(required),
            "searchableProperties": list(searchable),
            "secondaryDisplayProperties": [],
            "primaryDisplayProperty": primary or properties[0].name,
            "associatedObjects": list(associated),
        }
        return await self._endpoint.ask("POST", "", "create", Schema, body=body, repeatable=False)

    async def archive(self, kind: str) -> None:
        """Archive a custom object. Raises Invalid while it has records."""
        await self._endpoint.tell("DELETE", ONE, "archive", parts={"kind": checked(kind)})
