"""
Associations between records: one at a time, in pages and in batches, under dated paths and v4.

Batches hold up to 1,000 ids to read (changelog of February 2025) and 2,000 pairs to write; 100 to archive is
only reported. A record without associations is an error of its own within a read (207,
`crm.associations.NO_ASSOCIATIONS_FOUND`: reported by several clients), not an empty result. v4 gives the
other record's id as a number, dated paths as a string (their reference says so).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import objects, problems, values
from masterops.sandbox.hubspot.account import Account, LinkEnd, LinkType
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.kinds import AssociationType
from masterops.sandbox.hubspot.labels import shown
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.store import Store

MOST_READ, MOST_WRITTEN, MOST_ARCHIVED = 1_000, 2_000, 100
MOST_LISTED = 500
NONE_FOUND = "crm.associations.NO_ASSOCIATIONS_FOUND"


class Asked(msgspec.Struct, frozen=True):
    """
    One record whose associations are read.
    """

    id: str | int
    after: str | None = None


class Pair(msgspec.Struct, frozen=True):
    """
    Two records and what they are to each other.
    """

    from_: LinkEnd = msgspec.field(name="from")
    to: LinkEnd
    types: tuple[LinkType, ...] = ()


class Fan(msgspec.Struct, frozen=True):
    """
    One record and those to part it from.
    """

    from_: LinkEnd = msgspec.field(name="from")
    to: list[LinkEnd]


class Reads(msgspec.Struct, frozen=True):
    """
    The body of a batch read.
    """

    inputs: list[Asked]


class Pairs(msgspec.Struct, frozen=True):
    """
    The body of a batch of pairs.
    """

    inputs: list[Pair]


class Fans(msgspec.Struct, frozen=True):
    """
    The body of a batch to archive.
    """

    inputs: list[Fan]


Row = tuple[Record, Record, AssociationType]


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/objects/{version}/{from}/{id}/associations/{to}"""
    left, right, asked = account.store(call.parts[0]), account.store(call.parts[2]), call.asked()
    limit = calls.number(
        calls.last(asked, "limit"), "limit", least=1, most=MOST_LISTED, otherwise=MOST_LISTED
    )
    after = _after(calls.last(asked, "after"))
    rows, further = _held(account, call, left.get(call.parts[1]), right, after, limit)
    body: dict[str, Any] = {"results": rows}
    return json_answer(200, body | _paging(call, further, limit))


def put(account: Account, call: Call) -> Answer:
    """PUT /crm/objects/{version}/{from}/{id}/associations/{to}/{id}"""
    left, right = account.store(call.parts[0]), account.store(call.parts[2])
    pair = Pair(LinkEnd(call.parts[1]), LinkEnd(call.parts[3]), call.json(tuple[LinkType, ...]))
    rows = _checked(account, left, right, pair)
    _join(account, rows)
    return json_answer(201, _labels(left, right, pair, rows))


def put_default(account: Account, call: Call) -> Answer:
    """PUT /crm/objects/{version}/{from}/{id}/associations/default/{to}/{id}"""
    left, right = account.store(call.parts[0]), account.store(call.parts[2])
    pair = Pair(LinkEnd(call.parts[1]), LinkEnd(call.parts[3]))
    return _answer(account, 200, _joined_plainly(account, left, right, [pair]), [])


def removed(account: Account, call: Call) -> Answer:
    """DELETE /crm/objects/{version}/{from}/{id}/associations/{to}/{id}: none there is no error"""
    left, right = account.store(call.parts[0]), account.store(call.parts[2])
    record, other = left.live.get(call.parts[1]), right.live.get(call.parts[3])
    if record is not None and other is not None:
        account.relations.unlink(record, other, left.kind, right.kind)
    return Answer(204)


