"""
Which name somebody meant.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.spelling import nearest

BUSINESSES = ["teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("teelixer", "teelixir", id="a wrong letter"),
        pytest.param("TEELIXIR", "teelixir", id="another case"),
        pytest.param("Red Hill Fresh", "red-hill-fresh", id="blanks for hyphens"),
        pytest.param("red_hill_fresh", "red-hill-fresh", id="underscores for hyphens"),
        pytest.param("tee", "teelixir", id="the beginning of one"),
        pytest.param("elevate", "elevate-wholesale", id="the first word of one"),
        pytest.param("warehouse", None, id="nothing like it"),
        pytest.param("t", None, id="one letter"),
        pytest.param("", None, id="nothing at all"),
    ],
)
def test_the_nearest_name_is_the_one_that_was_meant(word: str, meant: str | None) -> None:
    """
    A slip is recognised and something else is not taken for one.
    """
    found = nearest(word, BUSINESSES)

    assert meant == found


def test_a_beginning_that_two_names_share_means_neither() -> None:
    """
    A guess between two would be wrong half of the time.
    """
    found = nearest("re", ["red-hill-fresh", "retail-and-more"])

    assert found is None


@given(st.lists(st.text(min_size=1), min_size=1, unique_by=str.casefold), st.data())
def test_every_known_name_is_nearest_to_itself_or_to_one_spelled_alike(
    known: list[str], data: st.DataObject
) -> None:
    """
    A right name never leads to a really different one.
    """
    word = data.draw(st.sampled_from(known))

    found = nearest(word, known)

    assert found is not None
    assert _folded(word) == _folded(found)


def _folded(word: str) -> list[str]:
    return word.casefold().replace("_", " ").replace("-", " ").split()
