"""
Many records in one call: read, create, update, upsert, archive.

Reading reports what it did not find beside what it did (207). Writing does so only when every input
carries an `objectWriteTraceId` of its own; otherwise one bad input fails them all and nothing is written.
"Partial upserts are not supported when using email as idProperty" is read as: such an upsert always fails
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import objects, problems, values
from masterops.sandbox.hubspot.account import Account, Association
from masterops.sandbox.hubspot.call import Call, strings
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.store import Store, Write

MOST = 100


class Input(msgspec.Struct, rename="camel"):
    """
    One input of any batch; which fields it needs depends on the verb.
    """

    id: str | int | None = None
    id_property: str | None = None
    properties: dict[str, Any] = {}
    associations: list[Association] | None = None
    object_write_trace_id: str | None = None


class Body(msgspec.Struct, rename="camel"):
    """
    The body of any batch.
    """

    inputs: list[Input]
    properties: list[str] | None = None
    id_property: str | None = None


class Outcome(msgspec.Struct):
    """
    What became of one input: a checked write (and whether it makes a record), or a refusal.
    """

    input: Input
    write: Write | None = None
    refusal: problems.Refusal | None = None


Plan = Callable[[Store, Input, set[tuple[str, str]]], Write]


def read(account: Account, call: Call) -> Answer:
    """POST .../batch/read"""
    store, body = _opened(account, call)
    objects.checked_identity(store, body.id_property)
    wanted = store.wanted(strings(body.properties))
    rows: list[bytes] = []
    missing: list[str] = []
    for id in dict.fromkeys(_id(each) for each in body.inputs):
        try:
            rows.append(store.get(id, body.id_property).encoded(wanted))
        except problems.Refusal:
            missing.append(id)
    found = [msgspec.Raw(row) for row in rows]
    return _answer(account, 200, found, [_not_there(store, missing)] if missing else [])


def create(account: Account, call: Call) -> Answer:
    """POST .../batch/create"""

    def plan(store: Store, each: Input, taken: set[tuple[str, str]]) -> Write:
        links = account.links(store, each.associations or [])
        write = store.creation(each.properties, taken)
        write.links = links
        return write

    return _written(account, call, plan, status=201)


def update(account: Account, call: Call) -> Answer:
    """POST .../batch/update"""

    def plan(store: Store, each: Input, taken: set[tuple[str, str]]) -> Write:
        return store.update(store.get(_id(each), each.id_property), each.properties, taken)

    return _written(account, call, plan, status=200, named=True)


def upsert(account: Account, call: Call) -> Answer:
    """POST .../batch/upsert"""

    def plan(store: Store, each: Input, taken: set[tuple[str, str]]) -> Write:
        key = each.id_property
        if key is None or key == "hs_object_id":  # HubSpot gives out record ids itself
            return store.update(store.get(_id(each)), each.properties, taken)
        given = {key: _id(each), **each.properties}
        try:
            return store.update(store.get(_id(each), key), given, taken)
        except problems.Refusal as refusal:
            if refusal.status != 404:
                raise
        return store.creation(given, taken)

    return _written(account, call, plan, status=200, named=True, upserts=True)


def archive(account: Account, call: Call) -> Answer:
    """POST .../batch/archive"""
    store, body = _opened(account, call)
    for id in [_id(each) for each in body.inputs]:
        account.archive(store, id)
    return Answer(204)


def _written(
    account: Account, call: Call, plan: Plan, *, status: int, named: bool = False, upserts: bool = False
) -> Answer:
    store, body = _opened(account, call)
    if named:
        _no_doubles(body.inputs)
    by_email = upserts and any(each.id_property == "email" for each in body.inputs)
    partial = _traced(body.inputs) and not by_email
    outcomes = _planned(store, body.inputs, plan)
    failures = [outcome for outcome in outcomes if outcome.refusal]
    if failures and not partial and failures[0].refusal:
        raise failures[0].refusal
    results = [_done(account, store, outcome, upserts) for outcome in outcomes if outcome.write]
    entries = [
        outcome.refusal.entry(outcome.input.object_write_trace_id) for outcome in failures if outcome.refusal
    ]
    return _answer(account, status, results, entries)


def _planned(store: Store, inputs: Sequence[Input], plan: Plan) -> list[Outcome]:
    taken: set[tuple[str, str]] = set()
    outcomes: list[Outcome] = []
    for each in inputs:
        try:
            outcomes.append(Outcome(each, write=plan(store, each, taken)))
        except problems.Refusal as refusal:
            outcomes.append(Outcome(each, refusal=refusal))
    return outcomes


def _done(account: Account, store: Store, outcome: Outcome, upserts: bool) -> dict[str, Any]:
    write = outcome.write
    if write is None:
        raise ValueError("only a checked write can be done")
    new = write.record is None
    record: Record = account.commit(store, write)
    shown = record.shown(store.all_of(record) if new else store.wanted(write.values))
    if upserts:
        shown["new"] = new
    if outcome.input.object_write_trace_id is not None:
        shown["objectWriteTraceId"] = outcome.input.object_write_trace_id
    return shown


def _opened(account: Account, call: Call) -> tuple[Store, Body]:
    store, body = account.store(call.parts[0]), call.json(Body)
    if len(body.inputs) > MOST:
        raise objects.too_many_inputs(len(body.inputs), MOST)
    return store, body


def _id(each: Input) -> str:
    if each.id is None or each.id == "":
        raise problems.invalid("Some required fields were not set: [id]")
    return str(each.id)


def _no_doubles(inputs: Sequence[Input]) -> None:
    ids = [_id(each).lower() for each in inputs]
    doubles = sorted({id for id in ids if ids.count(id) > 1})
    if doubles:
        raise problems.invalid(
            f"Duplicate IDs found in batch input: [{', '.join(doubles)}]. IDs must be unique"
        )


def _traced(inputs: Sequence[Input]) -> bool:
    traces = [each.object_write_trace_id for each in inputs]
    return bool(traces) and None not in traces and len(set(traces)) == len(traces)


def _not_there(store: Store, ids: list[str]) -> dict[str, Any]:
    message = (
        f"Could not get some {store.kind.singular} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}}


def _answer(account: Account, status: int, results: Sequence[Any], entries: Sequence[Any]) -> Answer:
    now = values.iso(account.clock.now())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if entries:
        return json_answer(207, body | {"numErrors": len(entries), "errors": entries})
    return json_answer(status, body)
