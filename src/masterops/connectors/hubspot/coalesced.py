"""
Gets and updates that travel together as HubSpot's batches.

A batch names what it did not find by id and what it refused by trace. A row that it says nothing of is asked
for alone: a record that was merged answers under another id, and a lone request finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from masterops import errors
from masterops.connectors.batches import Inputs, halved
from masterops.connectors.coalescing import Coalescer, Coalescing
from masterops.connectors.hubspot.problems import lenient, texts
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.wire import BatchAnswer, BatchError

R = TypeVar("R", bound=CrmRecord[Any])

NO_SEGMENTS = ("", ".", "..")  # refused before anything is sent
# HubSpot's categories for the rows of a batch; the rest are refused values.
KINDS: dict[str | None, type[errors.RemoteError]] = {
    "OBJECT_NOT_FOUND": errors.NotFound,
    "CONFLICT": errors.Conflict,
}


@dataclass(frozen=True, slots=True)
class Get:
    """
    One record that somebody wants.
    """

    id: str
    properties: tuple[str, ...]
    id_property: str | None

    @property
    def group(self) -> tuple[object, ...]:
        """Those of one group fit into one batch."""
        return self.properties, self.id_property

    @property
    def solitary(self) -> bool:
        """
        Whether it would spoil a batch, which is refused whole for an id that is no number; or could not be
        told from its neighbours, because the property that names it is not among those that come.
        """
        unnamed = self.id_property is not None and not self.properties
        return unnamed or not _fits(self.id, self.id_property)


@dataclass(frozen=True, slots=True)
class Update:
    """
    One record that somebody changes.
    """

    id: str
    properties: dict[str, str]
    id_property: str | None

    @property
    def solitary(self) -> bool:
        """As of a get."""
        return not _fits(self.id, self.id_property)


class Send(Protocol[R]):
    """
    Sends one batch.
    """

    def __call__(self, verb: str, inputs: Inputs, *, extra: dict[str, Any]) -> Awaitable[BatchAnswer[R]]: ...


def coalescers(
    connection: str,
    rules: Coalescing,
    get: Callable[[Get], Awaitable[R]],
    update: Callable[[Update], Awaitable[R]],
    send: Send[R],
) -> tuple[Coalescer[Get, R], Coalescer[Update, R]]:
    """What gathers gets and what gathers updates of one kind of object."""

    async def read(wanted: Sequence[Get]) -> list[R | Exception | None]:
        answer = await send("read", [{"id": each.id} for each in wanted], extra=_extra(wanted[0]))
        return read_rows(wanted, answer, connection)

    async def change(changes: Sequence[Update]) -> list[R | Exception | None]:
        inputs = [_input(each, number) for number, each in enumerate(changes)]
        return changed_rows(changes, await send("update", inputs, extra={}), connection)

    in_order = replace(rules, shared=False)
    return Coalescer(rules, get, read, split=splits), Coalescer(in_order, update, change, split=splits)


def splits(error: Exception) -> bool:
    """Whether the fault of one row may have failed all: another's bad value is not a caller's own."""
    return halved(error) or isinstance(error, errors.Invalid)


def read_rows(wanted: Sequence[Get], answer: BatchAnswer[R], connection: str) -> list[R | Exception | None]:
    """For each that is wanted its row, its error, or None when the answer is silent about it."""
    key = wanted[0].id_property
    found: dict[str | None, R | Exception] = {
        _lower(row.values.get(key) if key else row.id): row for row in answer.results
    }
    for entry in _entries(answer):
        for id in _named(entry):
            found.setdefault(id.lower(), row_error(entry, id, connection))
    return [found.get(each.id.lower()) for each in wanted]


def changed_rows(
    changes: Sequence[Update], answer: BatchAnswer[R], connection: str
) -> list[R | Exception | None]:
    """As of a read; what HubSpot echoes of a trace comes first."""
    rows = {row.trace: row for row in answer.results if row.trace is not None}
    ids = {row.id: row for row in answer.results}
    failed: dict[str, Exception] = {}
    for entry in _entries(answer):
        traces = texts(entry.context.get("objectWriteTraceId"))
        named = set() if traces else {id.lower() for id in _named(entry)}
        numbers = traces or [str(n) for n, each in enumerate(changes) if each.id.lower() in named]
        for number in numbers:
            id = changes[int(number)].id if number.isdecimal() and int(number) < len(changes) else number
            failed[number] = row_error(entry, id, connection)
    return [
        rows.get(str(number)) or failed.get(str(number)) or (None if each.id_property else ids.get(each.id))
        for number, each in enumerate(changes)
    ]


def row_error(entry: BatchError, id: str, connection: str) -> errors.RemoteError:
    """The error of one row of a batch, as a lone request would have raised it."""
    kind = KINDS.get(entry.category, errors.Invalid)
    reason = f"{entry.message or entry.category or 'refused'} (id {id})"
    return kind(service=connection, reason=reason, remote_category=entry.category)


def _fits(id: str, id_property: str | None) -> bool:
    return id not in NO_SEGMENTS and (bool(id_property) or (id.isascii() and id.isdecimal()))


def _extra(wanted: Get) -> dict[str, Any]:
    """The property that tells the records must come back with them."""
    key = wanted.id_property
    if key is None:
        return {"properties": list(wanted.properties)}
    return {"properties": list(dict.fromkeys([*wanted.properties, key])), "idProperty": key}


def _input(change: Update, number: int) -> dict[str, Any]:
    key = {"idProperty": change.id_property} if change.id_property else {}
    return {"id": change.id, "properties": change.properties, "objectWriteTraceId": str(number), **key}


def _entries(answer: BatchAnswer[Any]) -> list[BatchError]:
    return [lenient(BatchError, each) for each in answer.errors or []]


def _named(entry: BatchError) -> list[str]:
    return [id for name in ("ids", "id") for id in texts(entry.context.get(name))]


def _lower(text: str | None) -> str | None:
    return text and text.lower()
