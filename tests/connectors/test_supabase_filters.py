"""
Filters, orders and lists of columns, as they stand in the query.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.supabase import Condition, all_of, any_of, column
from masterops.connectors.supabase.filters import array, in_group, query_of
from masterops.connectors.supabase.keyset import Order, after
from masterops.connectors.supabase.selection import with_columns
from masterops.sandbox.supabase import grammar

a, b = column("a"), column("b")
WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param([a.eq("x,y.z(\"'")], {"a": "eq.x,y.z(\"'"}, id="alone a value needs no quotes"),
        pytest.param([a.eq(5), b.neq(True)], {"a": "eq.5", "b": "neq.true"}, id="two columns"),
        pytest.param([a.gte(1), a.lt(9)], {"a": "gte.1", "and": "(a.lt.9)"}, id="one column twice"),
        pytest.param([~a.is_(None)], {"a": "not.is.null"}, id="not null"),
        pytest.param([~~a.is_(True)], {"a": "is.true"}, id="not not"),
        pytest.param([a.eq(1) | b.eq("x y")], {"and": '(or(a.eq.1,b.eq."x y"))'}, id="or"),
        pytest.param([~(a.eq(1) & ~b.in_([1]))], {"and": "(not.and(a.eq.1,b.not.in.(1)))"}, id="not and"),
        pytest.param([a.in_(["x", "y,z", 'q"'])], {"a": 'in.(x,"y,z","q\\"")'}, id="in"),
        pytest.param([a.in_([])], {"a": "in.()"}, id="in nothing"),
        pytest.param([a.in_([""])], {"a": "eq."}, id="in an empty word"),
        pytest.param([a.like("T*")], {"a": "like.T*"}, id="like"),
        pytest.param([a.ilike(any_of("T*", "C*"))], {"a": 'ilike(any).{"T*","C*"}'}, id="like any"),
        pytest.param([a.gt(all_of(1, 2))], {"a": 'gt(all).{"1","2"}'}, id="all"),
        pytest.param([a.contains(["x", "y"])], {"a": 'cs.{"x","y"}'}, id="array"),
        pytest.param([a.contains({"k": Decimal("1.50")})], {"a": 'cs.{"k":1.50}'}, id="json"),
        pytest.param([a.overlaps("[1,5)")], {"a": "ov.[1,5)"}, id="range"),
        pytest.param([a.range("adj", "[1,5)")], {"a": "adj.[1,5)"}, id="next to a range"),
        pytest.param([a.search("tea", kind="wfts", config="english")], {"a": "wfts(english).tea"}, id="text"),
        pytest.param([a.is_distinct("x")], {"a": "isdistinct.x"}, id="distinct"),
        pytest.param([column("order").eq(1)], {"and": "(order.eq.1)"}, id="a column named as a parameter"),
        pytest.param([column("data->>k").eq("v")], {"data->>k": "eq.v"}, id="inside json"),
        pytest.param([column("x.y,z").eq(1)], {'"x.y,z"': "eq.1"}, id="an odd name"),
        pytest.param(
            [column("lines.sku").eq(1), column("lines.sku").eq(2)],
            {"lines.sku": "eq.1", "lines.and": "(sku.eq.2)"},
            id="a column of what is embedded",
        ),
        pytest.param(
            [a.gte(datetime(2026, 1, 2, tzinfo=UTC))], {"a": "gte.2026-01-02T00:00:00+00:00"}, id="moment"
        ),
    ],
)  # fmt: skip
def test_conditions_stand_in_the_query_as_postgrest_reads_them(
    conditions: list[Condition], expected: dict[str, str]
) -> None:
    """
    One parameter a column; what has no room there is a group.
    """
    assert expected == query_of(conditions)


def test_nothing_is_equal_to_none_and_the_error_says_what_to_write() -> None:
    """
    `eq.None` would look for the word.
    """
    with pytest.raises(errors.BadValue) as caught:
        a.eq(None)

    assert "is_(None)" in caught.value.advice


def test_an_embedded_column_in_a_group_is_refused() -> None:
    """
    PostgREST would read its dot as that of an operator.
    """
    with pytest.raises(errors.BadValue):
        query_of([column("lines.sku").eq(1) | a.eq(2)])


@given(WORDS)
def test_a_value_alone_is_read_back_as_it_was(value: str) -> None:
    """
    By the twin's grammar, which knows nothing of how it was written.
    """
    [(name, told)] = query_of([a.eq(value)]).items()

    assert ("a", value) == (name, grammar._filter(grammar.Field("a"), told).value)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_values_in_groups_and_lists_are_read_back_as_they_were(values: list[str]) -> None:
    """
    Whatever quotes, commas, dots, brackets and backslashes there are.
    """
    either = a.eq(values[0])
    for value in values[1:]:
        either = either | b.eq(value)
    group = in_group(~(either & a.in_([*values, "x"])))

    found = grammar._member(grammar.Scanner(group, "logic tree"))

    assert isinstance(found, grammar.Group)
    assert [*values, "x"] == list(_values(found.members[1]))
    assert values == list(_values(found.members[0]))


def _values(test: grammar.Filter | grammar.Group) -> list[str]:
    if isinstance(test, grammar.Group):
        return [value for each in test.members for value in _values(each)]
    return list(test.value) if isinstance(test.value, tuple) else [test.value]


def test_an_array_keeps_nulls_nesting_and_quotes() -> None:
    """
    As PostgreSQL writes it.
    """
    assert '{"a\\"b","c\\\\d",NULL,{"1","2"}}' == array(['a"b', "c\\d", None, [1, 2]])


@pytest.mark.parametrize(
    ("orders", "values", "expected"),
    [
        pytest.param([Order("id", never_null=True)], [7], {"id": "gt.7"}, id="the key alone"),
        pytest.param([Order("id", True, never_null=True)], [7], {"id": "lt.7"}, id="descending"),
        pytest.param(
            [Order("a"), Order("id", never_null=True)],
            [1, 7],
            {"and": "(or(or(a.gt.1,a.is.null),and(a.eq.1,id.gt.7)))"},
            id="nulls come last",
        ),
        pytest.param(
            [Order("a"), Order("id", never_null=True)],
            [None, 7],
            {"and": "(and(a.is.null,id.gt.7))"},
            id="among the nulls that come last",
        ),
        pytest.param(
            [Order("a", True), Order("id", never_null=True)],
            [None, 7],
            {"and": "(or(a.not.is.null,and(a.is.null,id.gt.7)))"},
            id="among the nulls that come first",
        ),
    ],
)
def test_what_comes_after_a_row_is_told_with_its_nulls(
    orders: list[Order], values: list[object], expected: dict[str, str]
) -> None:
    """
    Else rows without a value would be passed over, or come for ever.
    """
    assert expected == query_of([after(orders, values)])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("*", "*"),
        ("name", "name,id"),
        ("id,name", "id,name"),
        ("customer:customers(id,name)", "customer:customers(id,name),id"),
        ("*,customers(*)", "*,customers(*)"),
    ],
)
def test_the_key_is_read_though_it_was_not_asked_for(columns: str, expected: str) -> None:
    """
    The next page begins behind it.
    """
    assert expected == with_columns(columns, ["id"])
