"""
The properties endpoints: definitions and their groups.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems, properties, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.properties import Draft, Edit, Property
from masterops.sandbox.hubspot.store import Store


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


def groups(account: Account, call: Call) -> Answer:
    """GET /crm/properties/{version}/{kind}/groups"""
    store = account.store(call.parts[0])
    return json_answer(200, {"results": [_group(name, label) for name, label in store.groups.items()]})


def group_created(account: Account, call: Call) -> Answer:
    """POST /crm/properties/{version}/{kind}/groups"""
    store, draft = account.store(call.parts[0]), call.json(GroupDraft)
    if draft.name in store.groups:
        raise problems.Refusal(409, f"A property group named '{draft.name}' already exists.", "CONFLICT")
    store.groups[draft.name] = draft.label
    return json_answer(201, _group(draft.name, draft.label))


def _group(name: str, label: str) -> dict[str, Any]:
    return {"name": name, "label": label, "displayOrder": -1, "archived": False}


def _one(store: Store, name: str, *, archived: bool = False) -> Property:
    found = store.definitions.get(name.lower())
    if found is None or found.archived != archived:
        raise properties.missing(name)
    return found


def _now(account: Account) -> str:
    return values.iso(account.clock.now())
