"""
How the records of one kind are read in parallel: by lists that start at an id, and by searches for ids.

That a list may start at `after=<id>` is not documented, so each page is checked: its ids must rise, from
where it was asked to start. Where they do not, searches for ranges of `hs_object_id` read what is left; their
index lags behind by moments. Searches have a quota of their own, five a second of 200 records, and are not
counted against the ten seconds' window: large sets are read by both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from masterops import errors
from masterops.connectors.extraction import Fetched, Misread, Span, Way
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.search import MOST_RESULTS, PAGE, Filter, Sort
from masterops.connectors.hubspot.sweep import ID, Groups
from masterops.connectors.hubspot.wire import Page
from masterops.core.together import together

R = TypeVar("R", bound=CrmRecord[Any])

SEARCHERS = 2  # in flight: at 250 ms each they ask more than the five a second that are allowed
ALONE = 4
# The smallest window is 100 calls in ten seconds, of 100 records each: less than that the list has at once.
LARGE = 10_000
ID_OF: Callable[[Any], str] = attrgetter("id")

List = Callable[[str | None], Awaitable[Page[R]]]
Search = Callable[[Groups, Sort, int, str | None], Awaitable[Page[R]]]
Look = Callable[[Groups, Sort, int, str | None], Awaitable[Page[Any]]]


class Reading(Generic[R]):
    """
    One extraction's view of HubSpot. `list` and `search` fetch whole records, `look` their ids alone.
    """

    def __init__(
        self,
        connection: str,
        list: List[R],
        search: Search[R],
        look: Look,
        *,
        parallel: int,
        both: bool | None,
    ) -> None:
        self._connection = connection
        self._list, self._search, self._look = list, search, look
        self._parallel, self._both = parallel, both
        self._tokens: dict[int, str] = {}  # where pages end: HubSpot's own words for the next one
        self._tell_ids: bool | None = None  # whether those have been the next page's first id, each time

    def ways(self, records: int | None) -> Sequence[Way[R]]:
        """Lists, and searches beside them where both quotas together are sooner done."""
        pays = self._both if self._both is not None else (records or 0) > LARGE
        searchers = min(SEARCHERS, self._parallel - 1) if pays else 0
        listers = self._parallel - searchers
        return (Way(self.by_list, listers, self._parallel), Way(self.by_search, searchers, ALONE))

    async def top(self) -> tuple[int, int]:
        """How many records there are, and the highest id."""
        page = await self._look([], Sort(ID, descending=True), 1, None)
        if page.total is None:
            raise errors.NotFound(service=self._connection, reason="a search tells no total")
        return page.total, max((int(row.id) for row in page.results), default=0)

    async def cuts(self, span: Span, step: int) -> AsyncIterator[int]:
        """
        The ids of every `step`th record. HubSpot counts to 10,000 in a search: the last id in reach starts
        the next one.
        """
        reach = (MOST_RESULTS - 1) // step * step
        places = range(step, reach + 1, step)
        start = span.start
        last, records = await self._id_at(span, reach)
        while True:
            rest = Span(start, span.end)
            asked = [self._id_at(rest, place) for place in places if place < min(reach, records)]
            if last is not None:  # the next reach's last one is asked for together with this one's
                asked.append(self._id_at(Span(last, span.end), reach))
            found = await together(asked)
            following = found.pop() if last is not None else (None, 0)
            for id in (*(id for id, _ in found), last):
                if id is not None:
                    yield id
            if last is None:
                return
            start, (last, records) = last, following

    async def by_list(self, span: Span) -> Fetched[R]:
        """A page of the list, from an id on."""
        token = self._tokens.pop(span.start, None)
        beyond = str(span.start - 1) if span.start > 0 else None
        page = await self._list(token or beyond)
        if token is not None and page.results:
            self._tell_ids = self._tell_ids is not False and token == page.results[0].id
        found = checked(span, page, tokens_are_ids=self._tell_ids is True)
        if found.next is not None and page.after is not None:
            self._tokens[found.next] = page.after
        return found

    async def by_search(self, span: Span) -> Fetched[R]:
        """A page of a search for the ids of a span."""
        return checked(span, await self._search(_groups(span), Sort(ID), PAGE, None))

    async def _id_at(self, span: Span, place: int) -> tuple[int | None, int]:
        """The id of record number `place` of a span, counted from 0, if there is one; how many there are."""
        page = await self._look(_groups(span), Sort(ID), 1, str(place))
        return (int(page.results[0].id) if page.results else None), page.total or 0


def checked(span: Span, page: Page[R], *, tokens_are_ids: bool = False) -> Fetched[R]:
    """
    The records of a page that belong to a span. Raises Misread when it is not a page of it. Where a token is
    the next page's first id, a slice that ends there needs no call more.
    """
    try:
        ids = list(map(int, map(ID_OF, page.results)))
    except ValueError:
        raise Misread from None
    # One before the start is no harm: whether a list begins at its id or behind it is not documented.
    if ids != sorted(set(ids)) or (ids and ids[0] < span.start - 1) or (page.after and not ids):
        raise Misread
    rows = page.results
    if ids and (ids[0] < span.start or (span.end is not None and ids[-1] >= span.end)):
        rows = [row for row, id in zip(rows, ids, strict=True) if _holds(span, id)]
    if page.after is None or (ids and span.end is not None and ids[-1] >= span.end):
        return Fetched(rows, None)
    told = int(page.after) if tokens_are_ids and page.after.isdecimal() else 0
    return Fetched(rows, max(ids[-1] + 1, told))


def _holds(span: Span, id: int) -> bool:
    return span.start <= id and (span.end is None or id < span.end)


def _groups(span: Span) -> Groups:
    from_start = [Filter(ID, "GTE", span.start)]
    return [from_start if span.end is None else [*from_start, Filter(ID, "LT", span.end)]]
