"""
What is personal rather than secret, and hidden where somebody chose so: card numbers and e-mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from masterops.errors import BadValue
from masterops.logs import seen

KINDS = ("card", "email")
SMALLEST_CARD, LARGEST_CARD = 10**12, 10**19 - 1  # 13 to 19 digits

# As they are printed and typed: digits in groups. A decimal, or a part of a longer number, is none.
CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)", re.ASCII)
# Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro: so that a time in
# milliseconds, one in ten of which has the right check digit, is no card.
ISSUER = re.compile(r"4|5[0-8]|2[2-7]|3[04-9]|6")
EMAIL = re.compile(r"[\w.%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")

chosen = False  # whether there is anything to hide; read elsewhere, written here
_cards = False
_emails = False


def hide(kinds: Iterable[str]) -> None:
    """From now on hide these of `KINDS` and no other. Raises BadValue for a kind that does not exist."""
    global chosen, _cards, _emails
    wanted = set(kinds)
    for kind in sorted(wanted - set(KINDS)):
        raise BadValue(kind="kind of personal data", value=kind, reason=f"one of {', '.join(KINDS)} is")
    _cards, _emails = "card" in wanted, "email" in wanted
    chosen = bool(wanted)
    seen.forget()


def hides_numbers() -> bool:
    """Whether a whole number may have to be hidden."""
    return _cards


def hide_chosen(text: str, mark: str) -> str:
    """The same text with `mark` for what was chosen."""
    if _emails and "@" in text:
        text = EMAIL.sub(mark, text)
    if _cards:
        text = CARD.sub(lambda found: mark if is_card(found[0]) else found[0], text)
    return text


def is_card_number(value: int) -> bool:
    """The same for a number."""
    return SMALLEST_CARD <= value <= LARGEST_CARD and is_card(str(value))


def is_card(text: str) -> bool:
    """Whether the digits in `text` are a card's: an issuer's first digits and the right check digit."""
    digits = [int(each) for each in text if "0" <= each <= "9"]
    if not 13 <= len(digits) <= 19 or not ISSUER.match("".join(map(str, digits[:2]))):
        return False
    return luhn(digits)


def luhn(digits: list[int]) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = [each * 2 - 9 * (each > 4) if place % 2 else each for place, each in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0
