"""
Which rows of a table changed, by a column that says when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.connectors.connector import Changed
from masterops.connectors.supabase.exact import Row
from masterops.connectors.supabase.filters import column
from masterops.connectors.supabase.table import Table


async def changed_since(table: Table[Row], moment: str, since: datetime) -> Sequence[Changed]:
    """
    The keys and moments of the rows changed at or after `since`, each once; of a row that changes while they
    are read, the later moment.
    """
    names = await table.keys()
    asked = table.select(",".join(column(name).name for name in (*names, moment)))
    found: dict[str, datetime] = {}
    async for row in asked.where(column(moment).gte(since)).order(moment).rows(checked=False):
        found[",".join(str(row[name]) for name in names)] = _moment(table, row[moment])
    return tuple(Changed(id, at) for id, at in found.items())


def _moment(table: Table[Row], value: Any) -> datetime:
    """A moment as the row API writes it; one without a zone is in UTC."""
    try:
        at = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        reason = f"a moment of {table.name} is {value!r:.80}"
        raise errors.UnexpectedAnswer(service=table.wire.connection, reason=reason) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
