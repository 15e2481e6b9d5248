"""
Extraction: every record once, whatever the ids, the workers and the restarts.
"""

from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.extraction import Cursor, Extracted, Fetched, Misread, Span, Way, decoded, extract

IDS = st.sets(st.integers(1, 10**12) | st.integers(1, 400), max_size=120).map(sorted)


class Shelf:
    """
    Numbers in order, read a page at a time; cut at every `step`th, whatever step is asked for.
    """

    def __init__(self, ids: Sequence[int], *, page: int = 7, step: int = 20, workers: int = 3) -> None:
        self.ids = list(ids)
        self.page, self.step, self.workers = page, step, workers
        self.flying = self.most_flying = self.pages = 0
        self.counted_more = 0
        self.misread = False
        self.on_page: dict[int, int] = {}  # an id that comes in while that page is read

    def ways(self, records: int | None) -> Sequence[Way[int]]:
        return (Way(self.read, self.workers, self.workers), Way(self.read_other, 0, 2))

    async def top(self) -> tuple[int, int]:
        return len(self.ids) + self.counted_more, max(self.ids, default=0)

    async def cuts(self, span: Span, step: int) -> AsyncIterator[int]:
        inside = [id for id in self.ids if span.start <= id and (span.end is None or id < span.end)]
        for id in inside[self.step :: self.step]:
            await asyncio.sleep(0)
            yield id

    async def read(self, span: Span) -> Fetched[int]:
        if self.misread and span.start > 0:
            raise Misread
        return await self.read_other(span)

    async def read_other(self, span: Span) -> Fetched[int]:
        self.pages += 1
        if (late := self.on_page.get(self.pages)) is not None:
            self.ids.append(late)
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            await asyncio.sleep(0)
        finally:
            self.flying -= 1
        first = bisect_left(self.ids, span.start)
        last = len(self.ids) if span.end is None else bisect_left(self.ids, span.end)
        rows = self.ids[first : min(last, first + self.page)]
        more = first + self.page < last
        return Fetched(rows, rows[-1] + 1 if more else None)


async def reading(
    shelf: Shelf, cursor: str | None = None, *, ordered: bool = False, pages: int | None = None
) -> list[Extracted[int]]:
    """The pages, the first so many of them."""
    found: list[Extracted[int]] = []
    parts = extract(
        shelf,
        decoded(cursor, "numbers"),
        parallel=shelf.workers,
        connection="shelf/test",
        ordered=ordered,
        settle=0,
    )
    async for part in parts:
        found.append(part)
        if len(found) == pages:
            break
    await parts.aclose()
    return found


def rows(pages: Sequence[Extracted[int]]) -> list[int]:
    return list(itertools.chain.from_iterable(page.rows for page in pages))


@settings(max_examples=40, deadline=None)
@given(IDS, st.integers(1, 9), st.integers(1, 40), st.integers(1, 6), st.booleans(), st.integers(1, 30))
def test_every_record_comes_once_also_when_it_is_interrupted(
    ids: list[int], page: int, step: int, workers: int, ordered: bool, stop: int
) -> None:
    """
    Whatever was handed over is not read again, and nothing else is left out.
    """

    async def story() -> None:
        shelf = Shelf(ids, page=page, step=step, workers=workers)
        first = await reading(shelf, ordered=ordered, pages=stop)
        rest = await reading(shelf, first[-1].cursor, ordered=ordered)

        assert ids == (rows(first + rest) if ordered else sorted(rows(first + rest)))
        assert len(ids) == (first + rest)[-1].read
        assert [] == await reading(shelf, (first + rest)[-1].cursor)
        assert shelf.most_flying <= workers

    asyncio.run(story())


async def test_what_comes_in_meanwhile_is_read_at_the_end() -> None:
    """
    Its id is behind the highest one at the start.
    """
    shelf = Shelf(range(1, 200))
    shelf.on_page = {3: 1000, 30: 1001}

    found = await reading(shelf)

    assert [*range(1, 200), 1000, 1001] == sorted(rows(found))


async def test_a_way_that_does_not_work_is_given_up_for_another() -> None:
    """
    No record is lost or doubled on the way.
    """
    shelf = Shelf(range(1, 200))
    shelf.misread = True

    assert list(range(1, 200)) == sorted(rows(await reading(shelf)))


async def test_who_takes_the_pages_sets_the_pace() -> None:
    """
    Three workers are never further ahead than three pages in the queue and one in each hand.
    """
    shelf = Shelf(range(1, 5000))
    parts = extract(shelf, Cursor("numbers", (Span(0),)), parallel=3, connection="shelf/test")

    await anext(parts)
    for _ in range(1000):
        await asyncio.sleep(0)
    await parts.aclose()

    assert shelf.pages <= 1 + 3 + 3 + 1


async def test_a_count_that_does_not_add_up_is_an_error() -> None:
    """
    After it was taken three times.
    """
    shelf = Shelf(range(1, 100))
    shelf.counted_more = 2

    with pytest.raises(errors.UnexpectedAnswer, match="it counts 101 numbers, and 99 were read"):
        await reading(shelf)


@pytest.mark.parametrize(
    ("expected", "cursor"),
    [
        ("not of numbers", '{"resource": "letters", "open": [[0, null]]}'),
        ("not in order", '{"resource": "numbers", "open": [[5, 9], [2, null]]}'),
        ("not in order", '{"resource": "numbers", "open": [[5, 9]]}'),
        ("missing required field", '{"resource": "numbers"}'),
        ("malformed", "no cursor"),
    ],
)
def test_a_cursor_that_is_none_is_refused(expected: str, cursor: str) -> None:
    """
    Reading from anywhere would lose records.
    """
    with pytest.raises(errors.BadValue, match=expected):
        decoded(cursor, "numbers")
