"""
What the author of a new connector may decide.
"""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.new import Choices, checked_header, checked_name, checked_rate, checked_url
from masterops.new.imports import in_order
from masterops.new.migration import next_number


@pytest.mark.parametrize("name", ["parcelpost", "parcel_post", "p2p", "a" * 24])
def test_a_name_that_can_stand_everywhere_is_taken(name: str) -> None:
    """
    In connections, tables, modules and commands.
    """
    assert name == checked_name(name, ["hubspot"])


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 25, "9lives", "Parcelpost", "parcel-post", "parcel__post", "_post", "post_", "päckchen",
     "class", "import", "customer", "group", "hubspot", "../x", "a b c"],
)  # fmt: skip
def test_any_other_name_is_refused(name: str) -> None:
    """
    With the reason, before anything is written.
    """
    with pytest.raises(errors.BadValue):
        checked_name(name, ["hubspot"])


def test_a_class_is_named_after_its_service() -> None:
    """
    Word by word.
    """
    assert "ParcelPost" == Choices("parcel_post", "https://api.example.com").title


def test_rates_are_calls_and_unit() -> None:
    """
    As people say them.
    """
    assert (300, "minute") == checked_rate("300/minute")
    assert (1, "second") == checked_rate("1/second")


@pytest.mark.parametrize("text", ["", "5", "0/minute", "300/hour", "x/minute", "1000001/second", "-1/minute"])
def test_any_other_rate_is_refused(text: str) -> None:
    """
    With an example of a right one.
    """
    with pytest.raises(errors.BadValue, match="300/minute"):
        checked_rate(text)


@pytest.mark.parametrize(
    "text", ["", "api.example.com", "ftp://x", "https://user:pw@x.com", "https://x.com?key=1"]
)
def test_a_base_url_is_one_without_secrets(text: str) -> None:
    """
    As in the configuration.
    """
    with pytest.raises(errors.BadValue):
        checked_url(text)


@pytest.mark.parametrize("text", ["", "X Api", "X-Api:", 'X"', "Ä", "x" * 41])
def test_a_header_is_a_name(text: str) -> None:
    """
    It stands inside code: nothing else may.
    """
    with pytest.raises(errors.BadValue):
        checked_header(text)


MODULES = [
    "masterops",
    "masterops.a_b",
    "masterops.ab",
    "masterops.a.b",
    "masterops_a",
    "os.path",
    "msgspec",
    "re",
]


@given(st.sets(st.sampled_from(MODULES)))
def test_imports_are_the_same_in_another_order(modules: set[str]) -> None:
    """
    None is lost, and doing it twice changes nothing.
    """
    lines = [f"from {module} import thing" for module in sorted(modules, reverse=True)]
    text = "\n".join(
        ['"""Doc."""', "", "from __future__ import annotations", "", *lines, "import os", "", "X = 1", ""]
    )

    once = in_order(text, "masterops")

    assert sorted(line for line in text.split("\n") if line) == sorted(
        line for line in once.split("\n") if line
    )
    assert once == in_order(once, "masterops")
    ast.parse(once)


@given(st.lists(st.integers(20_000_000_000_000, 20_990_000_000_000), max_size=5))
def test_a_new_migration_comes_behind_every_other(numbers: list[int]) -> None:
    """
    Also where their numbers lie in the future.
    """
    from datetime import UTC, datetime

    names = [f"{each}_words.sql" for each in numbers]
    number = next_number(names, datetime(2026, 11, 26, tzinfo=UTC))

    assert 14 == len(number)
    assert "20261126000100" <= number
    assert all(name[:14] < number for name in names)
