"""
Calls of the database's functions: `POST /rest/v1/rpc/{name}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from masterops import errors
from masterops.connectors.supabase import exact
from masterops.connectors.supabase.filters import text
from masterops.connectors.supabase.preferences import prefer, profile, total_of
from masterops.connectors.supabase.wire import Wire
from masterops.transport import Reply, Request

PATH = "/rest/v1/rpc/{function}"
NO_ARGUMENTS: Mapping[str, Any] = {}


async def call(
    wire: Wire, name: str, arguments: Mapping[str, Any], *, schema: str, read: bool, repeatable: bool
) -> Any:
    """
    What a function answers: a value, a list of rows, or None where it returns nothing. Raises AnswerTooLarge
    for rows that PostgREST has cut.
    """
    operation = "rpc.call"
    count = prefer(count="exact")  # else nobody would know that rows were cut
    if read:
        query = {each: text(value) for each, value in arguments.items() if value is not None}
        request = Request(
            "GET",
            PATH,
            operation,
            parts={"function": name},
            query=query,
            headers={**count, **profile(schema, writes=False)},
        )
    else:
        (body,) = exact.sendable([arguments])
        request = Request(
            "POST",
            PATH,
            operation,
            parts={"function": name},
            body=exact.content(body, operation),
            headers={**count, **profile(schema, writes=True)},
            repeatable=repeatable,
        )
    value, total = await wire.ask(request, _answer)
    if isinstance(value, list) and total is not None and total > len(value):
        reason = f"{name} gives {total:,} rows, of which PostgREST shows {len(value):,}"
        hint = "Let the function take a range, or read its rows from a view."
        raise errors.AnswerTooLarge(service=wire.connection, reason=reason, hint=hint)
    return value


def _answer(reply: Reply) -> tuple[Any, int | None]:
    return exact.value_of(reply.body), total_of(reply.headers)
