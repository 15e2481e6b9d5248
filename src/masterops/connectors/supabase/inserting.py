"""
Making rows, and making them or changing those that are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from masterops import errors
from masterops.connectors.batches import Answered, BatchResult, chunks, in_pieces
from masterops.connectors.supabase import exact
from masterops.connectors.supabase.filters import Condition, Group, column
from masterops.connectors.supabase.preferences import prefer

if TYPE_CHECKING:
    from masterops.connectors.supabase.table import Table

R = TypeVar("R")
Fields = Mapping[str, Any]

PIECE = 1_000  # rows of one statement
TRIES = 3  # of an insert that bears its key
ASKED = 50  # rows that are looked for at once: their keys stand in the URL


async def one(table: Table[R], fields: Fields) -> R:
    """Make a row and give it back."""
    made = await _insert(table, (), True, [fields])
    if not made.rows:
        reason = f"the row of {table.name} was made and is not shown: a policy hides it"
        raise errors.UnexpectedAnswer(service=table.wire.connection, reason=reason)
    return made.rows[0]


async def many(
    table: Table[R], rows: Sequence[Fields], columns: Sequence[str], returning: bool
) -> BatchResult[R]:
    """Make rows, a piece at a time."""
    return await in_pieces(partial(_insert, table, columns, returning), rows, PIECE)


async def upsert(
    table: Table[R], rows: Sequence[Fields], on_conflict: Sequence[str], ignore: bool, returning: bool
) -> BatchResult[R]:
    """Make rows or change those with the same key; what a later row repeats is not sent."""
    names = tuple(on_conflict) or await table.keys()
    last: dict[object, int] = {}
    for place, row in enumerate(rows):
        key = _values(row, names)
        last[place if key is None else exact.text_of(key)] = place
    places = sorted(last.values())
    send = partial(_upsert, table, names, bool(on_conflict), ignore, returning)
    result = await in_pieces(send, [rows[place] for place in places], PIECE, places)
    kept = set(places)
    result.replaced = [place for place in range(len(rows)) if place not in kept]
    return result


async def _insert(
    table: Table[R], columns: Sequence[str], returning: bool, rows: Sequence[Fields]
) -> Answered[R]:
    """
    One statement. One whose answer was lost is not sent again; where every row bears its key they are
    looked for first.
    """
    query = _columns(rows, columns)
    request = table.request(
        "POST",
        "insert",
        query,
        headers=prefer(returning=returning, missing_default="columns" in query),
        body=exact.sendable(rows),
        repeatable=False,
    )
    for attempt in range(1, TRIES + 1):
        try:
            return Answered(await table.wire.ask(request, table.read))
        except errors.OutcomeUnknown:
            found = await _there(table, rows)
            if found:
                return Answered(found if returning else ())
            if found is None or attempt == TRIES:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _there(table: Table[R], rows: Sequence[Fields]) -> Sequence[R] | None:
    """
    The rows with these keys, if all of them are there; none if none is. None where nobody can say: rows that
    do not bear their key, or of which a part is there, which one statement cannot have done.
    """
    try:
        names = await table.keys()
    except errors.MasterOpsError:  # what is told is that the outcome is not known
        return None
    known = [each for row in rows if (each := _is(row, names)) is not None]
    if len(known) != len(rows):
        return None
    found: list[R] = []
    for _, some in chunks(known, ASKED):
        either = table.select().where(Group("or", tuple(some)))
        found += [row async for row in either.rows(checked=False)]
    return found if len(found) in (0, len(rows)) else None


async def _upsert(
    table: Table[R],
    names: tuple[str, ...],
    told: bool,
    ignore: bool,
    returning: bool,
    rows: Sequence[Fields],
) -> Answered[R]:
    query = _columns(rows, ()) | ({"on_conflict": ",".join(names)} if told else {})
    request = table.request(
        "POST",
        "upsert",
        query,
        headers=prefer(
            returning=returning,
            resolution="ignore-duplicates" if ignore else "merge-duplicates",
            missing_default="columns" in query,
        ),
        body=exact.sendable(rows),
        # A row without its key would be another one each time.
        repeatable=all(_values(row, names) is not None for row in rows),
    )
    return Answered(await table.wire.ask(request, table.read))


def _columns(rows: Sequence[Fields], columns: Sequence[str]) -> dict[str, str]:
    """The columns of a statement, where its rows do not all name the same."""
    if not columns and len({frozenset(row) for row in rows}) < 2:
        return {}
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    return {"columns": ",".join(column(name).name for name in names)}


def _values(row: Fields, names: Sequence[str]) -> list[Any] | None:
    """The key of a row; None where it lacks a part of it."""
    return [row[name] for name in names] if all(row.get(name) is not None for name in names) else None


def _is(row: Fields, names: Sequence[str]) -> Condition | None:
    """The condition that this row is meant."""
    values = _values(row, names)
    if values is None:
        return None
    tests = tuple(column(name).eq(value) for name, value in zip(names, values, strict=True))
    return tests[0] if len(tests) == 1 else Group("and", tests)
