"""
n8n's workflows: what they are made of, and whether they run by themselves.

n8n 2.41 says publish where older versions say activate, and has both. The newer word is tried first; that a
server does not know it is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from masterops import errors
from masterops.connectors.client import ResourceClient
from masterops.connectors.n8n.calls import Calls
from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.n8n.tags import Tag
from masterops.connectors.resource import Resource, Since, Verb
from masterops.transport import Target, Transport

# There is no change of a part: these four are sent together, and any other is refused as read-only.
WRITABLE = ("name", "nodes", "connections", "settings")


class Workflow(msgspec.Struct, frozen=True, rename="camel"):
    """
    One workflow. `version_id` is another one when its nodes change; `active_version_id` is the one that runs.
    """

    id: str
    name: str = ""
    active: bool = False
    is_archived: bool = False
    nodes: list[dict[str, Any]] = []
    connections: dict[str, Any] = {}
    settings: dict[str, Any] | None = None
    tags: list[Tag] | None = None
    version_id: str | None = None
    active_version_id: str | None = None
    trigger_count: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def definition(self) -> dict[str, Any]:
        """What `create` and `update` take."""
        return {
            "name": self.name,
            "nodes": self.nodes,
            "connections": self.connections,
            "settings": self.settings or {},
        }


WORKFLOWS = Resource(
    "workflows",
    path("workflows"),
    Workflow,
    listing=LISTING,
    # There is no filter by time: all are read, 250 at once.
    since=Since(attrgetter("updated_at")),
    update=Verb("PUT", "/{id}"),
)
ARCHIVE = Verb("POST", "/{id}/archive")
# The word of 2.41, and that of before.
ON = (Verb("POST", "/{id}/publish"), Verb("POST", "/{id}/activate"))
OFF = (Verb("POST", "/{id}/unpublish"), Verb("POST", "/{id}/deactivate"))


class WorkflowsClient(ResourceClient[Workflow]):
    """
    The workflows of one server.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        super().__init__(transport, target, WORKFLOWS)
        self._calls = Calls(transport, target)
        self._older = False  # whether this server knows the older words alone

    async def activate(self, id: str) -> Workflow:
        """
        Let it run by itself. n8n answers before its webhooks are there (0.2 to 0.5 s). Raises Invalid for one
        without a trigger, Conflict when another has its webhook.
        """
        return await self._switch(ON, "activate", id)

    async def deactivate(self, id: str) -> Workflow:
        """Let it run by itself no more."""
        return await self._switch(OFF, "deactivate", id)

    async def archive(self, id: str) -> Workflow:
        """Put it aside: it is kept, and cannot be activated."""
        return await self._verb(ARCHIVE, "archive", id)

    async def change(self, id: str, **fields: Any) -> Workflow:
        """
        Change some of name, nodes, connections and settings, and send back the others as they were: a change
        that somebody else makes meanwhile is lost.
        """
        for name in fields:
            if name not in WRITABLE:
                reason = f"a workflow's {', '.join(WRITABLE)} can be changed."
                raise errors.BadValue(value=name, kind="field", reason=reason)
        before = await self.get(id)
        return await self.update(id, {**before.definition(), **fields})

    async def tags(self, id: str) -> list[Tag]:
        """Its tags."""
        where = f"{WORKFLOWS.path}/{{id}}/tags"
        return await self._calls.ask("GET", where, "workflows.tags", list[Tag], parts={"id": id})

    async def set_tags(self, id: str, tags: Sequence[str]) -> list[Tag]:
        """Give it these tags, by their ids, and no others."""
        where, body = f"{WORKFLOWS.path}/{{id}}/tags", [{"id": tag} for tag in tags]
        return await self._calls.ask(
            "PUT", where, "workflows.set_tags", list[Tag], parts={"id": id}, body=body
        )

    async def _switch(self, words: tuple[Verb, Verb], name: str, id: str) -> Workflow:
        newer, older = words
        if not self._older:
            try:
                return await self._verb(newer, name, id)
            except errors.NotServed:
                self._older = True
        return await self._verb(older, name, id)
