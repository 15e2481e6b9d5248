"""
Association types of an account: HubSpot's own and the labels that people make.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.kinds import AssociationType, Kind
from masterops.sandbox.hubspot.linking import take

MOST_LABELS = 10  # between two kinds of objects


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that makes a label.
    """

    name: str
    label: str
    inverse_label: str | None = None


class Edit(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that changes one.
    """

    association_type_id: int
    label: str
    inverse_label: str | None = None


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/associations/{version}/{from}/{to}/labels"""
    left, right = ends(account, call)
    return json_answer(200, {"results": [shown(row) for row in account.relations.between(left, right)]})


def created(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/labels"""
    (left, right), draft = ends(account, call), call.json(Draft)
    held = [row for row in account.relations.between(left, right) if row.category == "USER_DEFINED"]
    if not draft.name or not draft.label:
        raise problems.invalid("Some required fields were not set: [name, label]")
    if draft.label in [row.label for row in held]:
        raise problems.Refusal(409, f"The label {draft.label!r} already exists.", "CONFLICT")
    if len([row for row in held if row.label]) >= MOST_LABELS:
        raise problems.invalid(f"There can be {MOST_LABELS} labels between two object types.")
    rows = account.relations.define(left, right, draft.name, draft.label, draft.inverse_label, "USER_DEFINED")
    return json_answer(200, {"results": [shown(row) for row in rows]})


def changed(account: Account, call: Call) -> Answer:
    """PUT /crm/associations/{version}/{from}/{to}/labels"""
    ends(account, call)
    edit = call.json(Edit)
    account.relations.relabel(edit.association_type_id, edit.label, edit.inverse_label)
    return Answer(204)


def removed(account: Account, call: Call) -> Answer:
    """DELETE /crm/associations/{version}/{from}/{to}/labels/{type}: records lose the label"""
    left, right = ends(account, call)
    type_id = calls.number(call.parts[2], "associationTypeId", least=1, most=10**12, otherwise=0)
    row = account.relations.starting_at(type_id, left, right)
    account.relations.remove(type_id)
    for kind, end, dead in ((row.left, row.right, row.id), (row.right, row.left, row.back)):
        for record in account.stores[kind].live.values():
            for other in list(record.links.get(end, ())):
                take(record, end, other, dead)
    return Answer(204)


def ends(account: Account, call: Call) -> tuple[Kind, Kind]:
    """The kinds that a path names. Raises Refusal."""
    return account.store(call.parts[0]).kind, account.store(call.parts[1]).kind


def shown(row: AssociationType) -> dict[str, Any]:
    """A type as HubSpot shows it."""
    return {"category": row.category, "typeId": row.id, "label": row.label}
