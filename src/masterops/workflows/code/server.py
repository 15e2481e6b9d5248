"""
One n8n as its workflows' files see it: everything read at once, so that one plan rests on one look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from masterops import errors
from masterops.connectors.n8n import N8n, Workflow
from masterops.workflows.code.document import Document, canonical


@dataclass(frozen=True, slots=True)
class Live:
    """
    What an n8n holds, by ids. Archived workflows are not among it; of them the names are known.
    """

    connection: str
    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    credentials: Mapping[tuple[str, str], str] = field(default_factory=dict)
    archived: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str) -> list[str]:
        """The ids of the workflows of a name."""
        return [id for id, each in self.workflows.items() if each.name == name]

    @property
    def ids(self) -> dict[str, str]:
        """Ids by name, where a name is that of one workflow alone."""
        names = [each.name for each in self.workflows.values()]
        return {each.name: id for id, each in self.workflows.items() if names.count(each.name) == 1}

    @property
    def names(self) -> dict[str, str]:
        """
        Names by id. One that is archived keeps its name for those that call it, so that they do not differ
        for it; unless another has that name now, which they do not call.
        """
        now = {id: each.name for id, each in self.workflows.items()}
        taken = set(now.values())
        return {**{id: name for id, name in self.archived.items() if name not in taken}, **now}


async def look(n8n: N8n, *, credentials: bool = True) -> Live:
    """All workflows, and the names of all credentials. Raises RemoteError."""
    found = {row.id: row async for row in n8n.workflows.list(query={"excludePinnedData": "true"})}
    kept = {id: row for id, row in found.items() if not row.is_archived}
    archived = {id: row.name for id, row in found.items() if row.is_archived}
    there = await _credentials(n8n, kept) if credentials else {}
    live = Live(n8n.connection, kept, {}, there, archived)
    return replace(live, documents={id: document(row, live.names) for id, row in kept.items()})


def document(row: Workflow, names: Mapping[str, str]) -> Document:
    """The document of a workflow, with others by their names."""
    return canonical(raw(row), name_of=names.get)


def raw(row: Workflow) -> dict[str, Any]:
    """What n8n holds of it that can be put back."""
    return {
        **row.definition(),
        "active": row.active,
        "tags": [{"name": tag.name} for tag in row.tags or []],
    }


async def _credentials(n8n: N8n, workflows: Mapping[str, Workflow]) -> dict[tuple[str, str], str]:
    """Those that are listed; an n8n that does not list them shows those that its workflows use."""
    found: dict[tuple[str, str], str] = {}
    for row in workflows.values():
        for node in row.nodes:
            for kind, given in (node.get("credentials") or {}).items():
                if isinstance(given, dict) and given.get("id") and given.get("name"):
                    found[kind, str(given["name"])] = str(given["id"])
    try:
        listed = {(row.type, row.name): row.id async for row in n8n.credentials.list()}
    except (errors.NotServed, errors.UnexpectedAnswer, errors.Forbidden):
        return found
    return listed
