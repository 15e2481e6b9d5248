"""
Card numbers and e-mail addresses are hidden where somebody chose so.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.errors import BadValue
from masterops.logs import LogRecord, Pipeline, hide_personal, redact, redact_text
from masterops.logs.choice import is_card, luhn
from tests.logs.conftest import spooled

CARDS = {
    "visa": "4111111111111111",
    "mastercard": "5555555555554444",
    "american express": "378282246310005",
    "diners": "30569309025904",
    "discover": "6011111111111117",
    "jcb": "3530111333300000",
}


@pytest.fixture(autouse=True)
def nothing_stays_chosen() -> Iterator[None]:
    yield
    hide_personal(())


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS.keys())
@pytest.mark.parametrize("around", ["{}", "paid with {}.", "card={}&x=1", '{{"number":"{}"}}', "a {}, b"])
def test_a_card_number_is_hidden_when_chosen(number: str, around: str) -> None:
    """
    In one piece and in groups, as text and as number; and is left alone when not.
    """
    grouped = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    texts = [around.format(each) for each in (number, grouped, grouped.replace(" ", "-"))]

    before = [redact_text(text) for text in texts]
    hide_personal(["card"])

    assert texts == before
    assert [around.format("***")] * 3 == [redact_text(text) for text in texts]
    assert {"paid": ["***"]} == redact({"paid": [int(number)]})


@pytest.mark.parametrize(
    "text",
    [
        "1764000000000 and 1764000000000000000",  # times in ms and ns
        "4111111111111112",  # the wrong check digit
        "019aa5c4-4111-7111-8111-111111111111",
        "0.4111111111111111",
        "4111111111111111.5",
        "order 12345678",
        "+61 4 1111 1111",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """
    Times, ids, fractions and telephones are no cards.
    """
    hide_personal(["card", "email"])

    assert text == redact_text(text)


@given(digits=st.lists(st.integers(0, 9), min_size=12, max_size=18))
def test_one_check_digit_of_ten_is_right(digits: list[int]) -> None:
    """
    Whatever stands before it; and no neighbour of a right number is right.
    """
    right = [each for each in range(10) if luhn([*digits, each])]

    assert 1 == len(right)
    for place in range(len(digits)):
        changed = [*digits, right[0]]
        changed[place] = (changed[place] + 1) % 10
        assert not luhn(changed)


@given(text=st.text(alphabet="0123456789 -", max_size=40))
def test_what_is_no_card_for_sure_is_none(text: str) -> None:
    """
    Too short or too long is never one, whatever its digits.
    """
    digits = sum(each.isdigit() for each in text)

    assert not is_card(text) or 13 <= digits <= 19


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("me@example.com", "***"),
        ("mail to first.last+tag@mail.example.co.uk, please", "mail to ***, please"),
        ("<me@example.com>;you@example.org", "<***>;***"),
        ("user@localhost and @handle and a@b", "user@localhost and @handle and a@b"),
    ],
)
def test_an_address_is_hidden_when_chosen(text: str, shown: str) -> None:
    """
    And is left alone when not.
    """
    before = redact_text(text)
    hide_personal(["email"])

    assert text == before
    assert shown == redact_text(text)


def test_a_choice_takes_effect_on_loggers_that_are_there(pipeline: Pipeline) -> None:
    """
    In messages, values, keys, columns and fixed fields, from the next record on, and back again.
    """
    log = pipeline.logger(source="test", owner="me@example.com")
    number = int(CARDS["visa"])

    def say() -> None:
        for _ in range(4):
            log.info("me@example.com", to="me@example.com", paid=number, user_id="me@example.com")

    say()
    hide_personal(["card", "email"])
    say()
    hide_personal(())
    say()

    rows = [row for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]
    shown = [(row.message, row.user_id, row.details_json) for row in rows]
    plain = (
        "me@example.com",
        "me@example.com",
        {"owner": "me@example.com", "to": "me@example.com", "paid": number},
    )
    hidden = ("***", "***", {"owner": "***", "to": "***", "paid": "***"})
    assert [plain] * 4 + [hidden] * 4 + [plain] * 4 == shown


def test_a_kind_that_does_not_exist_is_refused() -> None:
    """
    With those that do.
    """
    with pytest.raises(BadValue, match="iban"):
        hide_personal(["iban"])


@pytest.mark.parametrize("piece", ["4", "4 ", "4-", "a@", "a.", "@a.a", "1@1."])
def test_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    """
    No text makes it slow.
    """
    hide_personal(["card", "email"])
    text = piece * (65_536 // len(piece))
    started = time.process_time()

    redact_text(text)

    assert time.process_time() - started < 1
