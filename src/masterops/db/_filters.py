"""
Reading filters like `level=error` or `duration_ms>500`.

Pure: nothing here knows the tables; names and types are checked against the database later.

| filter        | keeps the rows whose column ...                       |
| ------------- | ----------------------------------------------------- |
| `col=value`   | equals the value                                      |
| `col!=value`  | differs from it, rows without a value included        |
| `col>value`   | is greater; also `>=`, `<`, `<=`                      |
| `col~text`    | contains the text, whether in upper or lower case     |
| `col=null`    | has no value                                          |
| `col!=null`   | has one                                               |

Space around column, operator and value is dropped. A value that begins with one of `= ! < > ~` needs a
space before it: `message= <html>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from masterops.core.spelling import unknown
from masterops.errors import BadValue


class Operator(StrEnum):
    """How a column is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    CONTAINS = "~"


FILTER = re.compile(r"([^=!<>~]*)([=!<>~]+)(.*)", re.DOTALL)
NOTHING = "null"


@dataclass(frozen=True, slots=True)
class Filter:
    """
    One condition; a value of None stands for "no value".
    """

    column: str
    operator: Operator
    value: str | None


def parse(text: str) -> Filter:
    """The filter that `text` says."""
    match = FILTER.fullmatch(legible("filter", text))
    operators = [str(operator) for operator in Operator]
    if match is None or not match[1].strip():
        raise BadValue(
            kind="filter",
            value=text,
            reason="a column, an operator and a value are wanted, like level=error",
            hint=f"Operators: {' '.join(operators)}. Quote the whole filter: the shell reads < and > itself.",
        )
    column, sign, value = match[1].strip(), match[2], match[3].strip()
    if sign not in operators:
        raise unknown("operator", sign, operators)
    operator = Operator(sign)
    if value.lower() == NOTHING and operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        return Filter(column, operator, None)
    return Filter(column, operator, value)


def legible(kind: str, text: str) -> str:
    """The text, if PostgreSQL can hold it: no zero characters, no halves of a character."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadValue(kind=kind, value=text, reason="it holds a character that PostgreSQL cannot store")
    return text
