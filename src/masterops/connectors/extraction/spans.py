"""
Reading a whole set of records in parallel slices of their ids, each record once.

Where the service can say it, the set is cut at every so many records; workers read slice after slice and are
never further ahead than a few pages. What comes in while it is read has ids behind the highest one at the
start, and is read last. Each page has a cursor that says what is left once it is kept: a read that starts
from there goes on.

Spans, steps and the cursor are arithmetic; `extract.py` and `workers.py` act.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from masterops import errors

R = TypeVar("R")

PAGE = 100
SHORTEST, LONGEST = 10 * PAGE, 20 * PAGE  # records in a slice: cutting one off costs a call


class Misread(Exception):
    """A page is not what its span asked for: this way of reading does not work here."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """
    Ids from `start` to before `end`; without an end, all that follow.
    """

    start: int
    end: int | None = None


class Cursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is left to read, in the order of ids, and how many records were handed over.
    """

    resource: str
    open: tuple[Span, ...]
    read: int = 0


@dataclass(frozen=True, slots=True)
class Fetched(Generic[R]):
    """
    A page of a span: its records, and the id where the next one starts; None at the end.
    """

    rows: Sequence[R]
    next: int | None


@dataclass(frozen=True, slots=True)
class Extracted(Generic[R]):
    """
    Some records, and the cursor to keep once they are kept; `read` counts them all up to here. `total` is
    what the service said at the start, where it did.
    """

    rows: Sequence[R]
    read: int
    total: int | None
    resource: str
    left: Sequence[Span]

    @property
    def cursor(self) -> str:
        """What is left to read when these rows are kept; made when it is asked for."""
        return msgspec.json.encode(Cursor(self.resource, joined(self.left), self.read)).decode()


@dataclass(frozen=True, slots=True)
class Way(Generic[R]):
    """
    One way to read a page of a span, and how many workers use it; `most` when it is the only one left.
    """

    read: Callable[[Span], Awaitable[Fetched[R]]]
    workers: int
    most: int


class Readable(Protocol[R]):
    """
    What a service must be able to do for its records to be extracted.
    """

    def ways(self, records: int | None) -> Sequence[Way[R]]:
        """How that many records are read; the first way alone where nothing can be cut."""
        ...

    async def top(self) -> tuple[int, int]:
        """How many records there are, and the highest id of them, 0 when there are none."""
        ...

    def cuts(self, span: Span, step: int) -> AsyncIterator[int]:
        """The ids of every `step`th record of a span, in order."""
        ...


def decoded(cursor: str | None, resource: str) -> Cursor:
    """The cursor that a caller hands in; None is the beginning. Raises BadValue."""
    if cursor is None:
        return Cursor(resource, (Span(0),))
    try:
        known = msgspec.json.decode(cursor, type=Cursor)
    except msgspec.DecodeError as error:
        raise errors.BadValue(value=cursor[:80], kind="cursor", reason=f"{error}.") from None
    reason = ""
    if known.resource != resource:
        reason = f"it is one of {known.resource}, not of {resource}."
    elif not _proper(known.open):
        reason = "its spans are not in order."
    if reason:
        raise errors.BadValue(value=cursor[:80], kind="cursor", reason=reason)
    return known


def _proper(spans: Sequence[Span]) -> bool:
    """Whether spans are in order, do not overlap, and the last one alone has no end."""
    borders = [border for span in spans for border in (span.start, span.end)]
    return not borders or (borders.pop() is None and None not in borders and borders == sorted(borders))  # type: ignore[type-var]  # no None left


def step_for(total: int, parallel: int) -> int:
    """How many records a slice has: every worker several, in whole pages."""
    fair = -(-total // max(1, 2 * parallel))
    return min(LONGEST, max(SHORTEST, -(-fair // PAGE) * PAGE))


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch as one, those without an id left out."""
    found: list[Span] = []
    for span in spans:
        if span.end is not None and span.start >= span.end:
            continue
        if found and found[-1].end == span.start:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return tuple(found)


def after(span: Span, page: Fetched[Any]) -> Span | None:
    """What is left of a span behind a page of it."""
    if page.next is None or (span.end is not None and page.next >= span.end):
        return None
    return Span(page.next, span.end)


@dataclass(eq=False, slots=True)
class Slice:
    """
    A span on its way: `left` is what is not handed over of it, `at` what is not read.
    """

    left: Span
    at: Span


class Book:
    """
    What is left: slices in order, and what nobody has cut yet.
    """

    def __init__(self, cursor: Cursor) -> None:
        self.resource, self.read = cursor.resource, cursor.read
        self.uncut = deque(cursor.open)
        self.total: int | None = None
        self._slices: dict[Slice, None] = {}

    def cut(self, end: int | None) -> Slice | None:
        """The next slice: the first of what is uncut, up to `end`; None when nothing lies before it."""
        first = self.uncut[0]
        if end is not None and (end <= first.start or (first.end is not None and end > first.end)):
            return None
        self.uncut.popleft()
        if end != first.end:
            self.uncut.appendleft(Span(end or 0, first.end))
        piece = Slice(Span(first.start, end), Span(first.start, end))
        self._slices[piece] = None
        return piece

    @property
    def remaining(self) -> int | None:
        """How many records are left, as far as it is known."""
        return None if self.total is None else max(0, self.total - self.read)

    def starts(self, total: int, highest: int) -> None:
        """What is known at the start: ids behind the highest one are the tail, which is read last."""
        self.total = total
        last = self.uncut.pop()
        border = max(last.start, highest + 1)
        self.uncut.extend(joined([Span(last.start, border)]))
        self.uncut.append(Span(border))

    def handed(self, piece: Slice, page: Fetched[R]) -> Extracted[R]:
        """Note a page as handed over."""
        left = after(piece.left, page)
        if left is None:
            del self._slices[piece]
        else:
            piece.left = left
        return self._told(page, [*(each.left for each in self._slices), *self.uncut])

    def ended(self, page: Fetched[R], tail: Span | None) -> Extracted[R]:
        """Note a page of the tail."""
        return self._told(page, [tail] if tail else [])

    def _told(self, page: Fetched[R], left: Sequence[Span]) -> Extracted[R]:
        self.read += len(page.rows)
        return Extracted(page.rows, self.read, self.total, self.resource, left)
