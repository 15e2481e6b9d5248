"""
Lists of records: those that people fill by hand. Lists that a filter fills are refused, not imitated.

Members come in the order of their ids, 100 a page and 250 at most; the cursor is a place.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems, values
from masterops.sandbox.hubspot.account import Account, HeldList
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.store import Store

MOST_FOUND, USUALLY_FOUND = 500, 20
MOST_MEMBERS, USUAL_MEMBERS = 250, 100
BY_HAND = ("MANUAL", "SNAPSHOT")


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that makes a list.
    """

    name: str
    object_type_id: str
    processing_type: str


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body of a search.
    """

    query: str = ""
    list_ids: list[str] = []
    processing_types: list[str] = []
    additional_properties: list[str] = []
    object_type_id: str | None = None
    offset: int = 0
    count: int = USUALLY_FOUND
    sort: str | None = None


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that changes who is in a list.
    """

    record_ids_to_add: list[str | int] = []
    record_ids_to_remove: list[str | int] = []


# --- lists -------------------------------------------------------------------------------------------------


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/lists/{version}/{list}"""
    return json_answer(200, {"list": _shown(account, _one(account, call.parts[0]))})


def some(account: Account, call: Call) -> Answer:
    """GET /crm/lists/{version}?listIds=: those that there are"""
    wanted = call.asked().get("listIds", [])
    found = [account.lists[id] for id in wanted if id in account.lists]
    return json_answer(200, {"lists": [_shown(account, each) for each in found]})


def named(account: Account, call: Call) -> Answer:
    """GET /crm/lists/{version}/object-type-id/{type}/name/{name}"""
    type_id = account.store(call.parts[0]).kind.type_id
    for each in account.lists.values():
        if (each.type_id, each.name) == (type_id, call.parts[1]):
            return json_answer(200, {"list": _shown(account, each)})
    raise _missing(call.parts[1])


def search(account: Account, call: Call) -> Answer:
    """POST /crm/lists/{version}/search: the names that contain the query"""
    asked = call.json(Query)
    if not 1 <= asked.count <= MOST_FOUND or asked.offset < 0:
        raise problems.invalid(f"count must be from 1 to {MOST_FOUND}.", count=str(asked.count))
    type_id = account.store(asked.object_type_id).kind.type_id if asked.object_type_id else None
    found = [
        each
        for each in account.lists.values()
        if asked.query.lower() in each.name.lower()
        and type_id in (None, each.type_id)
        and each.id in (asked.list_ids or [each.id])
        and each.processing in (asked.processing_types or [each.processing])
    ]
    page = found[asked.offset : asked.offset + asked.count]
    body = {
        "lists": [_found(account, each, asked.additional_properties) for each in page],
        "hasMore": asked.offset + len(page) < len(found),
        "offset": asked.offset + len(page),
        "total": len(found),
    }
    return json_answer(200, body)


def created(account: Account, call: Call) -> Answer:
    """POST /crm/lists/{version}"""
    draft = call.json(Draft)
    if draft.processing_type not in BY_HAND:
        message = f"The twin keeps lists of the types {', '.join(BY_HAND)} alone."
        raise problems.invalid(message, processingType=draft.processing_type)
    if not draft.name or draft.name in {each.name for each in account.lists.values()}:
        raise problems.invalid(f"A list named {draft.name!r} cannot be made.", name=draft.name)
    type_id = account.store(draft.object_type_id).kind.type_id
    made = account.keep_list(draft.name, type_id, draft.processing_type)
    return json_answer(200, {"list": _shown(account, made)})


def removed(account: Account, call: Call) -> Answer:
    """DELETE /crm/lists/{version}/{list}"""
    del account.lists[_one(account, call.parts[0]).id]
    return Answer(204)


# --- who is in them ----------------------------------------------------------------------------------------


def members(account: Account, call: Call) -> Answer:
    """GET /crm/lists/{version}/{list}/memberships"""
    held = _one(account, call.parts[0])
    live, asked = _store(account, held).live, call.asked()
    limit = calls.number(
        calls.last(asked, "limit"), "limit", least=1, most=MOST_MEMBERS, otherwise=USUAL_MEMBERS
    )
    start = calls.number(calls.last(asked, "after") or None, "after", least=0, most=10**9, otherwise=0)
    ids = sorted((id for id in held.members if id in live), key=int)
    page = ids[start : start + limit]
    rows = [{"recordId": id, "membershipTimestamp": held.members[id]} for id in page]
    body: dict[str, Any] = {"results": rows, "total": len(ids)}
    if start + len(page) < len(ids):
        after = str(start + len(page))
        link = f"{call.address}?limit={limit}&after={after}"
        body["paging"] = {"next": {"after": after, "link": link}}
    return json_answer(200, body)


def of_record(account: Account, call: Call) -> Answer:
    """GET /crm/lists/{version}/records/{type}/{record}/memberships"""
    store = account.store(call.parts[0])
    record = store.get(call.parts[1])
    rows = [
        {
            "listId": each.id,
            "listVersion": each.version,
            "firstAddedTimestamp": each.members[record.id],
            "lastAddedTimestamp": each.members[record.id],
            "isPublicList": True,
        }
        for each in account.lists.values()
        if each.type_id == store.kind.type_id and record.id in each.members
    ]
    return json_answer(200, {"results": rows, "total": len(rows)})


def added(account: Account, call: Call) -> Answer:
    """PUT /crm/lists/{version}/{list}/memberships/add"""
    return _changed(account, call, Change(call.json(list[str | int])))


def taken(account: Account, call: Call) -> Answer:
    """PUT /crm/lists/{version}/{list}/memberships/remove"""
    return _changed(account, call, Change([], call.json(list[str | int])))


def exchanged(account: Account, call: Call) -> Answer:
    """PUT /crm/lists/{version}/{list}/memberships/add-and-remove"""
    return _changed(account, call, call.json(Change))


def _changed(account: Account, call: Call, change: Change) -> Answer:
    held = _one(account, call.parts[0])
    live, now = _store(account, held).live, values.iso(account.clock.now())
    wanted = [str(id) for id in change.record_ids_to_add]
    fresh = [id for id in dict.fromkeys(wanted) if id in live and id not in held.members]
    gone = [id for id in map(str, change.record_ids_to_remove) if id in held.members]
    held.members.update(dict.fromkeys(fresh, now))
    for id in gone:
        held.members.pop(id, None)
    if fresh or gone:
        held.version, held.updated_at = held.version + 1, now
    body = {
        "recordsIdsAdded": fresh,
        "recordIdsRemoved": gone,
        "recordIdsMissing": [id for id in wanted if id not in live],
    }
    return json_answer(200, body)


def _one(account: Account, id: str) -> HeldList:
    if id not in account.lists:
        raise _missing(id)
    return account.lists[id]


def _missing(name: str) -> problems.Refusal:
    return problems.Refusal(404, f"List does not exist with ID {name}.", "OBJECT_NOT_FOUND")


def _store(account: Account, held: HeldList) -> Store:
    return account.store(held.type_id)


def _size(account: Account, held: HeldList) -> int:
    return sum(id in _store(account, held).live for id in held.members)


def _facts(held: HeldList) -> dict[str, Any]:
    return {
        "listId": held.id,
        "listVersion": held.version,
        "name": held.name,
        "objectTypeId": held.type_id,
        "processingStatus": "COMPLETE",
        "processingType": held.processing,
        "createdAt": held.created_at,
        "updatedAt": held.updated_at,
    }


def _shown(account: Account, held: HeldList) -> dict[str, Any]:
    return _facts(held) | {"size": _size(account, held)}


def _found(account: Account, held: HeldList, wanted: list[str]) -> dict[str, Any]:
    """As a search shows it: its size, as text, only when that was asked for."""
    more = {"hs_list_size": str(_size(account, held))} if "hs_list_size" in wanted else {}
    return _facts(held) | {"additionalProperties": more}
