"""
PostgREST's schema cache: the tables, keys, relations and functions that there were when it was read last.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from masterops.sandbox.supabase.database import Session

TABLES = """
SELECT n.nspname, c.relname, c.relkind::text, obj_description(c.oid, 'pg_class')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname = ANY(%s)
ORDER BY c.relname
"""
COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' OR a.attidentity = 'a', a.attidentity <> ''
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname = ANY(%s)
ORDER BY a.attnum
"""
KEYS = """
SELECT n.nspname, c.relname, k.conname, k.contype::text, fn.nspname, f.relname,
    ARRAY(SELECT attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
        JOIN pg_attribute ON attrelid = k.conrelid AND attnum = u.number ORDER BY u.place),
    ARRAY(SELECT attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (number, place)
        JOIN pg_attribute ON attrelid = k.confrelid AND attnum = u.number ORDER BY u.place)
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS f ON f.oid = k.confrelid
LEFT JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
WHERE k.contype IN ('p', 'f') AND n.nspname = ANY(%s)
"""
FUNCTIONS = """
SELECT n.nspname, p.proname, coalesce(p.proargnames[1:p.pronargs], '{}'), p.pronargdefaults,
    ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t), p.proretset, p.provolatile::text,
    format_type(p.prorettype, NULL), r.typtype = 'c' OR p.prorettype = 'record'::regtype
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_type AS r ON r.oid = p.prorettype
WHERE p.prokind = 'f' AND n.nspname = ANY(%s)
"""


@dataclass
class Column:
    """
    One column; `fixed` cannot be written, `counted` is an identity.
    """

    name: str
    kind: str
    required: bool
    default: str | None
    fixed: bool
    counted: bool = False


@dataclass
class Relation:
    """
    A foreign key: the columns of a table, and those of another that they refer to.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass
class Table:
    """
    One table or view.
    """

    schema: str
    name: str
    comment: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    key: tuple[str, ...] = ()


@dataclass
class Function:
    """
    One function: the names and types of its arguments, of which the last `defaults` may be left out.
    """

    name: str
    arguments: tuple[str, ...]
    types: tuple[str, ...]
    defaults: int
    many: bool
    volatile: bool
    returns: str
    rows: bool

    def takes(self, given: frozenset[str]) -> bool:
        """Whether it can be called with arguments of these names."""
        needed = self.arguments[: len(self.arguments) - self.defaults]
        return given <= set(self.arguments) and set(needed) <= given


@dataclass
class Catalogue:
    """
    What there is, by schema and name.
    """

    tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    relations: dict[str, list[Relation]] = field(default_factory=lambda: defaultdict(list))
    functions: dict[tuple[str, str], list[Function]] = field(default_factory=lambda: defaultdict(list))


def read(session: Session, schemas: list[str]) -> Catalogue:
    """What there is now in some schemas."""
    found = Catalogue()
    for schema, name, _, comment in session.rows(TABLES, [schemas]):
        found.tables[schema, name] = Table(schema, name, comment or "")
    for schema, table, name, kind, required, default, fixed, counted in session.rows(COLUMNS, [schemas]):
        column = Column(name, kind, required, None if fixed else default, fixed, counted)
        found.tables[schema, table].columns[name] = column
    for schema, table, name, kind, there, target, own, other in session.rows(KEYS, [schemas]):
        if kind == "p":
            found.tables[schema, table].key = tuple(own)
        elif there == schema:
            found.relations[schema].append(Relation(name, table, tuple(own), target, tuple(other)))
    for schema, name, names, defaults, types, many, volatile, returns, rows in session.rows(
        FUNCTIONS, [schemas]
    ):
        function = Function(name, tuple(names), tuple(types), defaults, many, volatile == "v", returns, rows)
        found.functions[schema, name].append(function)
    return found
