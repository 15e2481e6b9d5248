"""
The pipelines endpoints.
"""

from __future__ import annotations

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import pipelines, problems, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.kinds import Kind
from masterops.sandbox.hubspot.pipelines import Draft, Edit, StageDraft
from masterops.sandbox.hubspot.properties import Option


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/pipelines/{version}/{kind}"""
    held = account.pipelines.held(_kind(account, call))
    return json_answer(200, {"results": list(held.values())})


def created(account: Account, call: Call) -> Answer:
    """POST /crm/pipelines/{version}/{kind}"""
    kind = _kind(account, call)
    made = account.pipelines.add(kind, call.json(Draft), _now(account))
    _follow(account, kind)
    return json_answer(201, made)


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/pipelines/{version}/{kind}/{pipeline}"""
    return json_answer(200, account.pipelines.pipeline(_kind(account, call), call.parts[1]))


def changed(account: Account, call: Call) -> Answer:
    """PATCH /crm/pipelines/{version}/{kind}/{pipeline}"""
    kind, edit = _kind(account, call), call.json(Edit)
    line = account.pipelines.pipeline(kind, call.parts[1])
    line.label = edit.label or line.label
    line.display_order = line.display_order if edit.display_order is None else edit.display_order
    line.updated_at = _now(account)
    _follow(account, kind)
    return json_answer(200, line)


def replaced(account: Account, call: Call) -> Answer:
    """PUT /crm/pipelines/{version}/{kind}/{pipeline}"""
    kind, draft = _kind(account, call), call.json(Draft)
    before = account.pipelines.pipeline(kind, call.parts[1])
    kept = {stage.stage_id for stage in draft.stages}
    for stage in before.stages:
        if stage.id not in kept:
            _check_unused(account, call, kind, 1, stage.id)
    account.pipelines.held(kind).pop(before.id)
    try:
        after = account.pipelines.replace(kind, before, draft, _now(account))
    except problems.Refusal:
        account.pipelines.held(kind)[before.id] = before
        raise
    _follow(account, kind)
    return json_answer(200, after)


def removed(account: Account, call: Call) -> Answer:
    """DELETE /crm/pipelines/{version}/{kind}/{pipeline}"""
    kind = _kind(account, call)
    line = account.pipelines.pipeline(kind, call.parts[1])
    _check_unused(account, call, kind, 0, line.id)
    del account.pipelines.held(kind)[line.id]
    _follow(account, kind)
    return Answer(204)


def steps(account: Account, call: Call) -> Answer:
    """GET /crm/pipelines/{version}/{kind}/{pipeline}/stages"""
    line = account.pipelines.pipeline(_kind(account, call), call.parts[1])
    return json_answer(200, {"results": line.stages})


def step_created(account: Account, call: Call) -> Answer:
    """POST /crm/pipelines/{version}/{kind}/{pipeline}/stages"""
    kind, draft = _kind(account, call), call.json(StageDraft)
    line = account.pipelines.pipeline(kind, call.parts[1])
    made = account.pipelines.add_stage(kind, line, draft, _now(account))
    _follow(account, kind)
    return json_answer(201, made)


def step(account: Account, call: Call) -> Answer:
    """GET /crm/pipelines/{version}/{kind}/{pipeline}/stages/{stage}"""
    return json_answer(200, account.pipelines.stage(_kind(account, call), *call.parts[1:3]))


def step_changed(account: Account, call: Call) -> Answer:
    """PATCH /crm/pipelines/{version}/{kind}/{pipeline}/stages/{stage}"""
    kind, edit = _kind(account, call), call.json(Edit)
    stage = account.pipelines.stage(kind, *call.parts[1:3])
    metadata = {**stage.metadata, **(edit.metadata or {})}
    pipelines.check_metadata(kind, metadata)
    stage.label = edit.label or stage.label
    stage.display_order = stage.display_order if edit.display_order is None else edit.display_order
    stage.metadata, stage.updated_at = metadata, _now(account)
    _follow(account, kind)
    return json_answer(200, stage)


def step_removed(account: Account, call: Call) -> Answer:
    """DELETE /crm/pipelines/{version}/{kind}/{pipeline}/stages/{stage}"""
    kind = _kind(account, call)
    stage = account.pipelines.stage(kind, *call.parts[1:3])
    line = account.pipelines.pipeline(kind, call.parts[1])
    if len(line.stages) == 1:
        raise problems.invalid("A pipeline needs at least one stage.", stageId=stage.id)
    _check_unused(account, call, kind, 1, stage.id)
    line.stages.remove(stage)
    _follow(account, kind)
    return Answer(204)


def _kind(account: Account, call: Call) -> Kind:
    return account.store(call.parts[0]).kind


def _check_unused(account: Account, call: Call, kind: Kind, place: int, value: str) -> None:
    """Raise Refusal when records name it: place 0 is the pipeline, 1 the stage."""
    parameter = "validateDealStageUsagesBeforeDelete" if kind.name == "deals" else None
    parameter = parameter or "validateReferencesBeforeDelete"
    asked = call.asked()
    by_default = call.dated and call.version >= "2026-09"
    if not (calls.truth(asked, parameter) if parameter in asked else by_default):
        return
    name = pipelines.HELD_IN.get(kind.name, pipelines.HELD_OTHERWISE)[place]
    using = [
        record.id
        for record in account.stores[kind.name].live.values()
        if record.properties.get(name) == value
    ]
    if using:
        message = f"{value} is used by {len(using)} records and cannot be deleted."
        raise problems.invalid(message, id=value)


def _follow(account: Account, kind: Kind) -> None:
    """Let the properties that name a pipeline and a stage offer what there is now."""
    store = account.stores[kind.name]
    line, stage = pipelines.HELD_IN.get(kind.name, pipelines.HELD_OTHERWISE)
    held = account.pipelines.held(kind).values()
    rows = {
        line: [(each.id, each.label) for each in held],
        stage: account.pipelines.stages_named(kind),
    }
    for name, pairs in rows.items():
        if (definition := store.definitions.get(name)) is not None:
            options = tuple(Option(label, value, place) for place, (value, label) in enumerate(pairs))
            store.define(msgspec.structs.replace(definition, options=options))


def _now(account: Account) -> str:
    return values.iso(account.clock.now())
