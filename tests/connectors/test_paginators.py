"""
Where the next page is, by table; and the loop that no service can keep for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.pages import MOST_EMPTY, Trail, pages, rows
from masterops.connectors.paginators import (
    Cursor,
    Keyset,
    Link,
    Numbered,
    Offset,
    OnePage,
    Paginator,
    Seen,
    next_link,
)

CURSOR = Cursor("nextCursor")
NUMBERED = Numbered(at="pages")
UNTOLD = Numbered()
COUNTED = Offset(at="total")
CAPPED = Offset(short_ends=False)


@pytest.mark.parametrize(
    ("expected", "pager", "seen"),
    [
        (None, OnePage(), Seen(None, 10, 10)),
        ("b", CURSOR, Seen("a", 10, 0, told="b")),
        ("7", CURSOR, Seen("a", 10, 10, told=7)),
        (None, CURSOR, Seen("a", 10, 10, told=None)),
        (None, CURSOR, Seen("a", 10, 10, told="")),
        ("2", NUMBERED, Seen(None, 10, 10, told=3)),
        ("3", NUMBERED, Seen("2", 10, 10, told=3)),
        (None, NUMBERED, Seen("3", 10, 10, told=3)),
        (None, NUMBERED, Seen("2", 10, 0, told=999)),
        ("1", Numbered(at="pages", first=0), Seen(None, 10, 10, told=2)),
        (None, Numbered(at="pages", first=0), Seen("1", 10, 10, told=2)),
        ("2", UNTOLD, Seen(None, 10, 10)),
        (None, UNTOLD, Seen(None, 10, 9)),
        ("20", Offset(), Seen("10", 10, 10)),
        (None, Offset(), Seen("10", 10, 3)),
        ("14", COUNTED, Seen("10", 10, 4, told=15)),
        (None, COUNTED, Seen("10", 10, 5, told="15")),
        ("13", CAPPED, Seen("10", 10, 3)),
        (None, CAPPED, Seen("10", 10, 0)),
        ("9", Keyset(), Seen("5", 2, 2, last="9")),
        (None, Keyset(), Seen("5", 2, 1, last="9")),
        ("9", Keyset(short_ends=False), Seen("5", 2, 1, last="9")),
        (None, Keyset(short_ends=False), Seen("9", 2, 0)),
        ("a=1&b=x%20y", Link(), Seen(None, 2, 2, headers={"link": '<https://x/y?a=1&b=x%20y>; rel="next"'})),
        (None, Link(), Seen(None, 2, 2, headers={"link": '<https://x/y?a=1>; rel="previous"'})),
        (None, Link(), Seen(None, 2, 2)),
    ],
)
def test_the_next_page_is_where_the_service_says(expected: str | None, pager: Paginator, seen: Seen) -> None:
    """
    Each way of paging, in the middle and at its end, and where the service says odd things.
    """
    assert expected == pager.next(seen)


@pytest.mark.parametrize(
    ("query", "parts", "pager", "place"),
    [
        ({}, {}, OnePage(), None),
        ({"limit": 5}, {}, CURSOR, None),
        ({"limit": 5, "cursor": "a"}, {}, CURSOR, "a"),
        ({"pageSize": 5}, {"page": "1"}, Numbered(size="pageSize", in_path=True), None),
        ({"page_size": 5, "page": "3"}, {}, UNTOLD, "3"),
        ({"limit": 5, "offset": "0"}, {}, Offset(), None),
        ({"limit": 5, "id": "gt.7"}, {}, Keyset("id", before="gt."), "7"),
        ({"limit": 5, "since_id": "0"}, {}, Keyset(first="0"), None),
        ({"page_info": "x y", "limit": "5"}, {}, Link(), "page_info=x%20y&limit=5"),
    ],
)
def test_a_page_is_asked_for_as_the_service_wants_it(
    query: dict[str, Any], parts: dict[str, str], pager: Paginator, place: str | None
) -> None:
    """
    In the query or in the path, at the first page and further on.
    """
    asked = pager.ask(place, 5)

    assert (query, parts) == (dict(asked.query), dict(asked.parts))


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        ("https://a/b?c=1", '<https://a/b?c=1>; rel="next"'),
        ("https://a/2", '<https://a/1>; rel="previous", <https://a/2>; rel="next"'),
        ("https://a/2,3", '<https://a/2,3>; title="x"; REL=next, <https://a/9>; rel="last"'),
        ("https://a/2", '<https://a/2>; rel="next last"'),
        (None, '<https://a/2>; rel="nextish"'),
        (None, "https://a/2; rel=next"),
        (None, "<https://a/2"),
        (None, ""),
    ],
)
def test_a_link_header_is_read_as_it_is_written(expected: str | None, header: str) -> None:
    """
    Several links, several relations, commas in addresses, and what is none.
    """
    assert expected == next_link(header)


@dataclass
class Leaf:
    """
    A page of a script.
    """

    ids: Sequence[str]
    after: str | None


async def read(script: Sequence[Leaf], **options: Any) -> list[str]:
    """The ids of all pages; the script starts again at its end."""
    asked = 0

    async def fetch(after: str | None) -> Leaf:
        nonlocal asked
        asked += 1
        return script[(asked - 1) % len(script)]

    return [
        id
        async for page in pages(fetch, connection="shop/teelixir", ids=lambda leaf: leaf.ids, **options)
        for id in page.ids
    ]


async def test_all_pages_come_and_empty_ones_between_are_no_end() -> None:
    """
    The last page alone is the end.
    """
    assert ["1", "2"] == await read([Leaf("1", "a"), Leaf("", "b"), Leaf("", "c"), Leaf("2", None)])


@pytest.mark.parametrize("length", [1, 2, 7])
async def test_cursors_in_a_circle_are_one_clear_error(length: int) -> None:
    """
    Ending there would lose what is behind, going on would never end.
    """
    circle = [Leaf([str(number)], f"cursor-{number}") for number in range(length)]

    with pytest.raises(errors.UnexpectedAnswer, match="stands still"):
        await read(circle)


async def test_a_page_that_comes_again_under_a_new_cursor_is_an_error() -> None:
    """
    A service that does not look at the page's number gives the first one for ever.
    """
    with pytest.raises(errors.UnexpectedAnswer, match="repeats"):
        await read([Leaf(["1", "2"], "2"), Leaf(["1", "2"], "3")])


async def test_empty_pages_that_always_promise_more_end_in_an_error() -> None:
    """
    Each has a new cursor, so that nothing repeats.
    """
    with pytest.raises(errors.UnexpectedAnswer, match="never ends"):
        await read([Leaf([], str(number)) for number in range(MOST_EMPTY + 1)])


@given(start=st.integers(0, 50), length=st.integers(1, 60), recent=st.integers(1, 5))
def test_a_circle_of_any_length_is_noticed_in_bounded_memory(start: int, length: int, recent: int) -> None:
    """
    Also when it is longer than what is remembered; within a few rounds, and never before it closes.
    """
    trail = Trail(recent)
    steps = 0
    while not trail.knows(str(steps if steps < start else start + (steps - start) % length)):
        steps += 1
        assert steps <= 4 * (start + length)

    assert steps >= start + length
    assert len(trail._known) <= recent + 1


@pytest.mark.parametrize("limit", [None, 0, 1, 2, 3, 4, 9])
async def test_a_limit_ends_the_reading_where_it_is_reached(limit: int | None) -> None:
    """
    And no page is asked for beyond it.
    """
    script = {None: Leaf("ab", "1"), "1": Leaf("cd", None)}
    asked: list[int] = []

    async def fetch(after: str | None, size: int) -> Leaf:
        asked.append(size)
        return script[after]

    found = [
        row
        async for row in rows(fetch, lambda leaf: leaf.ids, size=2, limit=limit, connection="shop/teelixir")
    ]

    most = 4 if limit is None else limit
    assert list("abcd")[:most] == found
    assert min(2, -(-min(most, 4) // 2)) == len(asked)
