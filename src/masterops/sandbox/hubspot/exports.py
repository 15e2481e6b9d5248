"""
The exports endpoints: a file of records as they are when the export is done.

An export takes its time: each look at its task brings it one state on. The address of the file is good for
five minutes, for whoever has it; the next look gives another (exports guide). Files are CSV, with the labels
or the names of the properties in their first line.
"""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import uuid4

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import problems, searching, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.searching import Filter

NEXT = {"PENDING": "PROCESSING", "PROCESSING": "COMPLETE"}
STATES = {"PENDING": "ENQUEUED", "PROCESSING": "PROCESSING", "COMPLETE": "DONE"}
GOOD_SECONDS = 300.0
FILES = "/export-files/"


class Search(msgspec.Struct, frozen=True, rename="camel"):
    """
    Which records; without a filter all.
    """

    filters: list[Filter] = []
    query: str | None = None
    sorts: list[Any] = []


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that starts an export.
    """

    export_type: str
    export_name: str
    object_type: str
    object_properties: list[str]
    format: str
    language: str = "EN"
    list_id: str | None = None
    public_crm_search_request: Search = Search()
    export_internal_values_options: list[str] = []


class HeldExport(msgspec.Struct):
    """
    One export.
    """

    id: str
    draft: Draft
    created_at: str
    updated_at: str
    status: str = "PENDING"
    content: bytes = b""
    records: int = 0
    token: str = ""
    good_until: float = 0.0  # ticks


def started(account: Account, call: Call) -> Answer:
    """POST /crm/exports/{version}/export/async"""
    draft = call.json(Draft)
    store = account.store(draft.object_type)
    if draft.export_type not in ("VIEW", "LIST"):
        raise problems.invalid("exportType is VIEW or LIST.", exportType=draft.export_type)
    if draft.format != "CSV":
        raise problems.invalid("The twin exports CSV alone.", format=draft.format)
    if draft.export_type == "LIST" and draft.list_id not in account.lists:
        raise problems.invalid(f"There is no list {draft.list_id}.", listId=str(draft.list_id))
    for name in draft.object_properties:
        if name not in store.definitions:
            raise problems.invalid(f"Property {name!r} does not exist.", propertyName=name)
    id, now = str(len(account.exports) + 1), values.iso(account.clock.now())
    account.exports[id] = HeldExport(id, draft, now, now)
    return json_answer(202, {"id": id})


def status(account: Account, call: Call) -> Answer:
    """GET /crm/exports/{version}/export/async/tasks/{task}/status"""
    held = _one(account, call)
    if held.status in NEXT:
        held.status, held.updated_at = NEXT[held.status], values.iso(account.clock.now())
        if held.status == "COMPLETE":
            _fill(account, held)
    body = {"status": held.status, "startedAt": held.created_at, "completedAt": held.updated_at}
    if held.status != "COMPLETE":
        return json_answer(200, body)
    if account.clock.ticks() >= held.good_until:
        held.token, held.good_until = uuid4().hex, account.clock.ticks() + GOOD_SECONDS
    address = call.address.partition("/crm/")[0]
    return json_answer(200, body | {"result": f"{address}{FILES}{held.token}.csv"})


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/exports/{version}/export/{export}"""
    held = _one(account, call)
    shown: dict[str, Any] = {
        "id": held.id,
        "exportName": held.draft.export_name,
        "exportState": STATES[held.status],
        "exportType": held.draft.export_type,
        "objectType": held.draft.object_type,
        "objectProperties": held.draft.object_properties,
        "recordCount": held.records,
        "createdAt": held.created_at,
        "updatedAt": held.updated_at,
    }
    return json_answer(200, shown)


def file(account: Account, path: str) -> Answer | None:
    """The file at an address that `status` gave out; None when this account gave out no such."""
    token = path.removeprefix(FILES).removesuffix(".csv")
    for held in account.exports.values():
        if held.token == token and account.clock.ticks() < held.good_until:
            return Answer(200, held.content, {"Content-Type": "text/csv; charset=utf-8"})
    return None


def _fill(account: Account, held: HeldExport) -> None:
    draft, store = held.draft, account.store(held.draft.object_type)
    search = draft.public_crm_search_request
    matches = searching.matcher(
        [search.filters] if search.filters else [], search.query, store.definitions, store.kind.searched
    )
    members = account.lists[draft.list_id].members if draft.list_id in account.lists else None
    rows = [
        record
        for record in store.live.values()
        if matches(record.properties) and (members is None or record.id in members)
    ]
    names = "NAMES" in draft.export_internal_values_options
    out = io.StringIO()
    writer = csv.writer(out)
    heads = [name if names else store.definitions[name].label for name in draft.object_properties]
    writer.writerow(["Record ID", *heads])
    writer.writerows(
        [record.id, *(record.properties.get(name, "") for name in draft.object_properties)] for record in rows
    )
    held.content, held.records = out.getvalue().encode(), len(rows)


def _one(account: Account, call: Call) -> HeldExport:
    found = account.exports.get(call.parts[0])
    if found is None:
        raise problems.not_found("EXPORT", call.parts[0])
    return found
