"""
One table or view: what is read of it, and what is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from masterops import errors
from masterops.connectors.batches import BatchResult
from masterops.connectors.supabase import changing, exact, inserting
from masterops.connectors.supabase.description import Description
from masterops.connectors.supabase.exact import Row
from masterops.connectors.supabase.filters import Condition, column
from masterops.connectors.supabase.preferences import profile
from masterops.connectors.supabase.selection import Selection
from masterops.connectors.supabase.wire import Wire
from masterops.transport import Reply, Request

R = TypeVar("R")
Fields = Mapping[str, Any]

PATH = "/rest/v1/"
SHOWING_NONE = frozenset({201, 204})
NO_IDS = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """
    A table, its rows dicts or structs. `key` are the columns that tell rows apart; left out, the primary key
    is asked for when it is needed.
    """

    wire: Wire
    description: Description
    name: str
    row: type[R]
    key: tuple[str, ...] = ()
    schema: str = ""

    @property
    def path(self) -> str:
        """Where it is."""
        return PATH + quote(self.name, safe="")

    async def keys(self) -> tuple[str, ...]:
        """The columns that tell its rows apart. Raises BadValue where there are none."""
        return self.key or await self.description.key_of(self.name, self.schema)

    def select(self, columns: str = "*", *conditions: Condition) -> Selection[R]:
        """
        What to read: columns as PostgREST takes them (`id,total,customer:customers(name)`), and the
        conditions that all must hold. Nothing is sent yet.
        """
        return Selection(self, columns, conditions)

    async def get(self, id: Any, columns: str = "*") -> R:
        """The row with this key; a tuple where the key has several columns. Raises NotFound."""
        return await self.select(columns).where(*await self._is(id)).one()

    async def insert(self, fields: Fields) -> R:
        """
        Make a row. Raises Conflict where a constraint says so, and OutcomeUnknown when nobody can say whether
        it was made. One that bears its key is looked for then, and made if it is not there.
        """
        return await inserting.one(self, fields)

    async def insert_many(
        self, rows: Sequence[Fields], *, columns: Sequence[str] = (), returning: bool = True
    ) -> BatchResult[R]:
        """
        Make rows, a thousand in one statement that is done whole or not at all. A column that some rows do
        not name takes its default there. `columns` are those that are taken, whatever else a row has.
        """
        return await inserting.many(self, rows, columns, returning)

    async def upsert(
        self, fields: Fields, *, on_conflict: Sequence[str] = (), ignore: bool = False
    ) -> R | None:
        """
        Make a row or change the one with the same key, or the same `on_conflict`. With `ignore` one that is
        there stays as it is, and the answer is None.
        """
        done = await inserting.upsert(self, [fields], on_conflict, ignore, True)
        if done.errors:
            done.raise_for_errors(self.wire.connection)
        return done.rows[0] if done.rows else None

    async def upsert_many(
        self,
        rows: Sequence[Fields],
        *,
        on_conflict: Sequence[str] = (),
        ignore: bool = False,
        returning: bool = True,
    ) -> BatchResult[R]:
        """Many of them; of rows about the same record the last one is sent."""
        return await inserting.upsert(self, rows, on_conflict, ignore, returning)

    async def update(
        self, fields: Fields, *conditions: Condition, every: bool = False, max_affected: int | None = None
    ) -> Sequence[R]:
        """
        Change the rows that fit, and give them back. Without a condition it is refused, unless `every` row is
        meant. Where more than `max_affected` fit, none is changed. Raises Invalid then.
        """
        return await changing.update(self, fields, conditions, every, max_affected)

    async def delete(
        self, *conditions: Condition, every: bool = False, max_affected: int | None = None
    ) -> Sequence[R]:
        """Remove the rows that fit, under the same terms, and give them back."""
        return await changing.delete(self, conditions, every, max_affected)

    def request(
        self,
        method: str,
        verb: str,
        query: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        body: object = None,
        repeatable: bool = True,
    ) -> Request:
        """One request about this table."""
        operation = f"{self.name}.{verb}"
        chosen = profile(self.schema, writes=method not in ("GET", "HEAD"))
        return Request(
            method,
            self.path,
            operation,
            query=query,
            headers={**headers, **chosen},
            body=None if body is None else exact.content(body, operation),
            repeatable=repeatable,
        )

    def read(self, reply: Reply) -> Sequence[R]:
        """The rows of an answer; none where it was told to show none."""
        if not reply.body and reply.status in SHOWING_NONE:
            return ()
        kind: Any = self.row
        if kind is dict:
            rows: Any = exact.rows_of(reply.body)
            return rows  # type: ignore[no-any-return]  # a table without a struct has dicts
        return msgspec.json.decode(reply.body, type=list[kind])

    def key_values(self, row: Row, names: Sequence[str]) -> tuple[Any, ...] | None:
        """The values of some columns; None where the row lacks one."""
        return tuple(row[name] for name in names) if all(name in row for name in names) else None

    async def _is(self, id: Any) -> list[Condition]:
        names = await self.keys()
        values = id if isinstance(id, tuple) else (id,)
        if len(values) != len(names):
            reason = f"the key of {self.name} has {len(names)} columns: {', '.join(names)}."
            raise errors.BadValue(value=id, kind="key", reason=reason)
        if any(str(value) in NO_IDS for value in values):
            hint = "Look where it comes from: it is empty, or dots alone."
            raise errors.BadValue(value=id, kind="key", reason="it names no row.", hint=hint)
        return [column(name).eq(value) for name, value in zip(names, values, strict=True)]
