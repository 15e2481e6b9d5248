"""
Records one at a time and in pages: list, get, create, change, archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems
from masterops.sandbox.hubspot.account import Account, Association
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.store import Store

MOST_LISTED = 100
MOST_WITH_HISTORY = 50
LAST_ID = 10**18


class Creation(msgspec.Struct):
    """
    The body that makes a record.
    """

    properties: dict[str, Any] = {}
    associations: list[Association] | None = None


class Change(msgspec.Struct):
    """
    The body that changes one.
    """

    properties: dict[str, Any]


class Forget(msgspec.Struct, rename="camel"):
    """
    The body that deletes a person for good.
    """

    object_id: str | int
    id_property: str | None = None


class Merge(msgspec.Struct, rename="camel"):
    """
    The body that makes one record of two.
    """

    primary_object_id: str | int
    object_id_to_merge: str | int


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/objects/{version}/{kind}"""
    store, asked = account.store(call.parts[0]), call.asked()
    history = calls.names(asked, "propertiesWithHistory")
    most = MOST_WITH_HISTORY if history else MOST_LISTED
    limit = calls.number(calls.last(asked, "limit"), "limit", least=1, most=most, otherwise=10)
    after = calls.number(calls.last(asked, "after") or None, "after", least=0, most=LAST_ID, otherwise=0)
    records, further = store.page(after, limit, archived=calls.truth(asked, "archived"))
    rows = _rows(account, store, records, asked, history)
    return Answer(200, page_body(rows, str(further) if further is not None else None, call, limit))


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/objects/{version}/{kind}/{id}"""
    store, asked = account.store(call.parts[0]), call.asked()
    archived = calls.truth(asked, "archived")
    record = store.get(call.parts[1], calls.last(asked, "idProperty"), archived=archived)
    history = calls.names(asked, "propertiesWithHistory")
    return Answer(200, _rows(account, store, [record], asked, history)[0])


def created(account: Account, call: Call) -> Answer:
    """POST /crm/objects/{version}/{kind}"""
    store, body = account.store(call.parts[0]), call.json(Creation)
    write = store.creation(body.properties)
    write.links = account.links(store, body.associations or [])
    record = account.commit(store, write)
    return json_answer(201, record.shown(store.all_of(record)))


def changed(account: Account, call: Call) -> Answer:
    """PATCH /crm/objects/{version}/{kind}/{id}"""
    store, body = account.store(call.parts[0]), call.json(Change)
    record = store.get(call.parts[1], calls.last(call.asked(), "idProperty"))
    write = store.update(record, body.properties)
    account.commit(store, write)
    return json_answer(200, record.shown(store.wanted(write.values)))


def archived(account: Account, call: Call) -> Answer:
    """DELETE /crm/objects/{version}/{kind}/{id}"""
    account.archive(account.store(call.parts[0]), call.parts[1])
    return Answer(204)


def merged(account: Account, call: Call) -> Answer:
    """POST /crm/objects/{version}/{kind}/merge: not to be undone"""
    store, body = account.store(call.parts[0]), call.json(Merge)
    primary = store.get(str(body.primary_object_id))
    other = store.get(str(body.object_id_to_merge))
    if primary is other:
        raise problems.invalid("A record cannot be merged with itself.", id=primary.id)
    record = account.merge(store, primary, other)
    return json_answer(200, record.shown(store.all_of(record)))


def forgotten(account: Account, call: Call) -> Answer:
    """POST /crm/objects/{version}/contacts/gdpr-delete: archived or not; an address may be anybody's"""
    store, body = account.store("contacts"), call.json(Forget)
    if body.id_property not in (None, "email"):
        raise problems.invalid("idProperty is email or absent.", idProperty=str(body.id_property))
    id = str(body.object_id)
    record = store.gone.get(id) if body.id_property is None else None
    if record is None:
        try:
            record = store.get(id, body.id_property)
        except problems.Refusal:
            if body.id_property is None:
                raise
            return Answer(204)
    account.forget(store, record)
    return Answer(204)


def page_body(
    rows: Sequence[bytes], after: str | None, call: Call, limit: int, total: int | None = None
) -> bytes:
    """A page, put together from rows that are encoded already."""
    head = b"" if total is None else b'"total":%d,' % total
    tail = b""
    if after is not None:
        link = f"{call.address}?limit={limit}&after={after}"
        tail = b',"paging":' + msgspec.json.encode({"next": {"after": after, "link": link}})
    return b"{" + head + b'"results":[' + b",".join(rows) + b"]" + tail + b"}"


def _rows(
    account: Account,
    store: Store,
    records: Sequence[Record],
    asked: dict[str, list[str]],
    history: list[str] | None,
) -> list[bytes]:
    """The records encoded. Only the plain form is kept ready: the others are rare."""
    wanted = store.wanted(calls.names(asked, "properties"))
    kinds = calls.names(asked, "associations")
    if not kinds and not history:
        return [record.encoded(wanted) for record in records]
    rows: list[bytes] = []
    for record in records:
        shown = record.shown(wanted)
        if history:
            shown["propertiesWithHistory"] = {name: record.versions(name) for name in history}
        if kinds and (found := account.associated(record, kinds)):
            shown["associations"] = found
        rows.append(msgspec.json.encode(shown))
    return rows


def checked_identity(store: Store, id_property: str | None) -> None:
    """Raise Refusal when records cannot be told by this property."""
    if id_property is not None and id_property != "hs_object_id":
        store.unique(id_property)


def too_many_inputs(count: int, most: int) -> problems.Refusal:
    """A batch is larger than HubSpot takes."""
    message = f"The maximum number of inputs supported in a batch request is {most}, {count} were given."
    return problems.invalid(message)
