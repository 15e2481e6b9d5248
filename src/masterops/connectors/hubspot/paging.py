"""
Reading page after page: the one loop behind lists, searches and owners.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

from masterops import errors
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.wire import Page


class Paged(Protocol):
    """
    A page that says where the next one starts.
    """

    @property
    def after(self) -> str | None:
        """The cursor of the next page, or None on the last."""
        ...


P = TypeVar("P", bound=Paged)
R = TypeVar("R", bound=CrmRecord[Any])


async def pages(
    fetch: Callable[[str | None], Awaitable[P]], *, connection: str, start: str | None = None
) -> AsyncIterator[P]:
    """
    Every page, from `fetch(start)` to the one that names no next. Raises UnexpectedAnswer for a cursor that
    comes a second time: it would be read for ever, and ending there would lose what is behind it.
    """
    seen: set[str] = set()
    after = start
    while True:
        page = await fetch(after)
        yield page
        after = page.after
        if after is None:
            return
        if after in seen:
            raise errors.UnexpectedAnswer(service=connection, reason=f"its cursor stands still at {after!r}")
        seen.add(after)


async def rows(
    fetch: Callable[[str | None, int], Awaitable[Page[R]]],
    *,
    size: int,
    limit: int | None,
    connection: str,
) -> AsyncIterator[R]:
    """The records of all pages, `limit` at most. `fetch` is told the cursor and how many to ask for."""
    left = limit
    if left is not None and left <= 0:
        return

    async def next_page(after: str | None) -> Page[R]:
        return await fetch(after, size if left is None else min(left, size))

    async for page in pages(next_page, connection=connection):
        for row in page.results[:left]:
            yield row
        left = None if left is None else left - len(page.results)
        if left is not None and left <= 0:
            return
