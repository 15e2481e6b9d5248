"""
What to read of a table, and reading it: a page, every row, one row, how many.

PostgREST cuts what it gives at `max_rows` (1,000 on Supabase) and says nothing of it. So rows are read page
by page behind the key of the last one, to the page that is empty, and in the end they are counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from masterops import errors
from masterops.connectors.batches import chunks
from masterops.connectors.pages import pages
from masterops.connectors.supabase import exact
from masterops.connectors.supabase.filters import Condition, Group, column, query_of
from masterops.connectors.supabase.keyset import Nulls, Order, after
from masterops.connectors.supabase.preferences import Count, prefer, total_of
from masterops.core.backoff import RetryPolicy
from masterops.transport import Reply

if TYPE_CHECKING:
    from masterops.connectors.supabase.table import Table

R = TypeVar("R")

ASKED = 50  # keys that are looked for at once: they stand in the URL
PAGE = 1_000  # what Supabase gives at once; where a project gives less, the pages are smaller


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """
    Some rows, and how many there are in all; None where that was not asked. `ids` and `after` are where the
    next page starts.
    """

    rows: Sequence[R]
    total: int | None = None
    ids: Sequence[str] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Selection(Generic[R]):
    """
    Columns, conditions and an order. Each method that narrows it gives a new one.
    """

    table: Table[R]
    columns: str = "*"
    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = ()

    def where(self, *conditions: Condition) -> Selection[R]:
        """Those of the rows for which all these hold too."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def order(self, name: str, *, descending: bool = False, nulls: Nulls | None = None) -> Selection[R]:
        """In the order of a column; a second one decides where the first says the same."""
        return replace(self, orders=(*self.orders, Order(name, descending, nulls)))

    async def page(
        self,
        limit: int = PAGE,
        *,
        offset: int = 0,
        count: Count | None = None,
        policy: RetryPolicy | None = None,
    ) -> Found[R]:
        """Some rows, `offset` passed over; PostgREST may give fewer than `limit`. `count` tells how many."""
        query = {"limit": str(limit), **({"offset": str(offset)} if offset else {})}
        return await self._ask(query, count=count, policy=policy)

    async def count(self, how: Count = "exact") -> int:
        """How many there are: counted, or as PostgreSQL's planner believes."""
        found = await self._ask({"limit": "0"}, count=how)
        if found.total is None:
            reason = "it does not say how many rows there are"
            raise errors.MalformedAnswer(service=self.table.wire.connection, reason=reason)
        return found.total

    async def one(self) -> R:
        """The only row. Raises NotFound when there is none, UnexpectedAnswer when there are more."""
        found = await self.maybe()
        if found is None:
            raise errors.NotFound(service=self.table.wire.connection, reason=f"no such {self.table.name}")
        return found

    async def maybe(self) -> R | None:
        """The only row, or None. Raises UnexpectedAnswer when there are more."""
        found = await self.page(2)
        if len(found.rows) > 1:
            reason = f"more than one row of {self.table.name} fits"
            raise errors.UnexpectedAnswer(service=self.table.wire.connection, reason=reason)
        return found.rows[0] if found.rows else None

    async def rows(
        self, *, limit: int | None = None, size: int = PAGE, checked: bool = True
    ) -> AsyncIterator[R]:
        """
        Every row, once, `limit` at most: in the order asked for, then in that of the key. What comes and goes
        meanwhile moves no other. `checked` counts them in the end, and raises UnexpectedAnswer where some
        were missed: the columns said to be a key are none.
        """
        left = limit
        if left is not None and left <= 0:
            return
        keyed = await self._keyed()
        counted = checked and limit is None
        first, given = None, 0
        ends: list[str] = []
        fetch = partial(keyed.behind, size=size if left is None else min(left, size), counted=counted)
        async for page in pages(fetch, connection=self.table.wire.connection, ids=lambda page: page.ids):
            first = page if first is None else first
            for row in page.rows[:left]:
                yield row
            given += len(page.rows)
            ends += page.ids[-1:]
            left = None if left is None else left - len(page.rows)
            if left is not None and left <= 0:
                return
        if counted and first is not None and first.total is not None and given < first.total:
            await keyed._check(ends, given, first.total)

    async def behind(self, place: str | None, *, size: int, counted: bool = False) -> Found[R]:
        """The page behind a row, whose values of the order `place` has as JSON; None is the first."""
        conditions = self.conditions
        if place is not None:
            conditions = (*conditions, after(self.orders, exact.value_of(place.encode())))
        asked = replace(self, conditions=conditions)
        count: Count | None = "exact" if counted and place is None else None
        found = await asked._ask({"limit": str(size)}, count=count, keyed=True)
        # A first page that holds all there are is the last. Any other page may have been cut.
        whole = count is not None and found.total == len(found.rows)
        return replace(found, after=None) if whole or not found.rows else found

    async def _keyed(self) -> Selection[R]:
        """The same, its order ending with the key, and its columns holding all of the order."""
        names = {each.name for each in self.orders}
        key = tuple(Order(each, never_null=True) for each in await self.table.keys() if each not in names)
        orders = (*self.orders, *key)
        return replace(self, orders=orders, columns=with_columns(self.columns, [o.name for o in orders]))

    async def _check(self, ends: Sequence[str], given: int, before: int) -> None:
        """
        Whether fewer rows were read than there are because a key is none: then more rows than one have that
        of a page's last. Else rows came and went meanwhile.
        """
        if given >= min(before, await self.count()):
            return
        names = set(await self.table.keys())
        for _, some in chunks(ends, ASKED):
            same = Group("or", tuple(self._same(exact.value_of(end.encode()), names) for end in some))
            if await self.where(same).count() > len(some):
                reason = f"{given:,} of {before:,} rows of {self.table.name} were read"
                hint = f"Rows have the same {', '.join(sorted(names))}: name a key that is unique."
                raise errors.UnexpectedAnswer(service=self.table.wire.connection, reason=reason, hint=hint)

    def _same(self, values: Sequence[Any], names: Container[str]) -> Condition:
        """The rows with the key that a row with these values of the order has."""
        pairs = (
            (column(each.name), value)
            for each, value in zip(self.orders, values, strict=True)
            if each.name in names
        )
        return Group(
            "and", tuple(name.is_(None) if value is None else name.eq(value) for name, value in pairs)
        )

    async def _ask(
        self,
        query: Mapping[str, str],
        *,
        count: Count | None = None,
        keyed: bool = False,
        policy: RetryPolicy | None = None,
    ) -> Found[R]:
        order = {"order": ",".join(map(str, self.orders))} if self.orders else {}
        asked = {"select": self.columns, **query_of(self.conditions), **order, **query}
        request = self.table.request("GET", "select", asked, headers=prefer(count=count))
        read = self._read_keyed if keyed else self._read
        return await self.table.wire.ask(request, read, policy=policy)

    def _read(self, reply: Reply) -> Found[R]:
        return Found(self.table.read(reply), total_of(reply.headers))

    def _read_keyed(self, reply: Reply) -> Found[R]:
        rows = self.table.read(reply)
        plain = exact.rows_of(reply.body)
        names = [each.name for each in self.orders]
        places = [exact.text_of([row.get(name) for name in names]) for row in plain]
        if len(set(places)) != len(places):
            reason = f"two rows of {self.table.name} have the same key"
            hint = "Name a key that is unique: `table(..., key=...)`."
            raise errors.UnexpectedAnswer(service=self.table.wire.connection, reason=reason, hint=hint)
        if any(name not in row for row in plain for name in names):
            raise msgspec.ValidationError(f"a row lacks one of {', '.join(names)}")
        return Found(rows, total_of(reply.headers), places, places[-1] if places else None)


def with_columns(columns: str, needed: Sequence[str]) -> str:
    """A list of columns that has these too."""
    named = top_level(columns)
    if "*" in named:
        return columns
    lacking = [name for name in needed if name not in named]
    return ",".join([columns, *lacking]) if columns else ",".join(lacking)


def top_level(columns: str) -> list[str]:
    """The names of a list of columns, without what is embedded."""
    found, depth, word = [], 0, ""
    for letter in f"{columns},":
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(word.strip())
            word = ""
        else:
            word += letter
    return [name for name in found if name]
