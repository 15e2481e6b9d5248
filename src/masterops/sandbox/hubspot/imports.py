"""
The imports endpoints. An import takes its time: each look at it brings it one state on, and its rows are
written with the last step. One type of object a file; what a row would associate is refused, not imitated.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import importing, multipart, problems, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.importing import File, Outcome

NEXT = {"STARTED": "PROCESSING", "PROCESSING": "DONE"}
MOST = 100


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """
    The `importRequest` of the form.
    """

    name: str
    files: list[File]
    import_operations: dict[str, str] = {}
    date_format: str = "MONTH_DAY_YEAR"


class HeldImport(msgspec.Struct):
    """
    One import.
    """

    id: str
    request: Request
    files: dict[str, bytes]
    types: list[str]
    created_at: str
    updated_at: str
    state: str = "STARTED"
    outcomes: list[Outcome] = []


def started(account: Account, call: Call) -> Answer:
    """POST /crm/imports/{version}"""
    form = multipart.read(call.content_type, call.body)
    try:
        request = msgspec.json.decode(form.texts.get("importRequest", ""), type=Request)
    except msgspec.DecodeError as error:
        raise problems.invalid(f"importRequest: {error}") from None
    types = _checked(account, request, form)
    id, now = str(len(account.imports) + 1), values.iso(account.clock.now())
    account.imports[id] = HeldImport(id, request, form.files, types, now, now)
    return json_answer(200, _shown(account.imports[id]))


def listed(account: Account, call: Call) -> Answer:
    """GET /crm/imports/{version}: the latest first"""
    found = [_shown(each) for each in reversed(account.imports.values())]
    return _page(call, found)


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm/imports/{version}/{import}"""
    held = _one(account, call)
    _step(account, held)
    return json_answer(200, _shown(held))


def cancelled(account: Account, call: Call) -> Answer:
    """POST /crm/imports/{version}/{import}/cancel"""
    held = _one(account, call)
    if held.state not in NEXT:
        raise problems.invalid(f"The import is {held.state} and cannot be cancelled.", importId=held.id)
    held.state, held.updated_at = "CANCELED", values.iso(account.clock.now())
    now = held.updated_at
    return json_answer(200, {"status": "COMPLETE", "startedAt": now, "completedAt": now})


def errors(account: Account, call: Call) -> Answer:
    """GET /crm/imports/{version}/{import}/errors"""
    held = _one(account, call)
    at = round(account.clock.now().timestamp() * 1000)
    rows = [
        _error(held, place, problem, at)
        for place, outcome in enumerate(held.outcomes)
        for problem in outcome.problems
    ]
    return _page(call, rows)


def _checked(account: Account, request: Request, form: multipart.Form) -> list[str]:
    """The type ids of what is imported. Raises Refusal."""
    types: list[str] = []
    if not request.files:
        raise problems.invalid("An import needs a file.")
    for file in request.files:
        if file.file_name not in form.files:
            raise problems.invalid(f"There is no file named {file.file_name!r}.", fileName=file.file_name)
        if file.file_format != "CSV":
            raise problems.invalid("The twin imports CSV alone.", fileFormat=file.file_format)
        named = {each.column_object_type_id for each in file.file_import_page.column_mappings}
        if len(named) != 1:
            raise problems.invalid("The twin imports one type of object a file.")
        types.append(account.store(named.pop()).kind.type_id)
        for column in file.file_import_page.column_mappings:
            name, store = column.property_name, account.store(types[-1])
            if name is not None and name not in store.definitions:
                raise problems.invalid(f"Property {name!r} does not exist.", propertyName=name)
            if column.column_type in importing.KEYS and name not in (None, "hs_object_id"):
                store.unique(str(name))
    for type_id, operation in request.import_operations.items():
        if operation not in importing.OPERATIONS:
            raise problems.invalid(f"{operation!r} is not an operation.", importOperations=type_id)
    return types


def _step(account: Account, held: HeldImport) -> None:
    after = NEXT.get(held.state)
    if after is None:
        return
    held.state, held.updated_at = after, values.iso(account.clock.now())
    if after != "DONE":
        return
    told = held.request.import_operations.items()
    operations = {account.store(each).kind.type_id: how for each, how in told}
    for file, type_id in zip(held.request.files, held.types, strict=True):
        operation = operations.get(type_id, "UPSERT")
        held.outcomes = [
            *held.outcomes,
            importing.carried_out(account, file, held.files[file.file_name], operation),
        ]
    if any(outcome.failed for outcome in held.outcomes):
        held.state = "FAILED"


def _one(account: Account, call: Call) -> HeldImport:
    found = account.imports.get(call.parts[0])
    if found is None:
        raise problems.not_found("IMPORT", call.parts[0])
    return found


def _shown(held: HeldImport) -> dict[str, Any]:
    counters: dict[str, int] = {}
    for outcome in held.outcomes:
        for name, count in outcome.counters.items():
            counters[name] = counters.get(name, 0) + count
    return {
        "id": held.id,
        "importName": held.request.name,
        "importSource": "API",
        "state": held.state,
        "optOutImport": False,
        "mappedObjectTypeIds": held.types,
        "metadata": {
            "counters": counters,
            "fileIds": [str(place + 1) for place in range(len(held.files))],
            "objectLists": [],
        },
        "createdAt": held.created_at,
        "updatedAt": held.updated_at,
    }


def _error(held: HeldImport, place: int, problem: importing.Problem, at: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": f"{held.id}-{place}-{problem.line}",
        "createdAt": at,
        "errorType": problem.type,
        "errorMessage": problem.message,
        "objectTypeId": held.types[place],
        "sourceData": {
            "fileId": place + 1,
            "lineNumber": problem.line,
            "rowData": problem.row,
            "additionalRowData": [],
            "containsEncryptedProperties": False,
        },
    }
    shown |= {} if problem.value is None else {"invalidValue": problem.value}
    return shown | ({} if problem.column is None else {"knownColumnNumber": problem.column})


def _page(call: Call, rows: list[dict[str, Any]]) -> Answer:
    asked = call.asked()
    limit = calls.number(calls.last(asked, "limit"), "limit", least=1, most=MOST, otherwise=10)
    start = calls.number(calls.last(asked, "after") or None, "after", least=0, most=10**9, otherwise=0)
    page = rows[start : start + limit]
    body: dict[str, Any] = {"results": page}
    if start + limit < len(rows):
        after = str(start + limit)
        body["paging"] = {"next": {"after": after, "link": f"{call.address}?limit={limit}&after={after}"}}
    return json_answer(200, body)
