"""
What a project says of its tables: the OpenAPI description at `GET /rest/v1/`, of which the columns and the
primary keys are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from masterops import errors
from masterops.connectors.supabase.preferences import profile
from masterops.connectors.supabase.wire import Wire
from masterops.core.spelling import unknown
from masterops.transport import Reply, Request

ROOT = "/rest/v1/"
PRIMARY = "<pk/>"  # stands in the description of such a column


class Field(msgspec.Struct, frozen=True):
    """
    One column: its type in PostgreSQL, and what is said of it.
    """

    format: str = ""
    description: str = ""
    default: object = None


class Definition(msgspec.Struct, frozen=True):
    """
    One table or view.
    """

    properties: dict[str, Field] = {}
    required: list[str] = []

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of its primary key; none where it has none, as a view."""
        return tuple(name for name, each in self.properties.items() if PRIMARY in each.description)


class _Document(msgspec.Struct, frozen=True):
    """
    The part of the document that is read.
    """

    definitions: dict[str, Definition]


@dataclass(slots=True)
class Description:
    """
    The tables of a project by schema, asked for once and kept.
    """

    wire: Wire
    known: dict[str, Mapping[str, Definition]] = field(default_factory=dict)

    async def tables(self, schema: str = "") -> Mapping[str, Definition]:
        """Every table and view that the key may see."""
        if schema not in self.known:
            self.wire.needs_secret("the description of the tables")
            request = Request(
                "GET",
                ROOT,
                "description.get",
                headers={"Accept": "application/openapi+json", **profile(schema, writes=False)},
            )
            self.known[schema] = await self.wire.ask(request, _definitions)
        return self.known[schema]

    async def key_of(self, table: str, schema: str = "") -> tuple[str, ...]:
        """
        The primary key of a table. Raises UnknownName for a table that is not there, BadValue for one
        without a key.
        """
        tables = await self.tables(schema)
        if table not in tables:
            raise unknown("table", table, list(tables))
        if not tables[table].key:
            reason = "it has no primary key, so that nothing tells its rows apart."
            hint = f"Say which columns do: `table({table!r}, key=...)`."
            raise errors.BadValue(value=table, kind="table to page through", reason=reason, hint=hint)
        return tables[table].key


def _definitions(reply: Reply) -> Mapping[str, Definition]:
    return msgspec.json.decode(reply.body, type=_Document).definitions
