"""
Exports: files of records, which HubSpot writes in its own time.

Thirty exports may be made in 24 hours, one at a time; further ones wait. The address of a file is good for
five minutes and for whoever has it, the next look gives another; large files come as zip (exports guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from masterops.connectors.hubspot.endpoint import Endpoint
from masterops.connectors.hubspot.search import Filter, conditions
from masterops.connectors.hubspot.waiting import until_done

Format = Literal["CSV", "XLS", "XLSX"]

OVER = frozenset({"COMPLETE", "CANCELED"})
EVERY, PATIENCE = 10.0, 3600.0  # seconds
TASK = "/async/tasks/{task}/status"


class ExportStatus(msgspec.Struct, frozen=True, rename="camel"):
    """
    How far an export is: PENDING, PROCESSING, COMPLETE, CANCELED. `result` is the address of the file, a
    secret for five minutes.
    """

    status: str
    result: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    num_errors: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in OVER


class Export(msgspec.Struct, frozen=True, rename="camel"):
    """
    One export. `export_state` is ENQUEUED, PROCESSING, DONE, FAILED, ...
    """

    id: str
    export_state: str
    export_name: str | None = None
    export_type: str | None = None
    object_type: str | None = None
    object_properties: list[str] = []
    record_count: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class _Task(msgspec.Struct, frozen=True):
    id: str


class ExportsClient:
    """
    The exports of one account.
    """

    def __init__(self, endpoint: Endpoint, *, dated: bool) -> None:
        """`dated` says that the path is: v3 takes one associated type where dated paths take a list."""
        self._endpoint = endpoint
        self._dated = dated

    async def start(
        self,
        kind: str,
        properties: Sequence[str],
        *,
        name: str,
        filters: Sequence[Filter] = (),
        query: str | None = None,
        list_id: str | None = None,
        associated: Sequence[str] = (),
        format: Format = "CSV",
    ) -> str:
        """
        Have records written into a file: all of `kind`, those for which all filters hold, or those in a
        list. The id of the export is returned. It is sent once: OutcomeUnknown is raised when nobody can say
        whether it began.
        """
        body: dict[str, Any] = {
            "exportType": "LIST" if list_id is not None else "VIEW",
            "exportName": name,
            "format": format,
            "language": "EN",
            "objectType": kind,
            "objectProperties": list(properties),
            "associatedObjectType": list(associated),
            "exportInternalValuesOptions": ["NAMES", "VALUES"],
            "includeLabeledAssociations": False,
            "includePrimaryDisplayPropertyForAssociatedObjects": False,
            "overrideAssociatedObjectsPerDefinitionPerRowLimit": False,
        }
        if not self._dated:
            del body["associatedObjectType"]
            body |= {"associatedObjectType": associated[0]} if associated else {}
        if list_id is not None:
            body["listId"] = list_id
        elif filters or query:
            found = {"filters": conditions(filters), "sorts": []}
            body["publicCrmSearchRequest"] = found | ({"query": query} if query else {})
        answer = await self._endpoint.ask("POST", "/async", "start", _Task, body=body, repeatable=False)
        return answer.id

    async def status(self, id: str) -> ExportStatus:
        """How far an export is; once it is complete, each look gives an address that is good again."""
        return await self._endpoint.ask("GET", TASK, "status", ExportStatus, parts={"task": id})

    async def get(self, id: str) -> Export:
        """What an export is of, and how many records it has. Raises NotFound."""
        return await self._endpoint.ask("GET", "/{export}", "get", Export, parts={"export": id})

    async def wait(self, id: str, *, every: float = EVERY, patience: float = PATIENCE) -> ExportStatus:
        """An export once it is over, looked at every so many seconds. Raises Timeout after `patience`."""
        return await until_done(
            lambda: self.status(id),
            lambda found: found.is_over,
            connection=self._endpoint.connection,
            every=every,
            patience=patience,
        )
