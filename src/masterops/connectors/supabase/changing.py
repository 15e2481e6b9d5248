"""
Changing and removing the rows that fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from masterops import errors
from masterops.connectors.supabase import exact
from masterops.connectors.supabase.filters import Condition, query_of
from masterops.connectors.supabase.preferences import prefer

if TYPE_CHECKING:
    from masterops.connectors.supabase.table import Table

R = TypeVar("R")


async def update(
    table: Table[R],
    fields: Mapping[str, Any],
    conditions: Sequence[Condition],
    every: bool,
    max_affected: int | None,
) -> Sequence[R]:
    """Change the rows that fit. Raises BadValue where nothing says which."""
    _check(table, "update", conditions, every)
    (body,) = exact.sendable([fields])
    return await _send(table, "PATCH", "update", conditions, max_affected, body)


async def delete(
    table: Table[R], conditions: Sequence[Condition], every: bool, max_affected: int | None
) -> Sequence[R]:
    """Remove the rows that fit. Raises BadValue where nothing says which."""
    _check(table, "delete", conditions, every)
    return await _send(table, "DELETE", "delete", conditions, max_affected, None)


async def _send(
    table: Table[R],
    method: str,
    verb: str,
    conditions: Sequence[Condition],
    max_affected: int | None,
    body: object,
) -> Sequence[R]:
    headers = prefer(returning=True, max_affected=max_affected)
    request = table.request(method, verb, query_of(conditions), headers=headers, body=body)
    return await table.wire.ask(request, table.read)


def _check(table: Table[Any], verb: str, conditions: Sequence[Condition], every: bool) -> None:
    if not conditions and not every:
        reason = f"without a condition it would {verb} every row."
        hint = f"Name the rows: `{verb}(..., column('id').eq(7))`, or say `every=True`."
        raise errors.BadValue(value=table.name, kind=f"table to {verb}", reason=reason, hint=hint)
