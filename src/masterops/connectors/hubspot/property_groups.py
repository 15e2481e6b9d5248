"""
Groups of HubSpot properties: how people find them on a record's page.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows

ONE = "/groups/{name}"


class PropertyGroup(msgspec.Struct, frozen=True, rename="camel"):
    """
    One group. Its name stays; a `display_order` of -1 puts it behind all that have a place.
    """

    name: str
    label: str = ""
    display_order: int = -1
    archived: bool = False


class PropertyGroupsClient:
    """
    The groups of every kind of object at one connection.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """`endpoint` is that of one kind: its path ends in `{kind}`."""
        self._endpoint = endpoint

    async def list(self, kind: str) -> Sequence[PropertyGroup]:
        """All groups of `kind` (contacts, companies, ...)."""
        parts = {"kind": checked(kind)}
        answer = await self._endpoint.ask("GET", "/groups", "list", Rows[PropertyGroup], parts=parts)
        return answer.results

    async def get(self, kind: str, name: str) -> PropertyGroup:
        """One group. Raises NotFound."""
        return await self._endpoint.ask("GET", ONE, "get", PropertyGroup, parts=_parts(kind, name))

    async def create(self, kind: str, group: PropertyGroup) -> PropertyGroup:
        """
        Make a group; a second one of the same name is a Conflict. It is sent once: when nobody can say
        whether it was made, OutcomeUnknown is raised.
        """
        body = {"name": group.name, "label": group.label, "displayOrder": group.display_order}
        parts = {"kind": checked(kind)}
        return await self._endpoint.ask(
            "POST", "/groups", "create", PropertyGroup, parts=parts, body=body, repeatable=False
        )

    async def update(
        self, kind: str, name: str, *, label: str | None = None, display_order: int | None = None
    ) -> PropertyGroup:
        """Call a group otherwise, or show it elsewhere."""
        given = {"label": label, "displayOrder": display_order}
        body = {key: value for key, value in given.items() if value is not None}
        return await self._endpoint.ask(
            "PATCH", ONE, "update", PropertyGroup, parts=_parts(kind, name), body=body
        )

    async def archive(self, kind: str, name: str) -> None:
        """Remove a group. Raises Invalid while it holds properties."""
        await self._endpoint.tell("DELETE", ONE, "archive", parts=_parts(kind, name))


def _parts(kind: str, name: str) -> dict[str, str]:
    return {"kind": checked(kind), "name": name}
