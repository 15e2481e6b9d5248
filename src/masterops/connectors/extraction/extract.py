"""
From the first page to the last: in parallel, then what came in meanwhile, then the counts are compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

from masterops import errors
from masterops.connectors.extraction.spans import Book, Cursor, Extracted, Misread, Readable, Span, after
from masterops.connectors.extraction.workers import Workers

R = TypeVar("R")

COUNTS = 3  # how often a count that does not add up is taken


async def extract(
    source: Readable[R],
    cursor: Cursor,
    *,
    parallel: int,
    connection: str,
    ordered: bool = False,
    check: bool = True,
    settle: float = 2.0,
) -> AsyncGenerator[Extracted[R], None]:
    """
    Every record of the cursor's spans, page by page; with `ordered` in the order of ids. With `check` the
    service's own count is asked for at the end, and UnexpectedAnswer raised when it has more than were read.
    A count may lag behind: it is taken again after `settle` seconds, three times in all.
    """
    if not cursor.open:
        return
    try:
        parts = _parts(source, Book(cursor), parallel, connection, ordered, check, settle)
        async with aclosing(parts):
            async for part in parts:
                yield part
    except Misread:
        reason = "its pages do not come in the order of ids"
        raise errors.UnexpectedAnswer(service=connection, reason=reason) from None


async def _parts(
    source: Readable[R],
    book: Book,
    parallel: int,
    connection: str,
    ordered: bool,
    check: bool,
    settle: float,
) -> AsyncGenerator[Extracted[R], None]:
    top = await _top(source)
    if top is not None:
        book.starts(*top)
    workers = Workers(source, book, source.ways(book.remaining), parallel, ordered=ordered)
    try:
        async for piece, page in workers.pages():
            part = book.handed(piece, page)
            if page.rows:
                yield part
    finally:
        await workers.close()
    # What is counted now is read by the end of the tail, or was before.
    counted = await _top(source) if check and top else None
    tail: Span | None = book.uncut[0]
    while tail is not None:
        page = await workers.alone(tail)
        tail = after(tail, page)
        yield book.ended(page, tail)
    if counted is not None:
        await _compare(source, book, counted[0], connection, settle)


async def _top(source: Readable[Any]) -> tuple[int, int] | None:
    """None where the service does not say it: then the records are read one page after the other."""
    try:
        return await source.top()
    except (errors.Forbidden, errors.Invalid, errors.NotFound):
        return None


async def _compare(source: Readable[Any], book: Book, counted: int, connection: str, settle: float) -> None:
    for _ in range(COUNTS - 1):
        if book.read >= counted:
            return
        await asyncio.sleep(settle)
        counted = (await source.top())[0]
    if book.read < counted:
        reason = f"it counts {counted} {book.resource}, and {book.read} were read"
        raise errors.UnexpectedAnswer(service=connection, reason=reason)
