"""
What changed between two moments, in the order of ids.

Not in the order of time: thousands of records may bear one moment, HubSpot counts no further than 10,000
results, and a record that changes while it is read would move. The window is closed at both ends: what
changes meanwhile falls out of it, or is read with its old moment, and is in the next one either way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.search import PAGE, Filter
from masterops.connectors.hubspot.sweep import Ask, by_id
from masterops.connectors.hubspot.wire import Page
from masterops.connectors.pages import pages

R = TypeVar("R", bound=CrmRecord[Any])

# "It may take a few moments for newly created or updated CRM objects to appear in search results"
# (developers.hubspot.com, "Search the CRM"). Also what our clock may be ahead of HubSpot's.
LAG = timedelta(minutes=5)


class ChangesCursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    The window, and how far it is read: the last id, then, of what was archived, HubSpot's own cursor. A look
    that is over has no end yet: the next one's is the moment when it starts.
    """

    resource: str
    since: datetime
    until: datetime | None = None
    last: str | None = None
    archived: bool = False
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Changes(Generic[R]):
    """
    Some records that changed, or were archived; and the cursor to keep with them.
    """

    rows: Sequence[R]
    archived: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Source(Generic[R]):
    """
    Where changes come from: searches, and the list of what is archived; and the property that tells them.
    """

    connection: str
    search: Ask[R]
    gone: Callable[[str | None], Awaitable[Page[R]]]
    changed: str


def opened(start: datetime | str, resource: str, *, now: datetime) -> ChangesCursor:
    """The window that starts at a moment or goes on at a cursor, closed at `now`. Raises BadValue."""
    if isinstance(start, datetime):
        whole = start.replace(microsecond=start.microsecond // 1000 * 1000)  # HubSpot keeps milliseconds
        return ChangesCursor(resource, whole, now)
    try:
        cursor = msgspec.json.decode(start, type=ChangesCursor)
    except msgspec.DecodeError as error:
        raise errors.BadValue(value=start[:80], kind="cursor", reason=f"{error}.") from None
    if cursor.resource != resource:
        reason = f"it is one of {cursor.resource}, not of {resource}."
        raise errors.BadValue(value=start[:80], kind="cursor", reason=reason)
    return cursor if cursor.until else msgspec.structs.replace(cursor, until=now)


def following(cursor: ChangesCursor) -> ChangesCursor:
    """Where the next look starts: held back, what this one should have seen may not be findable yet."""
    until = cursor.until or cursor.since
    return ChangesCursor(cursor.resource, max(cursor.since, until - LAG))


async def changes(source: Source[R], cursor: ChangesCursor, *, archived: bool) -> AsyncIterator[Changes[R]]:
    """The pages of a window; the last one's cursor is that of the next look."""
    if not cursor.archived:
        window = Filter(source.changed, "BETWEEN", cursor.since, high=cursor.until)
        fetch = partial(_sized, by_id(source.search, [[window]]))
        async for page in pages(fetch, connection=source.connection, start=cursor.last):
            cursor = msgspec.structs.replace(cursor, last=page.after, archived=page.after is None)
            if page.after is not None or archived:
                yield _told(page.results, cursor)
            else:
                yield _told(page.results, following(cursor))
    if archived:
        async for page in pages(source.gone, connection=source.connection, start=cursor.after):
            cursor = msgspec.structs.replace(cursor, after=page.after)
            rows = [row for row in page.results if _within(row, cursor)]
            last = page.after is None
            if rows or last:
                yield _told(rows, following(cursor) if last else cursor, archived=True)


async def _sized(fetch: Callable[[str | None, int], Awaitable[Page[R]]], after: str | None) -> Page[R]:
    return await fetch(after, PAGE)


def _within(row: CrmRecord[Any], cursor: ChangesCursor) -> bool:
    """One that does not say when it was archived is told of: once too often is better than never."""
    return row.archived_at is None or row.archived_at >= cursor.since


def _told(rows: Sequence[R], cursor: ChangesCursor, *, archived: bool = False) -> Changes[R]:
    return Changes(rows, archived, msgspec.json.encode(cursor).decode())
