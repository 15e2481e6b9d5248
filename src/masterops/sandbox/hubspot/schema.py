"""
The properties endpoints: definitions and their groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import objects, problems, properties, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.properties import Draft, Edit, Property
from masterops.sandbox.hubspot.store import Store

MOST = 100  # of properties in a batch


class GroupDraft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that makes a group.
    """

    name: str
    label: str
    display_order: int = -1


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/properties/{version}/{kind}"""
    store, archived = account.store(call.parts[0]), calls.truth(call.asked(), "archived")
    found = [each.wire() for each in store.definitions.values() if each.archived == archived]
    return json_answer(200, {"results": found})


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/properties/{version}/{kind}/{name}"""
    store = account.store(call.parts[0])
    archived = calls.truth(call.asked(), "archived")
    return json_answer(200, _one(store, call.parts[1], archived=archived).wire())


def created(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}"""
    store = account.store(call.parts[0])
    made = properties.made(call.json(Draft), store.definitions, store.groups, _now(account))
    store.define(made)
    return json_answer(201, made.wire())


def changed(account: Account, call: Call) -> Answer:
    """PATCH /crm/properties/{version}/{kind}/{name}"""
    store = account.store(call.parts[0])
    before = _one(store, call.parts[1])
    after = properties.edited(before, call.json(Edit), store.groups, _now(account))
    store.define(after)
    return json_answer(200, after.wire())


def archived(account: Account, call: Call) -> Answer:
    """DELETE /crm/properties/{version}/{kind}/{name}"""
    store = account.store(call.parts[0])
    store.define(properties.archived(_one(store, call.parts[1]), _now(account)))
    return Answer(204)


class Named(msgspec.Struct, frozen=True):
    """
    One property of a batch.
    """

    name: str


class Names(msgspec.Struct, frozen=True):
    """
    The body of a batch of names.
    """

    inputs: list[Named]
    archived: bool = False


class Drafts(msgspec.Struct, frozen=True):
    """
    The body of a batch of new properties.
    """

    inputs: list[Draft]


class GroupEdit(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that changes a group.
    """

    label: str | None = None
    display_order: int | None = None


def batch_read(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}/batch/read"""
    store, body = account.store(call.parts[0]), call.json(Names)
    _check_count(body.inputs)
    found, flaws = [], []
    for each in body.inputs:
        try:
            found.append(_one(store, each.name, archived=body.archived).wire())
        except problems.Refusal as refusal:
            flaws.append(refusal.entry(None))
    return _batch(account, 200, found, flaws)


def batch_created(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}/batch/create: those that can be made are made"""
    store, body = account.store(call.parts[0]), call.json(Drafts)
    _check_count(body.inputs)
    found, flaws = [], []
    for draft in body.inputs:
        try:
            made = properties.made(draft, store.definitions, store.groups, _now(account))
        except problems.Refusal as refusal:
            flaws.append(refusal.entry(None))
            continue
        store.define(made)
        found.append(made.wire())
    return _batch(account, 201, found, flaws)


def batch_archived(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}/batch/archive"""
    store, body = account.store(call.parts[0]), call.json(Names)
    _check_count(body.inputs)
    gone = [properties.archived(_one(store, each.name), _now(account)) for each in body.inputs]
    for each in gone:
        store.define(each)
    return Answer(204)


def groups(account: Account, call: Call) -> Answer:
    """GET /crm/properties/{version}/{kind}/groups"""
    return json_answer(200, {"results": list(account.store(call.parts[0]).groups.values())})


def group(account: Account, call: Call) -> Answer:
    """GET /crm/properties/{version}/{kind}/groups/{name}"""
    return json_answer(200, _group(account.store(call.parts[0]), call.parts[1]))


def group_created(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}/groups"""
    store, draft = account.store(call.parts[0]), call.json(GroupDraft)
    if draft.name in store.groups:
        raise problems.Refusal(409, f"A property group named '{draft.name}' already exists.", "CONFLICT")
    if not properties.NAME.fullmatch(draft.name):
        raise problems.invalid(f"Property group name {draft.name!r} is not valid.", name=draft.name)
    made = properties.Group(draft.name, draft.label, draft.display_order)
    store.groups[draft.name] = made
    return json_answer(201, made)


def group_changed(account: Account, call: Call) -> Answer:
    """PATCH /crm/properties/{version}/{kind}/groups/{name}"""
    store, edit = account.store(call.parts[0]), call.json(GroupEdit)
    before = _group(store, call.parts[1])
    label = before.label if edit.label is None else edit.label
    order = before.display_order if edit.display_order is None else edit.display_order
    after = store.groups[before.name] = properties.Group(before.name, label, order)
    return json_answer(200, after)


def group_archived(account: Account, call: Call) -> Answer:
    """DELETE /crm/properties/{version}/{kind}/groups/{name}: not while it holds properties (reported only)"""
    store = account.store(call.parts[0])
    gone = _group(store, call.parts[1])
    held = [each.name for each in store.definitions.values() if each.group_name == gone.name]
    if any(not store.definitions[name].archived for name in held):
        message = f"Property group {gone.name!r} still holds properties and cannot be archived."
        raise problems.invalid(message, groupName=gone.name)
    del store.groups[gone.name]
    return Answer(204)


def _group(store: Store, name: str) -> properties.Group:
    found = store.groups.get(name)
    if found is None:
        message = f"Property group '{name}' does not exist"
        raise problems.Refusal(404, message, "OBJECT_NOT_FOUND", context={"groupName": [name]})
    return found


def _check_count(inputs: Sequence[object]) -> None:
    if len(inputs) > MOST:
        raise objects.too_many_inputs(len(inputs), MOST)


def _batch(account: Account, status: int, found: list[Any], flaws: list[Any]) -> Answer:
    now = _now(account)
    body: dict[str, Any] = {"status": "COMPLETE", "results": found, "startedAt": now, "completedAt": now}
    if flaws:
        return json_answer(207, body | {"numErrors": len(flaws), "errors": flaws})
    return json_answer(status, body)


def _one(store: Store, name: str, *, archived: bool = False) -> Property:
    found = store.definitions.get(name.lower())
    if found is None or found.archived != archived:
        raise properties.missing(name)
    return found


def _now(account: Account) -> str:
    return values.iso(account.clock.now())
