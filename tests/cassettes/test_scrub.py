"""
What is personal does not survive, and what is the same stays the same.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.cassettes.scrub import Scrubber

SALT = b"of a test"

emails = st.from_regex(r"[a-z]{3,10}\.[a-z]{3,10}@[a-z]{4,10}\.(com|com\.au)", fullmatch=True)
phones = st.from_regex(r"(\+61 4|04)\d{2} \d{3} \d{3}", fullmatch=True)
names = st.from_regex(r"[A-Z][a-zé]{5,12} [A-Z][a-z]{5,12}", fullmatch=True)
addresses = st.from_regex(
    r"\d{1,3} [A-Z][a-z]{5,12} (Street|Road), [A-Z][a-z]{4,9} [1-9]\d{3}", fullmatch=True
)
tokens = st.from_regex(r"pat-na1-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}", fullmatch=True)
notes = st.from_regex(r"([a-z]{6,9} ){3,8}[a-z]{6,9}\.", fullmatch=True)
ids = st.integers(10**6, 10**12).map(str) | st.uuids().map(str)
personal = st.one_of(emails, phones, names, addresses, tokens, notes, ids)
fields = st.sampled_from(
    [
        "status",
        "type",
        "name",
        "value",
        "currency",
        "id",
        "anything",
        "hs_email",
        "stage",
        "created_by",
        "unit",
        "x",
    ]
)
answers = st.recursive(
    personal | st.integers(10**5, 10**12) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4) | st.dictionaries(fields, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def leaves(value: Any) -> list[Any]:
    """Every text and number."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None or isinstance(value, bool) else [value]


@given(answers)
def test_nothing_personal_survives_anywhere(answer: Any) -> None:
    """
    Under no name of a field, also one that lets a word through, nor inside another text.
    """
    after = Scrubber(SALT).answered(answer)
    written = msgspec.json.encode(after).decode()

    assert [] == [leaf for leaf in leaves(answer) if str(leaf) in written]


@given(answers)
def test_an_answer_keeps_its_shape(answer: Any) -> None:
    """
    The same fields, as many items, and each value is one of the same kind and length, but for hosts of e-mail.
    """
    after = Scrubber(SALT).answered(answer)

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [shape(inner) for inner in value]
        if isinstance(value, str) and "@" in value:
            return len(value.partition("@")[0])
        return (type(value), len(str(value))) if value is not None else None

    assert shape(answer) == shape(after)


@given(st.lists(personal, min_size=2, max_size=8))
def test_equal_values_stay_equal_and_others_apart(values: list[str]) -> None:
    """
    In the order in which they come, wherever they stand.
    """
    scrubber = Scrubber(SALT)
    after = [scrubber.answered({"value": value})["value"] for value in values]
    asked = [scrubber.asked(value) for value in values]

    assert [values.index(value) for value in values] == [after.index(value) for value in after]
    assert after == asked


def test_the_salt_alone_tells_what_became_of_a_value() -> None:
    """
    Another recording makes it something else.
    """
    email = "ines.miller@teelixir.com"

    assert Scrubber(SALT).instead(email) == Scrubber(SALT).instead(email)
    assert Scrubber(SALT).instead(email) != Scrubber(b"of another").instead(email)


KEPT: list[tuple[dict[str, Any], str]] = [
    ({"status": "Completed"}, "a word of a status"),
    ({"type": "n8n-nodes-base.webhook"}, "a kind with a number in it"),
    ({"createdate": "2026-03-01T09:00:00.123Z"}, "a moment"),
    ({"LastModifiedOn": "/Date(1700000000000)/"}, "a moment of Unleashed's"),
    ({"archived": "false", "total": 250, "quantity": "1.50", "next": None}, "truths and small numbers"),
]


@pytest.mark.parametrize(("answer", "why"), KEPT, ids=[why for _, why in KEPT])
def test_what_is_harmless_stays(answer: dict[str, Any], why: str) -> None:
    """
    A recording without it would be of no use.
    """
    assert answer == Scrubber(SALT).answered(answer)


REPLACED: list[tuple[str, Any]] = [
    ("postcode", "2000"),
    ("zip", 2000),
    ("firstname", "Jo"),
    ("date_of_birth", "1970-02-03"),
    ("latitude", "-33.8"),
    ("status", "ines.miller@teelixir.com"),
    ("status", "0412 345 678"),
    ("anything", "Completed"),
    ("status", "Ines Miller"),
]


@pytest.mark.parametrize(("field", "value"), REPLACED)
def test_what_a_name_or_a_look_gives_away_is_replaced(field: str, value: Any) -> None:
    """
    However short or harmless it looks otherwise; a date becomes a date.
    """
    after = Scrubber(SALT).answered({field: value})[field]

    assert after != value
    assert type(after) is type(value)
    assert "date" not in field or re.fullmatch(r"19\d\d-0[1-9]-1\d", after)


def test_a_refusal_keeps_the_service_s_common_words_alone() -> None:
    """
    Connectors read them; names, numbers and addresses in them are replaced.
    """
    said = "Your licence does not allow feat:variables. Ask Ines of 77155 or ines@teelixir.com"
    after = Scrubber(SALT).answered({"message": said}, refused=True)["message"]

    assert after.startswith("Your licence does not allow feat:variables. Ask ")
    assert 0 == sum(word in after for word in ("Ines", "77155", "ines@", "teelixir"))
    assert after != Scrubber(SALT).answered({"message": said})["message"]


def test_our_own_words_in_a_request_stay() -> None:
    """
    Names of properties, sizes, versions; an id that was answered before becomes what it became there.
    """
    scrubber = Scrubber(SALT, secrets=["s3cret"])
    contact = scrubber.answered({"id": "7715"})["id"]

    assert "email,firstname" == scrubber.asked("email,firstname")
    assert {"limit": 100, "operator": "HAS_PROPERTY"} == scrubber.asked(
        {"limit": 100, "operator": "HAS_PROPERTY"}
    )
    assert "2026-03" == scrubber.asked("2026-03")
    assert contact == scrubber.asked("7715")
    assert "s3cret" not in scrubber.asked(["s3cret", "email,s3cret"])[0] + scrubber.asked("email,s3cret")


def test_data_used_as_a_name_of_a_field_is_replaced() -> None:
    """
    And is the same as where it stands as a value.
    """
    scrubber = Scrubber(SALT)
    after = scrubber.answered({"ines@teelixir.com": {"count": 2}, "owner": "ines@teelixir.com"})

    assert {after["owner"]: {"count": 2}, "owner": after["owner"]} == after
    assert "teelixir" not in str(after)
