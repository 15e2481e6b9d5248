"""
The workers of an extraction: one cuts, the others read slice after slice; pages come out as they arrive or in
order. Nobody is further ahead than the pages that fit in between: who takes them sets the pace.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import Any, Generic, TypeVar

from masterops import errors
from masterops.connectors.extraction.spans import (
    Book,
    Fetched,
    Misread,
    Readable,
    Slice,
    Span,
    Way,
    after,
    step_for,
)

R = TypeVar("R")

# The way does not work here, or its quota is spent elsewhere: another may.
GIVEN_UP = (Misread, errors.Forbidden, errors.Invalid, errors.RateLimited)


class Workers(Generic[R]):
    """
    Those who read the slices of a book, and one who cuts them.
    """

    def __init__(
        self, source: Readable[R], book: Book, ways: Sequence[Way[R]], parallel: int, *, ordered: bool
    ) -> None:
        self._source, self._book, self._ways = source, book, ways
        self._parallel, self._ordered = parallel, ordered
        self._todo: deque[Slice] = deque()
        self._order: deque[Slice] = deque()
        self._begun: set[Slice] = set()
        self._reading = 0
        self._cutting = True
        self._changed = asyncio.Condition()
        self._out: asyncio.Queue[tuple[Slice, Fetched[R]] | Exception | None] = asyncio.Queue(parallel)
        self._busy = [way.workers for way in ways]
        self._broken: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def pages(self) -> AsyncIterator[tuple[Slice, Fetched[R]]]:
        """The pages of all slices; the first error of a worker is raised."""
        self._start(self._cut())
        for number, way in enumerate(self._ways):
            for _ in range(way.workers):
                self._start(self._work(number))
        alive = len(self._tasks)
        kept: dict[Slice, deque[Fetched[R]]] = {}
        while alive:
            item = await self._out.get()
            if isinstance(item, Exception):
                raise item
            if item is None:
                alive -= 1
            elif not self._ordered:
                yield item
            else:
                kept.setdefault(item[0], deque()).append(item[1])
                for each in self._in_order(kept):
                    yield each
                await self._tell()

    async def alone(self, span: Span) -> Fetched[R]:
        """A page of a span that nobody cuts."""
        for number, way in enumerate(self._ways):
            if number in self._broken:
                continue
            try:
                return await way.read(span)
            except GIVEN_UP:
                if not self._others(number):
                    raise
                self._broken.add(number)
        raise Misread

    async def close(self) -> None:
        """End everybody, wherever they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(self._told(coroutine)))

    async def _told(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Whoever takes the pages hears how it ended."""
        try:
            await coroutine
        except Exception as error:  # it is raised where the pages are taken
            await self._out.put(error)
        else:
            await self._out.put(None)

    def _in_order(self, kept: dict[Slice, deque[Fetched[R]]]) -> Iterator[tuple[Slice, Fetched[R]]]:
        """What can be handed over of what came: the pages of the first slice, and those behind it."""
        while self._order and kept.get(self._order[0]):
            piece = self._order[0]
            page = kept[piece].popleft()
            if after(piece.left, page) is None:
                del kept[piece]
                self._order.popleft()
                self._begun.discard(piece)
            yield piece, page

    async def _cut(self) -> None:
        book = self._book
        step = step_for((book.total or 0) - book.read, self._parallel)
        while len(book.uncut) > 1:
            try:
                async for id in self._source.cuts(book.uncut[0], step):
                    await self._add(book.cut(id))
            except GIVEN_UP:
                pass  # what is left is one slice
            await self._add(book.cut(book.uncut[0].end))
        self._cutting = False
        await self._tell()

    async def _add(self, piece: Slice | None) -> None:
        if piece is not None:
            self._todo.append(piece)
            self._order.append(piece)
            await self._tell()

    async def _work(self, number: int) -> None:
        while piece := await self._take():
            try:
                await self._read(self._ways[number], piece)
            except GIVEN_UP:
                self._todo.appendleft(piece)
                self._broken.add(number)
                others = self._others(number)
                if not others:
                    raise
                if self._busy[others[0]] >= self._ways[others[0]].most:
                    return
                self._busy[number] -= 1
                number = others[0]
                self._busy[number] += 1
            finally:
                self._reading -= 1
                await self._tell()

    async def _read(self, way: Way[R], piece: Slice) -> None:
        while True:
            page = await way.read(piece.at)
            further = after(piece.at, page)
            await self._out.put((piece, page))
            if further is None:
                return
            piece.at = further

    async def _take(self) -> Slice | None:
        """The next slice, or None when there will be no more."""
        async with self._changed:
            while not self._may_begin():
                if not (self._todo or self._cutting or self._reading):
                    return None
                await self._changed.wait()
            piece = self._todo.popleft()
            self._begun.add(piece)
            self._reading += 1
            return piece

    def _may_begin(self) -> bool:
        """In order, a slice that is far behind the first one would only wait in memory."""
        if not self._todo:
            return False
        return not self._ordered or self._todo[0] in self._begun or len(self._begun) < sum(self._busy)

    def _others(self, number: int) -> list[int]:
        return [other for other in range(len(self._ways)) if other != number and other not in self._broken]

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
