"""
HubSpot pipelines and their stages, for the kinds of objects that move through stages.

From 2026-09 on HubSpot refuses to delete what records still name; before, only when it is asked to look
(pipelines guide). It is asked here, unless told not to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from masterops.connectors.hubspot.custom import checked
from masterops.connectors.hubspot.endpoint import Endpoint, Rows

ONE = "/{pipeline}"
STAGES = "/{pipeline}/stages"
STAGE = "/{pipeline}/stages/{stage}"
LOOK = {"validateReferencesBeforeDelete": "true"}
LOOK_AT_DEALS = {"validateDealStageUsagesBeforeDelete": "true"}
DEALS = frozenset({"deals", "deal", "0-3"})


class Stage(msgspec.Struct, frozen=True, rename="camel"):
    """
    One step. `metadata` differs by kind: deals have `probability`, tickets `ticketState` (OPEN, CLOSED).
    """

    id: str
    label: str
    display_order: int = 0
    metadata: dict[str, Any] = {}
    archived: bool = False
    write_permissions: str | None = None


class Pipeline(msgspec.Struct, frozen=True, rename="camel"):
    """
    The steps of one process.
    """

    id: str
    label: str
    display_order: int = 0
    stages: list[Stage] = []
    archived: bool = False


class NewStage(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """
    A stage to be made; HubSpot chooses an id where none is given.
    """

    label: str
    display_order: int
    metadata: dict[str, Any]
    stage_id: str | None = None


class PipelinesClient:
    """
    The pipelines of every kind of object at one connection. What is made is sent once: when nobody can say
    whether it was made, OutcomeUnknown is raised. A label that is taken is a Conflict.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """`endpoint` is that of one kind: its path ends in `{kind}`."""
        self._endpoint = endpoint

    async def list(self, kind: str) -> Sequence[Pipeline]:
        """All pipelines of `kind` (deals, tickets, p_cars, ...), with their stages."""
        parts = {"kind": checked(kind)}
        return (await self._endpoint.ask("GET", "", "list", Rows[Pipeline], parts=parts)).results

    async def get(self, kind: str, id: str) -> Pipeline:
        """One pipeline. Raises NotFound."""
        return await self._endpoint.ask("GET", ONE, "get", Pipeline, parts=_parts(kind, id))

    async def create(
        self,
        kind: str,
        label: str,
        stages: Sequence[NewStage],
        *,
        display_order: int = 0,
        id: str | None = None,
    ) -> Pipeline:
        """Make a pipeline; it needs at least one stage."""
        body = {"label": label, "displayOrder": display_order, "stages": stages}
        body |= {"pipelineId": id} if id is not None else {}
        parts = {"kind": checked(kind)}
        return await self._endpoint.ask(
            "POST", "", "create", Pipeline, parts=parts, body=body, repeatable=False
        )

    async def update(
        self, kind: str, id: str, *, label: str | None = None, display_order: int | None = None
    ) -> Pipeline:
        """Call a pipeline otherwise, or show it elsewhere."""
        body = _said(label=label, displayOrder=display_order)
        return await self._endpoint.ask("PATCH", ONE, "update", Pipeline, parts=_parts(kind, id), body=body)

    async def delete(self, kind: str, id: str, *, even_if_used: bool = False) -> None:
        """Delete a pipeline. Raises Invalid when records are in it, unless `even_if_used`."""
        await self._endpoint.tell(
            "DELETE", ONE, "delete", parts=_parts(kind, id), query=_look(kind, even_if_used)
        )

    # --- stages ---

    async def stages(self, kind: str, pipeline: str) -> Sequence[Stage]:
        """The stages of a pipeline."""
        parts = _parts(kind, pipeline)
        return (await self._endpoint.ask("GET", STAGES, "stages", Rows[Stage], parts=parts)).results

    async def create_stage(self, kind: str, pipeline: str, stage: NewStage) -> Stage:
        """Add a stage to a pipeline."""
        parts = _parts(kind, pipeline)
        return await self._endpoint.ask(
            "POST", STAGES, "create_stage", Stage, parts=parts, body=stage, repeatable=False
        )

    async def update_stage(
        self,
        kind: str,
        pipeline: str,
        id: str,
        metadata: Mapping[str, Any],
        *,
        label: str | None = None,
        display_order: int | None = None,
    ) -> Stage:
        """Change a stage. HubSpot wants its `metadata` each time."""
        body = _said(label=label, displayOrder=display_order) | {"metadata": dict(metadata)}
        parts = _parts(kind, pipeline) | {"stage": id}
        return await self._endpoint.ask("PATCH", STAGE, "update_stage", Stage, parts=parts, body=body)

    async def delete_stage(self, kind: str, pipeline: str, id: str, *, even_if_used: bool = False) -> None:
        """Delete a stage. Raises Invalid when records are in it, unless `even_if_used`."""
        parts = _parts(kind, pipeline) | {"stage": id}
        await self._endpoint.tell(
            "DELETE", STAGE, "delete_stage", parts=parts, query=_look(kind, even_if_used)
        )


def _parts(kind: str, pipeline: str) -> dict[str, str]:
    return {"kind": checked(kind), "pipeline": pipeline}


def _said(**given: object) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _look(kind: str, even_if_used: bool) -> dict[str, str]:
    """Pipelines of deals have a parameter of their own, their stages the usual one: both are sent."""
    look = LOOK | LOOK_AT_DEALS if kind.lower() in DEALS else LOOK
    return dict.fromkeys(look, "false") if even_if_used else look
