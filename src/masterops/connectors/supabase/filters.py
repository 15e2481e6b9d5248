"""
Filters of rows, as PostgREST reads them: `column("total").gte(5) & ~column("status").eq("draft")`.

A value travels as it is. Alone in the query it needs no quotes; inside `and=(...)`, `or=(...)` and `in.(...)`
commas, dots and parentheses have a meaning, so that there it stands in quotes.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from masterops import errors
from masterops.connectors.supabase import exact

# What PostgREST reads from the query itself: a column of such a name can only be asked for inside a group.
RESERVED = frozenset({"select", "order", "limit", "offset", "columns", "on_conflict", "and", "or"})

_PLAIN = re.compile(r"[A-Za-z0-9_]+")
# A name, a way into a json column, or a column of what is embedded: `data->>size`, `lines.sku`.
_WRITTEN = re.compile(
    r'(?:"(?:[^"\\]|\\.)*"|[A-Za-z0-9_$ ]+)(?:(?:\.|->>?)(?:"(?:[^"\\]|\\.)*"|[A-Za-z0-9_$ -]+))*'
)

Is = Literal["null", "not_null", "true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Quantified:
    """
    Several values of which any, or all, must fit.
    """

    word: Literal["any", "all"]
    values: tuple[Any, ...]


def any_of(*values: Any) -> Quantified:
    """Any of these: `column("name").like(any_of("A*", "B*"))`."""
    return Quantified("any", values)


def all_of(*values: Any) -> Quantified:
    """Every one of these."""
    return Quantified("all", values)


class Condition(ABC):
    """
    What a row must fulfil. `&`, `|` and `~` make others of it.
    """

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        return Group("and", (self, other))

    def __or__(self, other: Condition) -> Condition:
        return Group("or", (self, other))

    @abstractmethod
    def __invert__(self) -> Condition:
        """What holds where this one does not."""


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """
    One column, one operator and what it is compared with, as it stands in the query. `quoted` says that the
    value is in a form of its own and takes no quotes in a group.
    """

    column: str
    operator: str
    value: str
    negated: bool = False
    quoted: bool = False

    def __invert__(self) -> Condition:
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class Group(Condition):
    """
    Conditions of which all (`and`) or any (`or`) must hold.
    """

    word: Literal["and", "or"]
    members: tuple[Condition, ...]
    negated: bool = False

    def __invert__(self) -> Condition:
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column, and the operators that there are.
    """

    name: str

    def eq(self, value: Any) -> Condition:
        """Equal. Nothing is equal to None: `is_(None)`."""
        return self._compared("eq", value)

    def neq(self, value: Any) -> Condition:
        """Not equal; a row without a value is not found either."""
        return Comparison(self.name, "neq", text(value))

    def gt(self, value: Any) -> Condition:
        """Greater."""
        return self._compared("gt", value)

    def gte(self, value: Any) -> Condition:
        """Greater or equal."""
        return self._compared("gte", value)

    def lt(self, value: Any) -> Condition:
        """Less."""
        return self._compared("lt", value)

    def lte(self, value: Any) -> Condition:
        """Less or equal."""
        return self._compared("lte", value)

    def like(self, pattern: str | Quantified) -> Condition:
        """A pattern with `*` or `%` for any letters; a `*` that means itself cannot be asked for."""
        return self._compared("like", pattern)

    def ilike(self, pattern: str | Quantified) -> Condition:
        """The same in any case."""
        return self._compared("ilike", pattern)

    def match(self, pattern: str | Quantified) -> Condition:
        """A regular expression of PostgreSQL."""
        return self._compared("match", pattern)

    def imatch(self, pattern: str | Quantified) -> Condition:
        """The same in any case."""
        return self._compared("imatch", pattern)

    def in_(self, values: Sequence[Any]) -> Condition:
        """One of these; none of an empty list."""
        texts = [text(value) for value in values]
        if texts == [""]:  # PostgREST takes ("") for an empty list
            return Comparison(self.name, "eq", "")
        return Comparison(self.name, "in", f"({','.join(map(_quoted, texts))})", quoted=True)

    def is_(self, value: bool | Is | None) -> Condition:
        """Null, not_null, true, false or unknown; None is null."""
        word = {None: "null", True: "true", False: "false"}.get(value, value)  # type: ignore[arg-type]  # words too
        return Comparison(self.name, "is", str(word), quoted=True)

    def is_distinct(self, value: Any) -> Condition:
        """Not equal, where having no value is a value too."""
        return Comparison(self.name, "isdistinct", text(value))

    def contains(self, value: Any) -> Condition:
        """An array, range or json that contains this one. For json give a dict, or JSON as text."""
        return Comparison(self.name, "cs", text(value))

    def contained_by(self, value: Any) -> Condition:
        """The other way round."""
        return Comparison(self.name, "cd", text(value))

    def overlaps(self, value: Any) -> Condition:
        """An array or range with something in common."""
        return Comparison(self.name, "ov", text(value))

    def range(self, operator: Literal["sl", "sr", "nxl", "nxr", "adj"], value: str) -> Condition:
        """A range left of this one, right of it, not beyond its right or left end, or next to it."""
        return Comparison(self.name, operator, value)

    def search(
        self, words: str, *, kind: Literal["fts", "plfts", "phfts", "wfts"] = "plfts", config: str = ""
    ) -> Condition:
        """Full text search; `config` is a language such as `english`."""
        return Comparison(self.name, f"{kind}({config})" if config else kind, words)

    def _compared(self, operator: str, value: Any) -> Condition:
        if isinstance(value, Quantified):
            return Comparison(self.name, f"{operator}({value.word})", array(value.values))
        return Comparison(self.name, operator, text(value))


