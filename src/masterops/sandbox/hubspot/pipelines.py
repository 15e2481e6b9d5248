"""
Pipelines and their stages, for the kinds of objects that move through stages.

A pipeline or stage that is named by records cannot be deleted when `validateReferencesBeforeDelete` (deals:
`validateDealStageUsagesBeforeDelete`) is true; that is the default from 2026-09 on (pipelines guide, "What's
new in 2026-09") and false before.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.hubspot import problems
from masterops.sandbox.hubspot.kinds import Kind

DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)
# The properties that name a record's pipeline and stage.
HELD_IN = {"deals": ("pipeline", "dealstage")}
HELD_OTHERWISE = ("hs_pipeline", "hs_pipeline_stage")
WITHOUT = ("contacts", "companies", "products", "line_items")
NEEDED = {"deals": "probability", "tickets": "ticketState"}


class Stage(msgspec.Struct, rename="camel"):
    """
    One step of a pipeline.
    """

    id: str
    label: str
    display_order: int
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    archived: bool
    write_permissions: str = "CRM_PERMISSIONS_ENFORCEMENT"


class Pipeline(msgspec.Struct, rename="camel"):
    """
    The steps of one process.
    """

    id: str
    label: str
    display_order: int
    stages: list[Stage]
    created_at: str
    updated_at: str
    archived: bool = False


class StageDraft(msgspec.Struct, rename="camel"):
    """
    A stage as a client sends it.
    """

    label: str
    display_order: int
    metadata: dict[str, Any] = {}
    stage_id: str | None = None


class Draft(msgspec.Struct, rename="camel"):
    """
    A pipeline as a client sends it.
    """

    label: str
    display_order: int
    stages: list[StageDraft]
    pipeline_id: str | None = None


class Edit(msgspec.Struct, rename="camel"):
    """
    A change to a pipeline or a stage.
    """

    label: str | None = None
    display_order: int | None = None
    metadata: dict[str, Any] | None = None
    archived: bool | None = None


class Pipelines:
    """
    Those of one account, by kind.
    """

    def __init__(self, born: str) -> None:
        self.of: dict[str, dict[str, Pipeline]] = {
            "deals": {"default": _first("default", "Sales Pipeline", DEAL_STAGES, "probability", born)},
            "tickets": {"0": _first("0", "Support Pipeline", TICKET_STAGES, "ticketState", born)},
        }
        self._next = 900_000_001

    def held(self, kind: Kind) -> dict[str, Pipeline]:
        """The pipelines of a kind. Raises Refusal for one that has none."""
        if kind.name in WITHOUT:
            raise problems.invalid(f"Object type {kind.type_id} does not have pipelines.", type=kind.name)
        return self.of.setdefault(kind.name, {})

    def pipeline(self, kind: Kind, id: str) -> Pipeline:
        """One of them. Raises Refusal."""
        found = self.held(kind).get(id)
        if found is None:
            raise problems.not_found("PIPELINE", id)
        return found

    def stage(self, kind: Kind, pipeline_id: str, id: str) -> Stage:
        """One step of one of them. Raises Refusal."""
        for stage in self.pipeline(kind, pipeline_id).stages:
            if stage.id == id:
                return stage
        raise problems.not_found("PIPELINE_STAGE", id)

    def add(self, kind: Kind, draft: Draft, now: str) -> Pipeline:
        """A new pipeline. Raises Refusal."""
        held = self.held(kind)
        _check_label(draft.label, [each.label for each in held.values()])
        if draft.pipeline_id is not None and draft.pipeline_id in held:
            raise problems.Refusal(409, f"Pipeline {draft.pipeline_id} already exists.", "CONFLICT")
        if not draft.stages:
            raise problems.invalid("A pipeline needs at least one stage.")
        made = Pipeline(draft.pipeline_id or self._id(), draft.label, draft.display_order, [], now, now)
        for each in draft.stages:
            self._stage(kind, made, each, now)
        held[made.id] = made
        return made

    def replace(self, kind: Kind, pipeline: Pipeline, draft: Draft, now: str) -> Pipeline:
        """The pipeline with other contents under the same id. Raises Refusal."""
        others = [each.label for each in self.held(kind).values() if each.id != pipeline.id]
        _check_label(draft.label, others)
        after = Pipeline(pipeline.id, draft.label, draft.display_order, [], pipeline.created_at, now)
        for each in draft.stages:
            self._stage(kind, after, each, now)
        self.held(kind)[pipeline.id] = after
        return after

    def add_stage(self, kind: Kind, pipeline: Pipeline, draft: StageDraft, now: str) -> Stage:
        """A new step. Raises Refusal."""
        stage = self._stage(kind, pipeline, draft, now)
        pipeline.updated_at = now
        return stage

    def stages_named(self, kind: Kind) -> list[tuple[str, str]]:
        """Every stage's id and label, for the property that holds one."""
        return [(each.id, each.label) for line in self.held(kind).values() for each in line.stages]

    def _stage(self, kind: Kind, pipeline: Pipeline, draft: StageDraft, now: str) -> Stage:
        _check_label(draft.label, [each.label for each in pipeline.stages])
        check_metadata(kind, draft.metadata)
        id = draft.stage_id or self._id()
        if id in {stage for stage, _ in self.stages_named(kind)} | {each.id for each in pipeline.stages}:
            raise problems.Refusal(409, f"Pipeline stage {id} already exists.", "CONFLICT")
        stage = Stage(id, draft.label, draft.display_order, draft.metadata, now, now, False)
        pipeline.stages.append(stage)
        return stage

    def _id(self) -> str:
        self._next += 1
        return str(self._next)


def check_metadata(kind: Kind, metadata: dict[str, Any]) -> None:
    """Raise Refusal when what a stage of this kind must say is missing or wrong."""
    needed = NEEDED.get(kind.name)
    value = str(metadata.get(needed, "")) if needed else ""
    if needed == "probability" and not _between_0_and_1(value):
        raise problems.invalid("Stage metadata needs a probability from 0.0 to 1.0.", probability=value)
    if needed == "ticketState" and value not in ("", "OPEN", "CLOSED"):
        raise problems.invalid("ticketState is OPEN or CLOSED.", ticketState=value)


def _between_0_and_1(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _check_label(label: str, others: list[str]) -> None:
    if not label:
        raise problems.invalid("Some required fields were not set: [label]")
    if label in others:
        raise problems.Refusal(409, f"The label {label!r} is already used.", "CONFLICT")


def _first(id: str, label: str, stages: tuple[tuple[str, str, str], ...], said: str, born: str) -> Pipeline:
    rows = [
        Stage(stage, name, order, {said: value, "isClosed": _closes(said, value)}, born, born, False)
        for order, (stage, name, value) in enumerate(stages)
    ]
    return Pipeline(id, label, 0, rows, born, born)


def _closes(said: str, value: str) -> str:
    closed = value == "CLOSED" if said == "ticketState" else value in ("1.0", "0.0")
    return "true" if closed else "false"
