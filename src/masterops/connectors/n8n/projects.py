"""
n8n's projects, which need a licence: without one every call is NotLicensed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from masterops.connectors.client import ResourceClient
from masterops.connectors.n8n.calls import Calls
from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource
from masterops.transport import Target, Transport


class Project(msgspec.Struct, frozen=True, rename="camel"):
    """
    One project; a user's own is of type `personal`, another one of type `team`.
    """

    id: str
    name: str = ""
    type: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


PROJECTS = Resource("projects", path("projects"), Project, listing=LISTING)
ONE = f"{PROJECTS.path}/{{id}}"


class ProjectsClient:
    """
    The projects of one server. Renaming and deleting are answered with nothing.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        self._rows = ResourceClient(transport, target, PROJECTS)
        self._calls = Calls(transport, target)

    def list(self, *, limit: int | None = None) -> AsyncIterator[Project]:
        """Every project, users' own ones too."""
        return self._rows.list(limit=limit)

    async def create(self, name: str) -> Project:
        """Make a team's project. Raises OutcomeUnknown when nobody can say whether it was made."""
        return await self._rows.create({"name": name})

    async def rename(self, id: str, name: str) -> None:
        """Give a project another name. Raises NotFound."""
        await self._calls.tell("PUT", ONE, "projects.rename", parts={"id": id}, body={"name": name})

    async def delete(self, id: str) -> None:
        """Remove a project, with the workflows that are in it. Raises NotFound."""
        await self._rows.delete(id)