def column(name: str) -> Column:
    """
    A column by its name. `data->>size` is inside a json column, `lines.sku` a column of an embedded table; a
    name with other characters than letters, digits, `_`, `$` and spaces is quoted.
    """
    return Column(name if _WRITTEN.fullmatch(name) else f'"{_escaped(name)}"')


def query_of(conditions: Sequence[Condition]) -> dict[str, str]:
    """The part of a query that all these conditions are. Raises BadValue for what cannot be asked."""
    found: dict[str, str] = {}
    grouped: dict[str, list[str]] = {}
    for each in conditions:
        if isinstance(each, Comparison) and each.column not in found and not _reserved(each.column):
            found[each.column] = _not(each) + f"{each.operator}.{each.value}"
            continue
        where, inner = _embedded(each)
        grouped.setdefault(where, []).append(in_group(inner))
    return found | {f"{where}and": f"({','.join(texts)})" for where, texts in grouped.items()}


def in_group(condition: Condition) -> str:
    """A condition as it stands inside `and=(...)`."""
    if isinstance(condition, Group):
        members = ",".join(map(in_group, condition.members))
        return f"{'not.' if condition.negated else ''}{condition.word}({members})"
    assert isinstance(condition, Comparison)
    if _parts(condition.column)[0]:
        reason = "a column of what is embedded cannot stand in a group with others."
        raise errors.BadValue(value=condition.column, kind="filter", reason=reason)
    value = condition.value if condition.quoted else _quoted(condition.value)
    return f"{condition.column}.{_not(condition)}{condition.operator}.{value}"


def text(value: Any) -> str:
    """A value as PostgREST reads it. Raises BadValue for None, and for what has no text."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return text(value.value)
        case str():
            return value
        case int() | float() | Decimal() | UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return f"\\x{value.hex()}"
        case Mapping():
            return exact.text_of(value)
        case list() | tuple() | set() | frozenset():
            return array(tuple(value))
        case None:
            reason = "nothing is equal to null."
            hint = "Ask for it with `is_(None)`."
            raise errors.BadValue(value=value, kind="value of a filter", reason=reason, hint=hint)
    raise errors.BadValue(value=type(value).__name__, kind="value of a filter", reason="it has no text.")


def array(values: Sequence[Any]) -> str:
    """An array as PostgreSQL writes it: `{"a","b",NULL}`."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return array(value)
    return f'"{_escaped(text(value))}"'


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value.lower() != "null" else f'"{_escaped(value)}"'


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _not(test: Comparison) -> str:
    return "not." if test.negated else ""


def _reserved(name: str) -> bool:
    return name in RESERVED


def _parts(name: str) -> tuple[str, str]:
    """The table that is embedded, with its dot, and the column; `"` keeps a dot inside a name."""
    head, last, inside = "", 0, False
    for place, letter in enumerate(name):
        if letter == '"':
            inside = not inside
        if letter == "-" and name[place : place + 2] == "->" and not inside:
            break
        if letter == "." and not inside:
            head, last = name[: place + 1], place + 1
    return head, name[last:]


def _embedded(condition: Condition) -> tuple[str, Condition]:
    """Where a condition's group must stand, and the condition as it stands there."""
    if isinstance(condition, Comparison):
        head, name = _parts(condition.column)
        return head, replace(condition, column=name)
    return "", condition
