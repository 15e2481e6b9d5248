"""
Trees of a request as SQL: texts with `%s` for values, which are never part of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from masterops.sandbox.supabase.catalogue import Catalogue, Function, Relation, Table
from masterops.sandbox.supabase.grammar import (
    OPERATORS,
    SEARCHES,
    Field,
    Filter,
    Group,
    Item,
    Node,
    Order,
)
from masterops.sandbox.supabase.problems import rest

LIKE = frozenset({"like", "ilike"})
SOURCE = "pgrst_source"


@dataclass
class Statement:
    """
    A text, and the values of its places.
    """

    text: str = ""
    values: list[object] = field(default_factory=list)

    def add(self, text: str, *values: object) -> Statement:
        """More of it."""
        self.text += text
        self.values += values
        return self

    def put(self, other: Statement) -> Statement:
        """Another one behind it."""
        return self.add(other.text, *other.values)


def ident(*names: str) -> str:
    """A name in quotes, safe in a text with places."""
    return ".".join('"' + name.replace('"', '""').replace("%", "%%") + '"' for name in names)


def literal(text: str) -> str:
    """A word that is part of the text itself, such as a key inside JSON."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


class Reader:
    """
    Makes the statements about the tables of one schema.
    """

    def __init__(self, catalogue: Catalogue, schema: str) -> None:
        self._known, self._schema = catalogue, schema

    def table(self, name: str) -> Table:
        """A table of the schema cache. Raises Refusal."""
        found = self._known.tables.get((self._schema, name))
        if found is None:
            message = f"Could not find the table '{self._schema}.{name}' in the schema cache"
            raise rest(404, "PGRST205", message)
        return found

    def tables(self, schema: str) -> list[Table]:
        """Every table of a schema, by name."""
        return [each for (where, _), each in self._known.tables.items() if where == schema]

    def functions(self, name: str) -> list[Function]:
        """The functions of one name."""
        return self._known.functions.get((self._schema, name), [])

    def result(self, function: Function) -> Table:
        """What a function's rows look like: a table, or nothing that is known."""
        schema, _, name = function.returns.rpartition(".")
        found = self._known.tables.get((schema or self._schema, name))
        return found or Table(self._schema, function.name)

    def select(self, table: Table, node: Node, *, source: str = "") -> Statement:
        """The rows that a tree asks for, of the table or of a `source` with the same columns."""
        made = Statement("SELECT ")
        made.put(self._columns(table, node))
        made.add(f" FROM {source or ident(table.schema, table.name)} AS {ident(table.name)}")
        return made.put(self._narrowed(table, node, filtered=not source))

    def counted(self, table: Table, node: Node) -> Statement:
        """How many rows fit."""
        made = Statement(f"SELECT count(*) FROM {ident(table.schema, table.name)} AS {ident(table.name)}")
        return made.put(self.where(table, node))

    def where(self, table: Table, node: Node) -> Statement:
        """The tests of a tree, and that what is embedded with `!inner` is there."""
        tests = [self._test(table, each) for each in node.tests]
        for below in node.embedded:
            if below.inner:
                inside = Statement("EXISTS (").put(self._inside(table, below, exists=True)).add(")")
                tests.append(inside)
        return _joined(" WHERE ", " AND ", tests)

    def _columns(self, table: Table, node: Node) -> Statement:
        made = [self._item(table, each) for each in node.items]
        made += [self._embedded(table, each) for each in node.embedded]
        if not made:
            return Statement("1" if node.embedded else f"{ident(table.name)}.*")
        return _joined("", ", ", made)

    def _item(self, table: Table, item: Item) -> Statement:
        if item.field.name == "*":
            return Statement(f"{ident(table.name)}.*")
        text = self._field(table, item.field)
        cast = f"::{ident(item.cast)}" if item.cast else ""
        if item.cast in ("text", "int", "integer", "bigint", "numeric", "float", "json", "jsonb"):
            cast = f"::{item.cast}"
        name = item.alias or (item.field.path[-1][1] if item.field.path else item.field.name)
        return Statement(f"({text}){cast} AS {ident(name)}")

    def _field(self, table: Table, field: Field) -> str:
        text = ident(table.name, field.name)
        if field.path:
            text = f"to_jsonb({text})"
        for arrow, key in field.path:
            text += arrow + (key if key.lstrip("-").isdigit() else literal(key))
        return text

    def _embedded(self, table: Table, node: Node) -> Statement:
        relation, one = self._relation(table, node)
        name = ident(node.alias or node.name)
        inside = self._inside(table, node, relation=relation)
        if one:
            return Statement("(SELECT row_to_json(x) FROM (").put(inside).add(f") AS x) AS {name}")
        made = Statement("COALESCE((SELECT json_agg(x) FROM (").put(inside)
        return made.add(f") AS x), '[]'::json) AS {name}")

    def _inside(
        self, table: Table, node: Node, *, relation: Relation | None = None, exists: bool = False
    ) -> Statement:
        """The rows of an embedded table that belong to a row of the outer one."""
        found = relation or self._relation(table, node)[0]
        there = self.table(found.target if self._is_outer(table, node, found) else found.table)
        outer = self._is_outer(table, node, found)
        own, other = (found.columns, found.target_columns) if outer else (found.target_columns, found.columns)
        ties = [
            f"{ident(there.name, theirs)} = {ident(table.name, ours)}"
            for ours, theirs in zip(own, other, strict=True)
        ]
        made = Statement("SELECT ")
        made.put(Statement("1") if exists else self._columns(there, node))
        made.add(f" FROM {ident(there.schema, there.name)} AS {ident(there.name)}")
        tests = self.where(there, node)
        made.put(tests).add(" AND " if tests.text else " WHERE ").add(" AND ".join(ties))
        return made if exists else made.put(self._narrowed(there, node, filtered=False))

    def _is_outer(self, table: Table, node: Node, relation: Relation) -> bool:
        """Whether the outer table has the foreign key, so that there is one row at most."""
        return relation.table == table.name and node.name in (
            relation.target,
            relation.name,
            *relation.columns,
        )

    def _relation(self, table: Table, node: Node) -> tuple[Relation, bool]:
        """The foreign key between a table and what is embedded. Raises Refusal for none, and for several."""
        found = [
            each
            for each in self._known.relations[self._schema]
            if (each.table == table.name and node.name in (each.target, each.name, *each.columns))
            or (each.target == table.name and node.name == each.table)
        ]
        if node.hint:
            found = [each for each in found if node.hint in (each.name, *each.columns)]
        if not found:
            details = (
                f"Searched for a foreign key relationship between '{table.name}' and '{node.name}' in the "
                f"schema '{self._schema}', but no matches were found."
            )
            message = (
                f"Could not find a relationship between '{table.name}' and '{node.name}' in the schema cache"
            )
            raise rest(400, "PGRST200", message, details)
        if len(found) > 1:
            message = (
                "Could not embed because more than one relationship was found for "
                f"'{table.name}' and '{node.name}'"
            )
            hint = f"Try changing '{node.name}' to one of the following: " + ", ".join(
                f"'{node.name}!{each.name}'" for each in found
            )
            raise rest(300, "PGRST201", message, None, hint)
        return found[0], self._is_outer(table, node, found[0])

    def _narrowed(self, table: Table, node: Node, *, filtered: bool) -> Statement:
        made = self.where(table, node) if filtered else Statement()
        if node.orders:
            made.add(" ORDER BY " + ", ".join(self._order(table, each) for each in node.orders))
        if node.limit is not None:
            made.add(f" LIMIT {node.limit:d}")
        return made.add(f" OFFSET {node.offset:d}") if node.offset else made

    def _order(self, table: Table, order: Order) -> str:
        return " ".join(filter(None, [self._field(table, order.field), order.direction, order.nulls]))

    def _test(self, table: Table, test: Filter | Group) -> Statement:
        if isinstance(test, Group):
            members = [self._test(table, each) for each in test.members]
            joined = _joined("(", f" {test.word.upper()} ", members).add(")")
            return Statement("NOT ").put(joined) if test.negated else joined
        made = self._compared(table, test)
        return Statement("NOT (").put(made).add(")") if test.negated else made

    def _compared(self, table: Table, test: Filter) -> Statement:
        left, word = self._field(table, test.field), test.operator
        if isinstance(test.value, tuple):
            # One empty word is an empty list: PostgREST cannot tell the two apart.
            words = () if test.value == ("",) else test.value
            return Statement(f"{left} = ANY (%s)", [_array(words)])
        if word == "is":
            return Statement(f"{left} IS {test.value.upper().replace('_', ' ')}")
        if word in SEARCHES:
            config = [test.config] if test.config else []
            places = "%s::regconfig, %s" if config else "%s"
            known = table.columns.get(test.field.name)
            if known is None or known.kind != "tsvector":
                left = f"to_tsvector({'%s::regconfig, ' if config else ''}{left})"
                return Statement(f"{left} @@ {OPERATORS[word]}({places})", [*config, *config, test.value])
            return Statement(f"{left} @@ {OPERATORS[word]}({places})", [*config, test.value])
        value = test.value.replace("*", "%") if word in LIKE else test.value
        place = f"{test.quantifier.upper()} (%s)" if test.quantifier else "%s"
        return Statement(f"{left} {OPERATORS[word]} {place}", [value])


def _joined(before: str, between: str, parts: Sequence[Statement]) -> Statement:
    made = Statement()
    for number, part in enumerate(parts):
        made.add(between if number else before).put(part)
    return made


def _array(words: Sequence[str]) -> str:
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in escaped) + "}"
