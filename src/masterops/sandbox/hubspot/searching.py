"""
Search: which records match, and in what order.

Pure: filters and the query become one test of a record's properties. What HubSpot's index does with text
is followed: it keeps strings in lower case, EQ lowers its value too, but IN and NOT_IN do not, so a value
with a capital never matches there. A record without the property matches no operator but
NOT_HAS_PROPERTY, the negative ones included.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import msgspec

from masterops.sandbox.hubspot import problems, values
from masterops.sandbox.hubspot.properties import Property
from masterops.sandbox.hubspot.records import Record

Key = str | Decimal | int  # within one property always the same of these
Test = Callable[[Mapping[str, str]], bool]

TOKENS = re.compile(r"[^\W_]+")
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}
OPERATORS = (
    *COMPARED,
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
)


class Filter(msgspec.Struct, frozen=True, rename="camel"):
    """
    One condition on one property.
    """

    property_name: str
    operator: str
    value: str | int | float | bool | None = None
    high_value: str | int | float | None = None
    values: list[str | int | float] | None = None


class Sort(msgspec.Struct, frozen=True, rename="camel"):
    """
    The order of the results.
    """

    property_name: str
    direction: str = "ASCENDING"


def matcher(
    groups: Sequence[Sequence[Filter]], query: str | None, definitions: Mapping[str, Property],
    searched: Sequence[str],
) -> Test:  # fmt: skip
    """The test for "all filters of at least one group hold, and so does the query". Raises Refusal."""
    tests = [[_test(each, definitions) for each in group] for group in groups]
    words = (query or "").lower().split()

    def matches(properties: Mapping[str, str]) -> bool:
        if words and not _has_words(properties, words, searched):
            return False
        return not tests or any(all(test(properties) for test in group) for group in tests)

    return matches


def ordered(records: list[Record], sort: Sort | None, definitions: Mapping[str, Property]) -> list[Record]:
    """The records in the order asked for; ties, and no order, go by id; no value goes last."""
    if sort is None:
        return records
    definition = _definition(sort.property_name, definitions)
    name = definition.name
    keyed = [
        (key_of(definition, text), record) for record in records if (text := record.properties.get(name))
    ]
    have = [(key, record) for key, record in keyed if key is not None]
    have.sort(key=lambda pair: pair[0], reverse=sort.direction.upper() == "DESCENDING")
    placed = [record for _, record in have]
    if len(placed) == len(records):
        return placed
    ids = {record.id for record in placed}
    return placed + [record for record in records if record.id not in ids]


def key_of(definition: Property, text: str) -> Key | None:
    """A value in a form that compares as HubSpot compares it; None when it does not fit the type."""
    if definition.type in ("number", "date", "datetime"):
        return _read(definition.type, text)
    return text if definition.type == "enumeration" else text.lower()


@lru_cache(maxsize=200_000)
def _read(type: str, text: str) -> Key | None:
    """Kept, because a search reads the same values of all records again for each of its pages."""
    if type == "number":
        return values.number(text)
    at = values.moment(text)
    return None if at is None else (at - values.EPOCH) // timedelta(milliseconds=1)


def _test(filter: Filter, definitions: Mapping[str, Property]) -> Test:
    definition = _definition(filter.property_name, definitions)
    name, asked = definition.name, filter.operator
    if asked in COMPARED:
        return _compared(definition, COMPARED[asked], _key(definition, filter.value, filter))
    if asked == "BETWEEN":
        from_low = _compared(definition, operator.ge, _key(definition, filter.value, filter))
        to_high = _compared(definition, operator.le, _key(definition, filter.high_value, filter))
        return lambda properties: from_low(properties) and to_high(properties)
    if asked in ("IN", "NOT_IN"):
        return _listed(definition, filter)
    if asked == "HAS_PROPERTY":
        return lambda properties: bool(properties.get(name))
    if asked == "NOT_HAS_PROPERTY":
        return lambda properties: not properties.get(name)
    if asked in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        pattern = _text(filter.value, filter).lower()
        return _present(name, lambda text: has_token(text, pattern) == (asked == "CONTAINS_TOKEN"))
    known = ", ".join(OPERATORS)
    raise problems.invalid(f"{asked!r} is not one of the operators {known}.", operator=asked)


def _compared(definition: Property, compare: Callable[[Any, Any], bool], want: Key) -> Test:
    def holds(text: str) -> bool:
        have = key_of(definition, text)
        return have is not None and compare(have, want)

    return _present(definition.name, holds)


def _present(name: str, test: Callable[[str], bool]) -> Test:
    def holds(properties: Mapping[str, str]) -> bool:
        text = properties.get(name)
        return bool(text) and test(str(text))

    return holds


def _listed(definition: Property, filter: Filter) -> Test:
    if not filter.values:
        raise problems.invalid(f"Operator {filter.operator} needs values.", propertyName=definition.name)
    texts = [_text(value, filter) for value in filter.values]
    typed = definition.type in ("number", "date", "datetime")
    wanted = {_key(definition, text, filter) for text in texts} if typed else set(texts)
    inside = filter.operator == "IN"
    return _present(definition.name, lambda text: (key_of(definition, text) in wanted) == inside)


def has_token(text: str, pattern: str) -> bool:
    """Whether `text` has the words of `pattern` (in lower case), which may hold `*`."""
    lowered = text.lower()
    words = TOKENS.findall(lowered)
    if "*" in pattern:
        # Without the brackets and question marks that fnmatch would take for its own.
        safe = re.sub(r"([\[\]?])", r"[\1]", pattern)
        return fnmatchcase(lowered, safe) or any(fnmatchcase(word, safe) for word in words)
    wanted = TOKENS.findall(pattern)
    return pattern == lowered or (bool(wanted) and set(wanted) <= set(words))


def _has_words(properties: Mapping[str, str], words: Sequence[str], searched: Sequence[str]) -> bool:
    text = " ".join(properties.get(name, "") for name in searched).lower()
    return all(word in text for word in words)


def _definition(name: str, definitions: Mapping[str, Property]) -> Property:
    definition = definitions.get(name.lower())
    if definition is None or definition.archived:
        raise problems.invalid(f"Property {name!r} does not exist", propertyName=name)
    return definition


def _key(definition: Property, value: object, filter: Filter) -> Key:
    text = _text(value, filter)
    key = key_of(definition, text)
    if key is None:
        message = f"{text!r} is not a valid {definition.type} for property {definition.name!r}."
        raise problems.invalid(message, propertyName=definition.name)
    return key


def _text(value: object, filter: Filter) -> str:
    if value is None or value == "":
        message = f"Operator {filter.operator} on property {filter.property_name!r} needs a value."
        raise problems.invalid(message, propertyName=filter.property_name)
    return values.plain(value) or ""
