"""
What a check expects, as data: a field of what it found, an operator and a value. Pure.

    {field = "status", op = "=", value = 200}
    {field = "json.queue.waiting", op = "<", value = 100, else = "degraded"}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

NUMBER, TEXT, TEXTS, ANY = "a number", "a text", "a list of texts", "anything"
MISSING = object()
LONGEST_QUOTE = 60

# The fields of each kind of check; one that ends in a point goes on with a name or a path.
FIELDS: dict[str, dict[str, str]] = {
    "http": {
        "status": NUMBER,
        "latency_ms": NUMBER,
        "body": TEXT,
        "size_bytes": NUMBER,
        "certificate_days": NUMBER,
        "redirects": NUMBER,
        "header.": TEXT,
        "json.": ANY,
    },
    "tcp": {"latency_ms": NUMBER},
    "dns": {"answers": TEXTS, "count": NUMBER, "latency_ms": NUMBER},
    "tls": {"certificate_days": NUMBER, "issuer": TEXT, "latency_ms": NUMBER},
    "domain": {"domain_days": NUMBER, "latency_ms": NUMBER},
    "sql": {"value": ANY, "rows": NUMBER, "latency_ms": NUMBER},
}
ORDER = ("<", "<=", ">", ">=")
WORDS = ("contains", "not contains", "matches", "not matches")
# Which operators make sense for what.
OPERATORS: dict[str, tuple[str, ...]] = {
    NUMBER: ("=", "!=", *ORDER, "in"),
    TEXT: ("=", "!=", *WORDS, "in"),
    TEXTS: ("=", "contains", "not contains"),
    ANY: ("=", "!=", *ORDER, *WORDS, "in", "exists"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """
    One expectation. Where it does not hold the check is `otherwise`.
    """

    field: str
    op: str
    value: object
    otherwise: Literal["down", "degraded"] = "down"

    def __str__(self) -> str:
        return f"{self.field} {self.op} {_quoted(self.value)}"


def kind_of(field: str, fields: Mapping[str, str]) -> str | None:
    """What a field holds; None for one that is not there."""
    if field in fields and not field.endswith("."):
        return fields[field]
    for name, kind in fields.items():
        if name.endswith(".") and field.startswith(name) and len(field) > len(name):
            return kind
    return None


def value_flaw(kind: str, op: str, value: object) -> tuple[str, object] | None:
    """What the value must be and is not; None when it fits."""
    if op in ("matches", "not matches"):
        return None if _compiles(value) else ("a regular expression", value)
    if op in ("contains", "not contains"):
        return None if isinstance(value, str) else ("a text", value)
    if op == "exists":
        return None if isinstance(value, bool) else ("true or false", value)
    if op == "in":
        listed = isinstance(value, list) and value and all(_fits(each, kind) for each in value)
        return None if listed else (f"a list of which each is {kind}", value)
    if op in ORDER:
        return None if _fits(value, NUMBER) else (NUMBER, value)
    return None if _fits(value, kind) else (kind, value)


def failed(conditions: Sequence[Condition], found: Mapping[str, Any]) -> Condition | None:
    """The condition that does not hold: the first whose `otherwise` is down, else the first of all."""
    broken = [each for each in conditions if not holds(each, found)]
    return next((each for each in broken if each.otherwise == "down"), broken[0] if broken else None)


def holds(condition: Condition, found: Mapping[str, Any]) -> bool:
    """Whether what was found is as expected; of what was not found only `exists = false` is true."""
    value = look_up(found, condition.field)
    if condition.op == "exists":
        return (value is not MISSING) is condition.value
    return value is not MISSING and TESTS[condition.op](value, condition.value)


def told(condition: Condition, found: Mapping[str, Any]) -> str:
    """`expected status = 200, found 503`."""
    value = look_up(found, condition.field)
    if condition.field == "body":  # a page may say what a log should not
        return f"expected {condition}, found {len(str(value)):,} characters of something else"
    was = "found nothing there" if value is MISSING else f"found {_quoted(value)}"
    return f"expected {condition}, {was}"


def look_up(found: Mapping[str, Any], field: str) -> Any:
    """The value of a field: `json.a.0.b` goes into the document, `header.name` does not mind capitals."""
    name, point, rest = field.partition(".")
    if not point:
        return found.get(name, MISSING)
    inside = found.get(name, MISSING)
    if name == "header" and isinstance(inside, Mapping):
        return inside.get(rest.lower(), MISSING)
    for step in rest.split("."):
        inside = _step(inside, step)
    return inside


def _step(inside: Any, step: str) -> Any:
    if isinstance(inside, Mapping):
        return inside.get(step, MISSING)
    if isinstance(inside, list) and step.isdigit() and int(step) < len(inside):
        return inside[int(step)]
    return MISSING


def _equal(found: Any, value: Any) -> bool:
    if isinstance(found, list) and isinstance(value, list):
        return sorted(map(str, found)) == sorted(map(str, value))
    # JSON's true is no 1, and 1.0 is 1.
    return bool(found == value) and isinstance(found, bool) == isinstance(value, bool)


def _contains(found: Any, value: Any) -> bool:
    return value in found if isinstance(found, list) else value in str(found)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, value: _fits(found, NUMBER) and compare(found, value)


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda found, value: not _equal(found, value),
    "<": _ordered(lambda found, value: found < value),
    "<=": _ordered(lambda found, value: found <= value),
    ">": _ordered(lambda found, value: found > value),
    ">=": _ordered(lambda found, value: found >= value),
    "contains": _contains,
    "not contains": lambda found, value: not _contains(found, value),
    "matches": lambda found, value: re.search(value, str(found)) is not None,
    "not matches": lambda found, value: re.search(value, str(found)) is None,
    "in": lambda found, value: any(_equal(found, each) for each in value),
}


def _fits(value: object, kind: str) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == NUMBER:
        return number and value == value  # NaN is none
    if kind == TEXT:
        return isinstance(value, str)
    if kind == TEXTS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return number or isinstance(value, (str, bool))


def _compiles(value: object) -> bool:
    try:
        re.compile(value if isinstance(value, str) else "(")
    except re.error:
        return False
    return True


def _quoted(value: object) -> str:
    text = (
        repr(value)
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
