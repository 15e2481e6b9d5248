"""
Searching CRM objects: filters as values, the request body, and reading past the 10,000th result.

HubSpot's limits (developers.hubspot.com, "Search the CRM"): 200 a page, 10,000 results a query, five
groups of six filters and 18 filters in all, one sort, 3,000 characters of body, five calls a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from masterops import errors

Operator = Literal[
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
]
Value = str | int | float | bool | datetime

PAGE = 200
MOST_RESULTS = 10_000
MOST_GROUPS, MOST_FILTERS, MOST_FILTERS_IN_ALL = 5, 6, 18


class Filter(msgspec.Struct, frozen=True):
    """
    One condition: `Filter("email", "EQ", "a@example.com")`, `Filter("amount", "BETWEEN", 1, high=9)`,
    `Filter("lifecyclestage", "IN", values=("lead", "customer"))`.
    """

    property: str
    operator: Operator
    value: Value | None = None
    high: Value | None = None
    values: tuple[Value, ...] = ()


class Sort(msgspec.Struct, frozen=True):
    """
    The order of the results; HubSpot takes one.
    """

    property: str
    descending: bool = False


def wire_value(value: Value) -> str:
    """A value as HubSpot wants it: a string; moments as milliseconds since 1970, booleans in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(int(value.timestamp() * 1000))
    return str(value)


def body(
    groups: Sequence[Sequence[Filter]],
    *,
    query: str | None,
    sort: Sort | None,
    properties: Sequence[str],
    limit: int,
    after: str | None,
) -> dict[str, Any]:
    """The request's body; groups are alternatives (OR), the filters in one all hold (AND)."""
    check(groups)
    wanted: dict[str, Any] = {
        "filterGroups": [{"filters": [_filter(each) for each in group]} for group in groups if group],
        "properties": list(properties),
        "limit": limit,
    }
    if query:
        wanted["query"] = query
    if sort:
        direction = "DESCENDING" if sort.descending else "ASCENDING"
        wanted["sorts"] = [{"propertyName": sort.property, "direction": direction}]
    if after:
        wanted["after"] = after
    return wanted


def conditions(filters: Sequence[Filter]) -> list[dict[str, Any]]:
    """Filters that all hold, as a request has them."""
    return [_filter(each) for each in filters]


def _filter(condition: Filter) -> dict[str, Any]:
    wire: dict[str, Any] = {"propertyName": condition.property, "operator": condition.operator}
    if condition.value is not None:
        wire["value"] = wire_value(condition.value)
    if condition.high is not None:
        wire["highValue"] = wire_value(condition.high)
    if condition.values:
        wire["values"] = _spellings(condition.values)
    return wire


def _spellings(values: Sequence[Value]) -> list[str]:
    """
    Each value as given and in lower case. HubSpot keeps text in lower case and does not lower what IN and
    NOT_IN compare it with; the values of an enumeration it keeps as they are. Which of the two a property
    is, a filter does not say.
    """
    given = [wire_value(value) for value in values]
    return list(dict.fromkeys(spelling for text in given for spelling in (text, text.lower())))


def check(groups: Sequence[Sequence[Filter]], *, paged: bool = False) -> None:
    """
    Raise BadValue for more than HubSpot takes. `paged` says that each group needs one filter more, to ask
    for what comes after the last id.
    """
    counts = [len(group) + paged for group in groups]
    if (
        len(counts) > MOST_GROUPS
        or max(counts, default=0) > MOST_FILTERS
        or sum(counts) > MOST_FILTERS_IN_ALL
    ):
        most = f"at most {MOST_GROUPS} groups of {MOST_FILTERS - paged} filters, {MOST_FILTERS_IN_ALL} in all"
        one = (
            f": the next page takes one more of each group, unless `sort` or a `limit` up to {PAGE} is given"
        )
        raise errors.BadValue(
            value=f"{len(counts)} groups, {sum(map(len, groups))} filters",
            kind="HubSpot search",
            reason=most + one if paged else most,
            hint="Ask for less at once, and sort out the rest when the records are here.",
        )
