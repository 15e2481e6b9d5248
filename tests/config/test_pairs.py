"""
Settings that are several words, or a word for each of several names.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.config import pairs, words
from masterops.config.keys import SETTINGS
from masterops.errors import ConfigType
from tests.config.conftest import Loading

LEVELS = next(each.kind for each in SETTINGS if each.key == "log.levels")


@pytest.mark.parametrize(
    "toml",
    [
        pytest.param('[log]\nlevels = "hubspot=debug, n8n = WARNING"', id="text"),
        pytest.param('[log.levels]\nhubspot = "debug"\nn8n = "warn"', id="table"),
        pytest.param('[log]\nlevels = {hubspot = "debug", n8n = "warn"}', id="inline table"),
    ],
)
def test_may_be_a_text_or_a_table(loading: Loading, toml: str) -> None:
    """
    And the variable has it as text.
    """
    assert {"hubspot": "debug", "n8n": "warn"} == pairs(loading(toml).log.levels)
    assert {"cli": "error"} == pairs(loading(toml, MASTEROPS_LOG_LEVELS="cli=error").log.levels)


def test_a_share_and_words(loading: Loading) -> None:
    """
    Shares are numbers, words a text or a list.
    """
    log = loading('[log]\nredact = ["email", "card"]\n[log.sample]\n"orders.row" = 0.01\n').log

    assert {"orders.row": "0.01"} == pairs(log.sample)
    assert ["card", "email"] == words(log.redact)
    assert ["card"] == words(loading("", MASTEROPS_LOG_REDACT="card").log.redact)
    assert ([], {}) == (words(loading("").log.redact), pairs(loading("").log.sample))


N8N = '[connections."n8n/group"]\nbase_url = "https://n8n.example"\napi_key = "env:K"\nexpects_output = '


@pytest.mark.parametrize("given", ['["Orders to Unleashed", "reports"]', '"Orders to Unleashed, reports"'])
def test_names_of_any_kind_are_a_text_or_a_list(loading: Loading, given: str) -> None:
    """
    With the spaces that are inside them.
    """
    (n8n,) = loading(N8N + given, K="key").connections

    assert ["Orders to Unleashed", "reports"] == words(str(n8n.values["expects_output"]))


@pytest.mark.parametrize(
    ("toml", "where", "expected"),
    [
        ('[log]\nlevels = "hubspot"', "masterops.toml:2", "a level for each source"),
        ('[log]\nlevels = "hubspot=loud"', "masterops.toml:2", "one of debug, info, warn, error"),
        ('[log.levels]\nhubspot = "loud"', "masterops.toml:1", "one of debug, info, warn, error"),
        ("[log]\nlevels = 5", "masterops.toml:2", "a level for each source"),
        ('[log.levels]\n"a=b" = "info"', "masterops.toml:1", "no comma and no equals sign"),
        ('[log]\nsample = "x=1.5"', "masterops.toml:2", "a share from 0 to 1"),
        ('[log]\nsample = "x=many"', "masterops.toml:2", "a share from 0 to 1"),
        ('[log]\nredact = ["iban"]', "masterops.toml:2", "any of card, email"),
        ("[log]\nburst = -1", "masterops.toml:2", "a number of records"),
        (N8N + '["a, b"]', "masterops.toml:4", "a comma in one of them"),
        (N8N + "5", "masterops.toml:4", "names, ids or tags of workflows"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(loading: Loading, toml: str, where: str, expected: str) -> None:
    """
    In one sentence, with what would be right.
    """
    with pytest.raises(ConfigType) as caught:
        loading(toml)

    assert where in caught.value.message
    assert expected in caught.value.message


@given(
    given=st.dictionaries(st.from_regex(r"[a-z0-9._/-]+", fullmatch=True), st.sampled_from(["debug", "warn"]))
)
def test_what_is_read_is_what_is_written(given: dict[str, str]) -> None:
    """
    A table becomes text and pairs again, and the text reads as itself.
    """
    text = LEVELS.read(given)

    assert given == pairs(str(text))
    assert text == LEVELS.from_text(str(text))