def read(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/batch/read"""
    left, right = _ends(account, call)
    body = call.json(Reads)
    _check_count(body.inputs, MOST_READ)
    results: list[dict[str, Any]] = []
    flaws: list[dict[str, Any]] = []
    for each in body.inputs:
        record = left.live.get(str(each.id))
        rows, further = (
            _held(account, call, record, right, _after(each.after), MOST_LISTED) if record else ([], None)
        )
        if rows:
            found = {"from": {"id": str(each.id)}, "to": rows}
            results.append(found | _paging(call, further, MOST_LISTED))
        else:
            flaws.append(_none(left, right, str(each.id)))
    return _answer(account, 200, results, flaws)


def create(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/batch/create"""
    left, right = _ends(account, call)
    body = call.json(Pairs)
    _check_count(body.inputs, MOST_WRITTEN)
    planned: list[tuple[Pair, list[Row]]] = []
    flaws: list[dict[str, Any]] = []
    for pair in body.inputs:
        try:
            planned.append((pair, _checked(account, left, right, pair)))
        except problems.Refusal as refusal:
            if refusal.status != 404:
                raise
            flaws.append(refusal.entry(None))
    for _, rows in planned:
        _join(account, rows)
    results = [_labels(left, right, pair, rows) for pair, rows in planned]
    return _answer(account, 201, results, flaws)


def create_default(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/batch/associate/default"""
    left, right = _ends(account, call)
    body = call.json(Pairs)
    _check_count(body.inputs, MOST_WRITTEN)
    good: list[Pair] = []
    flaws: list[dict[str, Any]] = []
    for pair in body.inputs:
        try:
            _records(left, right, pair)
            good.append(pair)
        except problems.Refusal as refusal:
            flaws.append(refusal.entry(None))
    return _answer(account, 200, _joined_plainly(account, left, right, good), flaws)


def archive(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/batch/archive"""
    left, right = _ends(account, call)
    body = call.json(Fans)
    _check_count(body.inputs, MOST_ARCHIVED)
    for fan in body.inputs:
        record = left.live.get(str(fan.from_.id))
        for end in fan.to:
            other = right.live.get(str(end.id))
            if record is not None and other is not None:
                account.relations.unlink(record, other, left.kind, right.kind)
    return _gone(account, call)


def archive_labels(account: Account, call: Call) -> Answer:
    """POST /crm/associations/{version}/{from}/{to}/batch/labels/archive"""
    left, right = _ends(account, call)
    body = call.json(Pairs)
    _check_count(body.inputs, MOST_ARCHIVED)
    planned = [row for pair in body.inputs for row in _checked(account, left, right, pair)]
    for record, other, row in planned:
        account.relations.unlabel(record, other, row, left.kind, right.kind)
    return _gone(account, call)


# --- the parts of them ---


def _ends(account: Account, call: Call) -> tuple[Store, Store]:
    return account.store(call.parts[0]), account.store(call.parts[1])


def _after(text: str | None) -> int:
    return calls.number(text or None, "after", least=0, most=10**18, otherwise=0)


def _check_count(inputs: Sequence[object], most: int) -> None:
    if len(inputs) > most:
        raise objects.too_many_inputs(len(inputs), most)


def _records(left: Store, right: Store, pair: Pair) -> tuple[Record, Record]:
    return left.get(str(pair.from_.id)), right.get(str(pair.to.id))


def _checked(account: Account, left: Store, right: Store, pair: Pair) -> list[Row]:
    """The rows that a pair asks for. Raises Refusal."""
    if not pair.types:
        raise problems.invalid("An association needs at least one type.")
    types = [
        account.relations.starting_at(each.association_type_id, left.kind, right.kind) for each in pair.types
    ]
    record, other = _records(left, right, pair)
    return [(record, other, row) for row in types]


def _join(account: Account, rows: Sequence[Row]) -> None:
    for record, other, row in rows:
        account.relations.link(record, other, row)


def _joined_plainly(
    account: Account, left: Store, right: Store, pairs: Sequence[Pair]
) -> list[dict[str, Any]]:
    plain = account.relations.plain(left.kind, right.kind)
    results: list[dict[str, Any]] = []
    for pair in pairs:
        record, other = _records(left, right, pair)
        account.relations.link(record, other, plain)
        for from_, to, type_id in ((record, other, plain.id), (other, record, plain.back)):
            spec = {"associationCategory": plain.category, "associationTypeId": type_id}
            results.append({"from": {"id": from_.id}, "to": {"id": to.id}, "associationSpec": spec})
    return results


def _held(
    account: Account, call: Call, record: Record, right: Store, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Associations from the other record's id `after` on, and where the next page starts."""
    held = record.links.get(right.kind.name, {})
    ids = sorted(int(id) for id in held if id in right.live)
    if after:
        ids = [id for id in ids if id >= after]
    rows = [
        {
            "toObjectId": str(id) if call.dated else id,
            "associationTypes": [shown(account.relations.types[each]) for each in held[str(id)]],
        }
        for id in ids[:limit]
    ]
    return rows, ids[limit] if len(ids) > limit else None


def _paging(call: Call, further: int | None, limit: int) -> dict[str, Any]:
    if further is None:
        return {}
    link = f"{call.address}?limit={limit}&after={further}"
    return {"paging": {"next": {"after": str(further), "link": link}}}


def _labels(left: Store, right: Store, pair: Pair, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": left.kind.type_id,
        "fromObjectId": str(pair.from_.id),
        "toObjectTypeId": right.kind.type_id,
        "toObjectId": str(pair.to.id),
        "labels": [row.label for _, _, row in rows if row.label is not None],
    }


def _none(left: Store, right: Store, id: str) -> dict[str, Any]:
    here, there = left.kind.singular.lower(), right.kind.singular.lower()
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": NONE_FOUND,
        "message": f"No {there} is associated with {here} {id}.",
        "context": {"fromObjectId": [id], "fromObjectType": [here], "toObjectType": [there]},
    }


def _gone(account: Account, call: Call) -> Answer:
    """After archiving: dated paths answer with an empty batch, v4 with nothing, as their files say."""
    return _answer(account, 200, [], []) if call.dated else Answer(204)


def _answer(account: Account, status: int, results: Sequence[Any], flaws: Sequence[Any]) -> Answer:
    now = values.iso(account.clock.now())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if flaws:
        return json_answer(207, body | {"numErrors": len(flaws), "errors": flaws})
    return json_answer(status, body)
