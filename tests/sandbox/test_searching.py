"""
Which records a search matches, decided without HTTP.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from masterops.sandbox.hubspot import definitions, searching
from masterops.sandbox.hubspot.kinds import BY_NAME
from masterops.sandbox.hubspot.problems import Refusal
from masterops.sandbox.hubspot.records import Record
from masterops.sandbox.hubspot.searching import Filter, Sort

CONTACTS = BY_NAME["contacts"]
KNOWN = definitions.starting(CONTACTS, ("7",), "2023-02-01T00:00:00Z")
# 2026-03-01T00:00:00Z is 1772323200000
ANNA = {
    "email": "anna@cafe.example",
    "firstname": "Anna",
    "lifecyclestage": "lead",
    "total_revenue": "90.5",
    "lastmodifieddate": "2026-03-01T00:00:00Z",
    "hs_email_optout": "false",
}


def asked(property: str, operator: str, value: Any = None, high: Any = None, values: Any = None) -> Filter:
    """A filter as it comes over the wire."""
    body = {
        "propertyName": property,
        "operator": operator,
        "value": value,
        "highValue": high,
        "values": values,
    }
    return msgspec.convert({name: each for name, each in body.items() if each is not None}, Filter)


CASES = {
    "EQ ignores case of text": (asked("firstname", "EQ", "ANNA"), True),
    "EQ of another text": (asked("firstname", "EQ", "Ann"), False),
    "EQ compares numbers as numbers": (asked("total_revenue", "EQ", "90.50"), True),
    "EQ keeps case of an option": (asked("lifecyclestage", "EQ", "Lead"), False),
    "EQ of a boolean": (asked("hs_email_optout", "EQ", False), True),
    "NEQ of another text": (asked("firstname", "NEQ", "Ben"), True),
    "NEQ of the same": (asked("firstname", "NEQ", "anna"), False),
    "NEQ needs a value": (asked("city", "NEQ", "Perth"), False),
    "LT is numeric": (asked("total_revenue", "LT", "100"), True),
    "LT of the same": (asked("total_revenue", "LT", "90.5"), False),
    "LTE of the same": (asked("total_revenue", "LTE", "90.5"), True),
    "GT of less": (asked("total_revenue", "GT", 9), True),
    "GT of the same": (asked("total_revenue", "GT", 90.5), False),
    "GTE by milliseconds": (asked("lastmodifieddate", "GTE", "1772323200000"), True),
    "GTE a millisecond later": (asked("lastmodifieddate", "GTE", "1772323200001"), False),
    "GTE by ISO text": (asked("lastmodifieddate", "GTE", "2026-03-01T00:00:00Z"), True),
    "BETWEEN includes both ends": (asked("total_revenue", "BETWEEN", "90.5", "90.5"), True),
    "BETWEEN outside": (asked("total_revenue", "BETWEEN", "91", "100"), False),
    "IN of an option": (asked("lifecyclestage", "IN", values=["customer", "lead"]), True),
    "IN of small letters": (asked("firstname", "IN", values=["anna"]), True),
    "IN never matches a capital": (asked("firstname", "IN", values=["Anna"]), False),
    "IN compares numbers": (asked("total_revenue", "IN", values=["90.500"]), True),
    "NOT_IN": (asked("lifecyclestage", "NOT_IN", values=["customer"]), True),
    "NOT_IN with it inside": (asked("lifecyclestage", "NOT_IN", values=["lead"]), False),
    "NOT_IN needs a value": (asked("city", "NOT_IN", values=["perth"]), False),
    "HAS_PROPERTY": (asked("email", "HAS_PROPERTY"), True),
    "HAS_PROPERTY without": (asked("city", "HAS_PROPERTY"), False),
    "NOT_HAS_PROPERTY": (asked("city", "NOT_HAS_PROPERTY"), True),
    "NOT_HAS_PROPERTY with": (asked("email", "NOT_HAS_PROPERTY"), False),
    "CONTAINS_TOKEN of a part": (asked("email", "CONTAINS_TOKEN", "cafe"), True),
    "CONTAINS_TOKEN is no substring": (asked("email", "CONTAINS_TOKEN", "caf"), False),
    "CONTAINS_TOKEN with a star": (asked("email", "CONTAINS_TOKEN", "*@cafe.example"), True),
    "CONTAINS_TOKEN star in a word": (asked("email", "CONTAINS_TOKEN", "caf*"), True),
    "CONTAINS_TOKEN takes [ as itself": (asked("email", "CONTAINS_TOKEN", "[a-z]*"), False),
    "NOT_CONTAINS_TOKEN": (asked("email", "NOT_CONTAINS_TOKEN", "hotel"), True),
    "NOT_CONTAINS_TOKEN with it": (asked("email", "NOT_CONTAINS_TOKEN", "CAFE"), False),
}


@pytest.mark.parametrize(("filter", "expected"), CASES.values(), ids=CASES.keys())
def test_each_operator(filter: Filter, expected: bool) -> None:
    """
    One filter against one contact.
    """
    matches = searching.matcher([[filter]], None, KNOWN, CONTACTS.searched)

    assert expected == matches(ANNA)


def test_the_table_names_every_operator() -> None:
    """
    An operator that is added needs a row.
    """
    tried = {filter.operator for filter, _ in CASES.values()}

    assert set(searching.OPERATORS) == tried


def test_groups_are_alternatives_and_filters_add_up() -> None:
    """
    (lead and Ben) or (lead and Anna).
    """
    lead = asked("lifecyclestage", "EQ", "lead")
    ben, anna = asked("firstname", "EQ", "ben"), asked("firstname", "EQ", "anna")

    assert searching.matcher([[lead, ben], [lead, anna]], None, KNOWN, ())(ANNA)
    assert not searching.matcher([[lead, ben], [anna, ben]], None, KNOWN, ())(ANNA)


def test_every_word_of_the_query_must_be_somewhere() -> None:
    """
    The words may stand in different properties.
    """
    assert searching.matcher([], "anna CAFE", KNOWN, CONTACTS.searched)(ANNA)
    assert not searching.matcher([], "anna hotel", KNOWN, CONTACTS.searched)(ANNA)


@pytest.mark.parametrize(
    "filter",
    [
        pytest.param(asked("nonsense", "EQ", "1"), id="unknown property"),
        pytest.param(asked("email", "LIKE", "1"), id="unknown operator"),
        pytest.param(asked("email", "EQ"), id="no value"),
        pytest.param(asked("email", "IN", values=[]), id="no values"),
        pytest.param(asked("total_revenue", "GT", "many"), id="not a number"),
        pytest.param(asked("total_revenue", "BETWEEN", "1"), id="no high value"),
        pytest.param(asked("lastmodifieddate", "GT", "yesterday"), id="not a moment"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(filter: Filter) -> None:
    """
    400 with a validation error.
    """
    with pytest.raises(Refusal) as caught:
        searching.matcher([[filter]], None, KNOWN, ())

    assert (400, "VALIDATION_ERROR") == (caught.value.status, caught.value.category)


def test_sorting_compares_by_type_and_puts_missing_values_last() -> None:
    """
    9 comes before 10, in either direction the record without a number ends up last.
    """
    records = [Record(number, {"total_revenue": value} if value else {}, "") for number, value in
               enumerate(["10", "", "9"], start=1)]  # fmt: skip

    up = searching.ordered(records, Sort("total_revenue"), KNOWN)
    down = searching.ordered(records, Sort("total_revenue", "DESCENDING"), KNOWN)

    assert ["3", "1", "2"] == [record.id for record in up]
    assert ["1", "3", "2"] == [record.id for record in down]
