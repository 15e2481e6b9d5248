"""
The language of PostgREST's URLs, read into trees: what to select, filters, groups of them, orders.

Written from its documentation (docs.postgrest.org, "Tables and Views") and independent of the connector, so
that what one writes wrongly the other does not read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from masterops.sandbox.supabase.problems import rest

OPERATORS = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "LIKE",
    "ilike": "ILIKE",
    "match": "~",
    "imatch": "~*",
    "cs": "@>",
    "cd": "<@",
    "ov": "&&",
    "sl": "<<",
    "sr": ">>",
    "nxr": "&<",
    "nxl": "&>",
    "adj": "-|-",
    "isdistinct": "IS DISTINCT FROM",
    "in": "in",
    "is": "is",
    "fts": "to_tsquery",
    "plfts": "plainto_tsquery",
    "phfts": "phraseto_tsquery",
    "wfts": "websearch_to_tsquery",
}
QUANTIFIED = frozenset({"eq", "like", "ilike", "gt", "gte", "lt", "lte", "match", "imatch"})
SEARCHES = frozenset({"fts", "plfts", "phfts", "wfts"})
IS = frozenset({"null", "not_null", "true", "false", "unknown"})
GROUPS = frozenset({"and", "or"})
AGGREGATES = frozenset({"avg", "count", "max", "min", "sum"})
SPECIAL = frozenset({"select", "order", "limit", "offset", "columns", "on_conflict"})


@dataclass(frozen=True)
class Field:
    """
    A column, and the way inside it where it holds JSON.
    """

    name: str
    path: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Filter:
    """
    One test of one column.
    """

    field: Field
    operator: str
    value: str | tuple[str, ...]
    negated: bool = False
    quantifier: str = ""
    config: str = ""


@dataclass(frozen=True)
class Group:
    """
    Tests of which all or any must hold.
    """

    word: str
    members: tuple[Filter | Group, ...]
    negated: bool = False


@dataclass(frozen=True)
class Item:
    """
    One selected column.
    """

    field: Field
    alias: str = ""
    cast: str = ""


@dataclass(frozen=True)
class Order:
    """
    One column of an order.
    """

    field: Field
    direction: str = ""
    nulls: str = ""


@dataclass
class Node:
    """
    What is asked of one table, and of those embedded in it.
    """

    name: str = ""
    alias: str = ""
    hint: str = ""
    inner: bool = False
    items: list[Item] = field(default_factory=list)
    embedded: list[Node] = field(default_factory=list)
    tests: list[Filter | Group] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0


class Scanner:
    """
    A text, and how far it was read.
    """

    def __init__(self, text: str, about: str) -> None:
        self.text, self.at, self.about = text, 0, about

    def peek(self, word: str = "") -> bool | str:
        """Whether a word comes next; without one, the next letter."""
        return self.text.startswith(word, self.at) if word else self.text[self.at : self.at + 1]

    def take(self, word: str) -> bool:
        """Read a word, if it comes next."""
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def expect(self, word: str) -> None:
        """Read a word, which must come next. Raises Refusal."""
        if not self.take(word):
            raise self.wrong(f'expecting "{word}"')

    def name(self, extra: str = "") -> str:
        """Read a name, quoted or plain. Raises Refusal."""
        if self.take('"'):
            return self.quoted()
        start = self.at
        while self.at < len(self.text) and (self.letter().isalnum() or self.letter() in f"_ $*{extra}"):
            self.at += 1
        if start == self.at:
            raise self.wrong("expecting field name")
        return self.text[start : self.at].strip()

    def quoted(self) -> str:
        """The rest of a quoted word. Raises Refusal."""
        found = ""
        while self.at < len(self.text):
            letter = self.letter()
            self.at += 1
            if letter == '"':
                return found
            if letter == "\\":
                letter = self.letter()
                self.at += 1
            found += letter
        raise self.wrong("unexpected end of input")

    def until(self, ends: str) -> str:
        """Everything up to one of these letters."""
        start = self.at
        while self.at < len(self.text) and self.letter() not in ends:
            self.at += 1
        return self.text[start : self.at]

    def letter(self) -> str:
        """The next letter."""
        return self.text[self.at : self.at + 1]

    def done(self) -> bool:
        """Whether all was read."""
        return self.at >= len(self.text)

    def wrong(self, why: str) -> Exception:
        """The refusal of what cannot be read."""
        message = f'"failed to parse {self.about} ({self.text})" (line 1, column {self.at + 1})'
        return rest(400, "PGRST100", message, f"unexpected {self.letter() or 'end of input'!r} {why}")


def parsed(query: str, table: str) -> tuple[Node, dict[str, str]]:
    """The tree of a query, and its parameters `columns` and `on_conflict`. Raises Refusal."""
    given = parse_qsl(query, keep_blank_values=True)
    root = Node(table)
    plain = {name: value for name, value in given if name in SPECIAL}
    _select(root, plain.get("select", "*"))
    for name, value in given:
        if name not in ("select", "columns", "on_conflict"):
            _applied(root, name, value)
    return root, plain


def _applied(root: Node, name: str, value: str) -> None:
    """One parameter, put where it belongs: at the table or at one embedded in it."""
    way, last = _way(name)
    negated = False
    if way and way[-1] == "not" and last in GROUPS:
        way, negated = way[:-1], True
    node = root
    for step in way:
        found = [each for each in node.embedded if step in (each.alias or each.name, each.name)]
        if not found:
            message = f"'{step}' is not an embedded resource in this request"
            hint = f"Verify that '{step}' is included in the 'select' query parameter."
            raise rest(400, "PGRST108", message, None, hint)
        node = found[0]
    if last == "order":
        node.orders = _orders(value)
    elif last in ("limit", "offset"):
        _ranged(node, last, value)
    elif last in GROUPS:
        scanner = Scanner(value, "logic tree")
        node.tests.append(_members(scanner, last, negated))
    else:
        node.tests.append(_filter(_field(Scanner(last, "tree path")), value))


def _ranged(node: Node, word: str, value: str) -> None:
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
    if number < 0:
        raise rest(400, "PGRST100", f'"failed to parse {word} ({value})" (line 1, column 1)')
    if word == "limit":
        node.limit = number
    else:
        node.offset = number


def _way(name: str) -> tuple[list[str], str]:
    """The tables that lead to a parameter, and its own name, JSON path and all."""
    steps: list[str] = []
    word, inside = "", False
    for place, letter in enumerate(name):
        inside ^= letter == '"'
        if name.startswith("->", place) and not inside:
            return steps, word + name[place:]
        if letter == "." and not inside:
            steps.append(word.strip('"'))
            word = ""
        else:
            word += letter
    return steps, word


def _field(scanner: Scanner) -> Field:
    name, path = scanner.name(), []
    while scanner.take("->"):
        arrow = "->>" if scanner.take(">") else "->"
        path.append((arrow, scanner.name("-")))
    return Field(name, tuple(path))


def _filter(field: Field, text: str) -> Filter:
    """A test as it stands alone: its value is the rest of the text, whatever is in it."""
    scanner = Scanner(text, "filter")
    negated, operator, quantifier, config = _operator(scanner)
    if operator == "in":
        value: str | tuple[str, ...] = _list(scanner)
    else:
        value = scanner.text[scanner.at :]
    return _checked(Filter(field, operator, value, negated, quantifier, config), scanner)


def _checked(found: Filter, scanner: Scanner) -> Filter:
    if found.operator == "is" and str(found.value).lower() not in IS:
        raise scanner.wrong("expecting isVal: (null, not_null, true, false, unknown)")
    return found


def _operator(scanner: Scanner) -> tuple[bool, str, str, str]:
    negated = scanner.take("not.")
    word, quantifier, config = scanner.until(".("), "", ""
    if word not in OPERATORS:
        raise scanner.wrong("expecting operator (eq, gt, ...)")
    if scanner.take("("):
        inside = scanner.until(")")
        scanner.expect(")")
        if word in QUANTIFIED and inside in ("any", "all"):
            quantifier = inside
        elif word in SEARCHES:
            config = inside
        else:
            raise scanner.wrong("expecting operator (eq, gt, ...)")
    scanner.expect(".")
    return bool(negated), word, quantifier, config


def _list(scanner: Scanner) -> tuple[str, ...]:
    scanner.expect("(")
    found = []
    while True:
        found.append(scanner.quoted() if scanner.take('"') else scanner.until(",)"))
        if scanner.take(")"):
            return tuple(found)
        scanner.expect(",")


def _members(scanner: Scanner, word: str, negated: bool) -> Group:
    """`(a.eq.1,or(b.gt.2,c.is.null))`."""
    scanner.expect("(")
    found: list[Filter | Group] = []
    while True:
        found.append(_member(scanner))
        if scanner.take(")"):
            return Group(word, tuple(found), negated)
        scanner.expect(",")


def _member(scanner: Scanner) -> Filter | Group:
    for prefix, negated in (("not.", True), ("", False)):
        for word in GROUPS:
            if scanner.take(f"{prefix}{word}("):
                scanner.at -= 1
                return _members(scanner, word, negated)
    field = _field(scanner)
    scanner.expect(".")
    negated, operator, quantifier, config = _operator(scanner)
    if operator == "in":
        value: str | tuple[str, ...] = _list(scanner)
    elif scanner.take('"'):
        value = scanner.quoted()
    elif scanner.take("{"):
        value = "{" + scanner.until("}") + "}"
        scanner.expect("}")
    else:
        value = scanner.until(",)")
    return _checked(Filter(field, operator, value, negated, quantifier, config), scanner)


def _orders(text: str) -> list[Order]:
    scanner, found = Scanner(text, "order"), []
    while True:
        field = _field(scanner)
        words = {"asc": "", "desc": "", "nullsfirst": "", "nullslast": ""}
        said = []
        while scanner.take("."):
            word = scanner.until(".,")
            if word not in words:
                raise scanner.wrong('expecting "asc", "desc", "nullsfirst" or "nullslast"')
            said.append(word)
        direction = next((word.upper() for word in said if word in ("asc", "desc")), "")
        nulls = next((f"NULLS {word[5:].upper()}" for word in said if word.startswith("nulls")), "")
        found.append(Order(field, direction, nulls))
        if scanner.done():
            return found
        scanner.expect(",")


def _select(node: Node, text: str) -> None:
    scanner = Scanner(text, "select parameter")
    if not text:
        return
    _items(scanner, node)
    if not scanner.done():
        raise scanner.wrong("expecting end of input")


def _items(scanner: Scanner, node: Node) -> None:
    while True:
        _item(scanner, node)
        if not scanner.take(","):
            return


def _item(scanner: Scanner, node: Node) -> None:
    field, alias = _field(scanner), ""
    if scanner.peek(":") and not scanner.peek("::"):
        scanner.expect(":")
        alias, field = field.name, _field(scanner)
    hint, inner = "", False
    while scanner.take("!"):
        word = scanner.name()
        inner, hint = (True, hint) if word == "inner" else (inner, "" if word == "left" else word)
    if field.name == "count" and scanner.take("()"):
        raise _no_aggregates()
    if scanner.take("("):
        below = Node(field.name, alias, hint, inner)
        if not scanner.peek(")"):
            _items(scanner, below)
        scanner.expect(")")
        node.embedded.append(below)
        return
    if scanner.take("."):
        if scanner.name() in AGGREGATES:
            raise _no_aggregates()
        raise scanner.wrong('expecting "avg", "count", "max", "min" or "sum"')
    cast = scanner.name() if scanner.take("::") else ""
    node.items.append(Item(field, alias, cast))


def _no_aggregates() -> Exception:
    """They are off unless somebody has switched `db-aggregates-enabled` on, which no project begins with."""
    return rest(400, "PGRST123", "Use of aggregate functions is not allowed")
