"""
How services page, one small value each: where a page is asked for, and where the next one is.

Nothing here sends: `pages.py` is the loop. A paginator is told what was seen of a page and answers with the
place of the next, a text, or None at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

NOTHING: Mapping[str, str | int] = MappingProxyType({})

N = TypeVar("N", int, None)

LONGEST_NUMBER = 18  # digits of a place


class Asked(NamedTuple):
    """
    What a page's request carries because of its place: in the query, and in the path. `whole` says that the
    query is all of it, in place of the one that was given.
    """

    query: Mapping[str, str | int] = NOTHING
    parts: Mapping[str, str] = MappingProxyType({})
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was seen of a page: where it was asked for, how many records were asked for and came, the id of the
    last, what the body says at the paginator's `at`, the headers (names in lower case).
    """

    place: str | None
    size: int
    count: int
    last: str | None = None
    told: str | int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Paginator(Protocol):
    """
    One way of paging; all pages of a list are asked for with the same size. `shifts` says that records which
    come or go meanwhile move the others from page to page.
    """

    shifts: ClassVar[bool]

    @property
    def at(self) -> str:
        """Where a page's body tells what comes next, as in `paging.next.after`; empty when it does not."""
        ...

    def ask(self, place: str | None, size: int) -> Asked:
        """How the page at a place is asked for; None is the first."""
        ...

    def next(self, seen: Seen) -> str | None:
        """The place of the page that follows, or None when this was the last."""
        ...


@dataclass(frozen=True, slots=True)
class OnePage:
    """
    Everything comes in one answer.
    """

    at: ClassVar[str] = ""
    shifts: ClassVar[bool] = False

    def ask(self, place: str | None, size: int) -> Asked:
        """Nothing to say."""
        return Asked()

    def next(self, seen: Seen) -> str | None:
        """There is none."""
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    The body names the next page at `at`, and the query asks for it (HubSpot, n8n, Stripe).
    """

    at: str
    query: str = "cursor"
    size: str | None = "limit"
    shifts: ClassVar[bool] = False

    def ask(self, place: str | None, size: int) -> Asked:
        """The size, and the cursor."""
        cursor = {} if place is None else {self.query: place}
        return Asked({**_sized(self.size, size), **cursor})

    def next(self, seen: Seen) -> str | None:
        """What was told; nothing, null or an empty text at the end."""
        return None if seen.told is None or seen.told == "" else str(seen.told)


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    Pages have numbers, in the query or (`in_path`) in the path's `{name}` (Unleashed: /Products/2). `at` is
    where the body tells how many there are; where it does not, a page that is not full is the last.
    """

    name: str = "page"
    at: str = ""
    size: str | None = "page_size"
    in_path: bool = False
    first: int = 1
    shifts: ClassVar[bool] = True

    def ask(self, place: str | None, size: int) -> Asked:
        """The size, and the number."""
        number = place or str(self.first)
        if self.in_path:
            return Asked(_sized(self.size, size), {self.name: number})
        return Asked({**_sized(self.size, size), self.name: number})

    def next(self, seen: Seen) -> str | None:
        """The number behind this one. A page without records is the last, whatever is told."""
        number = _number(seen.place, self.first)
        pages = _number(seen.told, None)
        more = seen.count >= seen.size if pages is None else number - self.first + 1 < pages
        return str(number + 1) if more and seen.count else None


@dataclass(frozen=True, slots=True)
class Offset:
    """
    So many records are passed over. `at` is where the body tells how many there are in all. Where it does
    not, a page that is not full is the last; without `short_ends` only one without records is: some services
    give fewer than they are asked for (PostgREST's max_rows) and say nothing.
    """

    query: str = "offset"
    size: str | None = "limit"
    at: str = ""
    short_ends: bool = True
    shifts: ClassVar[bool] = True

    def ask(self, place: str | None, size: int) -> Asked:
        """The size, and how many are passed over."""
        return Asked({**_sized(self.size, size), self.query: place or "0"})

    def next(self, seen: Seen) -> str | None:
        """Behind the records of this page."""
        behind = _number(seen.place, 0) + seen.count
        total = _number(seen.told, None)
        more = behind < total if total is not None else _full(seen, self.short_ends)
        return str(behind) if more and seen.count else None


@dataclass(frozen=True, slots=True)
class Keyset:
    """
    A page has what comes after an id (`since_id=7`; with `before="gt."` PostgREST's `id=gt.7`). The list must
    be in the order of ids.
    """

    query: str = "since_id"
    size: str | None = "limit"
    before: str = ""
    first: str | None = None
    short_ends: bool = True
    at: ClassVar[str] = ""
    shifts: ClassVar[bool] = False

    def ask(self, place: str | None, size: int) -> Asked:
        """The size, and the id."""
        last = self.first if place is None else place
        behind = {} if last is None else {self.query: self.before + last}
        return Asked({**_sized(self.size, size), **behind})

    def next(self, seen: Seen) -> str | None:
        """The last id of this page."""
        return seen.last if seen.count and _full(seen, self.short_ends) else None


@dataclass(frozen=True, slots=True)
class Link:
    """
    The header `Link` has the next page's address, as `rel="next"` (Shopify, GitHub). Its query alone is
    taken over: whatever host it names, the token goes to ours.
    """

    size: str | None = "limit"
    at: ClassVar[str] = ""
    shifts: ClassVar[bool] = False

    def ask(self, place: str | None, size: int) -> Asked:
        """The size at first; then the query that was told, and nothing beside it."""
        if place is None:
            return Asked(_sized(self.size, size))
        return Asked(dict(parse_qsl(place, keep_blank_values=True)), whole=True)

    def next(self, seen: Seen) -> str | None:
        """The query of the next page."""
        address = next_link(seen.headers.get("link", ""))
        return (urlsplit(address).query or None) if address else None


def next_link(header: str) -> str | None:
    """The address that a Link header (RFC 8288) calls next; None when it names none that can be read."""
    rest = header
    while (start := rest.find("<")) >= 0 and (end := rest.find(">", start)) >= 0:
        address = rest[start + 1 : end]
        following = rest.find("<", end)
        said = rest[end + 1 : following if following >= 0 else len(rest)]
        rest = rest[following:] if following >= 0 else ""
        if any(_is_next(each) for each in said.split(";")):
            return address
    return None


def _is_next(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip().lower() == "rel" and "next" in value.strip(' ",\t').lower().split()


def _sized(name: str | None, size: int) -> dict[str, str | int]:
    return {name: size} if name else {}


def _full(seen: Seen, short_ends: bool) -> bool:
    return not short_ends or seen.count >= seen.size


def _number(text: str | int | None, otherwise: N) -> int | N:
    """A place or a count as a number; what is none counts as not said."""
    if isinstance(text, int):
        return text
    if text and text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER:
        return int(text)
    return otherwise
