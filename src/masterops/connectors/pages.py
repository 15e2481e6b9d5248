"""
Reading page after page: the one loop behind every list and search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from typing import Protocol, TypeVar

from masterops import errors

RECENT = 1_000  # cursors that are remembered
MOST_EMPTY = 100  # pages without records, one after the other


class Paged(Protocol):
    """
    A page that says where the next one starts.
    """

    @property
    def after(self) -> str | None:
        """The cursor of the next page, or None on the last."""
        ...


P = TypeVar("P", bound=Paged)
R = TypeVar("R")

Ids = Callable[[P], Sequence[Hashable]]


class Trail:
    """
    Whether a cursor comes a second time, in bounded memory. The latest are remembered, and one more: where
    the way had last doubled its length. A circle longer than what is remembered must come by there.
    """

    def __init__(self, recent: int = RECENT) -> None:
        self._most = recent
        self._order: deque[str] = deque()
        self._known: set[str] = set()
        self._steps, self._anchored, self._anchor = 0, 1, ""

    def knows(self, cursor: str) -> bool:
        """Whether this one was here before; from now on it was."""
        if cursor in self._known or (self._steps and cursor == self._anchor):
            return True
        self._known.add(cursor)
        self._order.append(cursor)
        if len(self._order) > self._most:
            self._known.discard(self._order.popleft())
        self._steps += 1
        if self._steps == self._anchored:
            self._anchor, self._anchored = cursor, 2 * self._anchored
        return False


class Watch:
    """
    Whether a list comes further. Raises UnexpectedAnswer where it would be read for ever, or where ending
    would lose what is behind: a cursor that comes a second time, a page that repeats the one before, a
    hundred pages in a row that are empty and promise more.
    """

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._trail = Trail()
        self._before: Sequence[Hashable] = ()
        self._empty = 0

    def page(self, ids: Sequence[Hashable], after: str | None) -> None:
        """Look at a page's ids, before they are handed over."""
        self._empty = 0 if ids else self._empty + 1
        if self._empty >= MOST_EMPTY and after is not None:
            raise self._stuck(f"its cursor never ends: {MOST_EMPTY} pages in a row are empty")
        if ids and ids == self._before:
            raise self._stuck("its cursor stands still: a page repeats the one before")
        self._before = ids

    def cursor(self, after: str) -> None:
        """Look at the next page's cursor."""
        if self._trail.knows(after):
            raise self._stuck(f"its cursor stands still at {after[:80]!r}")

    def _stuck(self, reason: str) -> errors.UnexpectedAnswer:
        return errors.UnexpectedAnswer(service=self._connection, reason=reason)


async def pages(
    fetch: Callable[[str | None], Awaitable[P]],
    *,
    connection: str,
    start: str | None = None,
    ids: Ids[P] | None = None,
) -> AsyncIterator[P]:
    """
    Every page, from `fetch(start)` to the one that names no next. Raises UnexpectedAnswer when it comes no
    further; `ids` tells a page's records apart, for one that repeats.
    """
    watch = Watch(connection)
    after = start
    while True:
        page = await fetch(after)
        after = page.after
        if ids is not None:
            watch.page(ids(page), after)
        yield page
        if after is None:
            return
        watch.cursor(after)


async def rows(
    fetch: Callable[[str | None, int], Awaitable[P]],
    records: Callable[[P], Sequence[R]],
    *,
    size: int,
    limit: int | None,
    connection: str,
    ids: Ids[P] | None = None,
) -> AsyncIterator[R]:
    """
    The records of all pages, `limit` at most. `fetch` is told the cursor and how many to ask for, `records`
    says what a page holds.
    """
    left = limit
    if left is not None and left <= 0:
        return

    async def next_page(after: str | None) -> P:
        return await fetch(after, size if left is None else min(left, size))

    async for page in pages(next_page, connection=connection, ids=ids):
        found = records(page)
        for row in found[:left]:
            yield row
        left = None if left is None else left - len(found)
        if left is not None and left <= 0:
            return
