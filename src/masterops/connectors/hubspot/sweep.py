"""
How a search is read past its first page: by the last id, or by HubSpot's own count.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.search import MOST_RESULTS, Filter, Sort
from masterops.connectors.hubspot.wire import Next, Page, Paging

R = TypeVar("R", bound=CrmRecord[Any])

Groups = Sequence[Sequence[Filter]]
Ask = Callable[[Groups, Sort, int, str | None], Awaitable[Page[R]]]
Fetch = Callable[[str | None, int], Awaitable[Page[R]]]

ID = "hs_object_id"
FIRST_ID = "0"  # before every record's


def by_id(ask: Ask[R], groups: Groups) -> Fetch[R]:
    """Pages that each ask for what comes after the last id; the cursor is that id, not HubSpot's count."""

    async def fetch(last: str | None, size: int) -> Page[R]:
        page = await ask(_beyond(groups, last), Sort(ID), size, None)
        if page.after is None:
            return page
        # An empty page that promises more has come no further: its cursor stands still.
        after = page.results[-1].id if page.results else last or FIRST_ID
        return msgspec.structs.replace(page, paging=Paging(Next(after)))

    return fetch


def by_place(ask: Ask[R], groups: Groups, sort: Sort) -> Fetch[R]:
    """Pages in the order of `sort`, by HubSpot's count of what came before."""
    seen = 0

    async def fetch(after: str | None, size: int) -> Page[R]:
        nonlocal seen
        if seen >= MOST_RESULTS:
            reason = "HubSpot sorts the first 10,000 results only"
            raise errors.BadValue(value=sort.property, kind="sort", reason=reason)
        page = await ask(groups, sort, size, after)
        seen += len(page.results)
        return page

    return fetch


def _beyond(groups: Groups, last: str | None) -> Groups:
    """The same question, for ids after `last`."""
    if last is None:
        return groups
    further = Filter(ID, "GT", last)
    return [[*group, further] for group in groups] or [[further]]
