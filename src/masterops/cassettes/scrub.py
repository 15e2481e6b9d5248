"""
Making up what is personal: every text, and every long number, is replaced by another of the same shape.

Pure. What stays is what is known to be harmless: the names of fields, short numbers, moments, true and false,
and a word where the name of its field says that it is a status, a type or the like; any other field's text is
replaced. Equal values become equal values, in an answer, in the path of the next request and in its query, as
long as one scrubber made them; what a value became cannot be computed without the scrubber's salt.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

LONG = 5  # digits from which a number may be somebody's: an id, a phone, an account
TRIES = 100
SHORTEST_KNOWN = 3  # what is shorter stands for too much to be looked for in requests

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOMENT = re.compile(
    r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?|/Date\(-?\d+([+-]\d{4})?\)/"
)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,23}")  # longer ones are sentences, or keys
# In the words of a refusal, which connectors read: a common word, or the first of a sentence.
PLAIN = re.compile(r"[a-z][a-z:'.,;-]*|[A-Z][a-z]*[,:]?")
WORDS = ("true", "false", "")

# Fields of which a word may be kept, and fields of which nothing may; in lower case, without separators.
HARMLESS = re.compile(
    r".*(status|state|type|kind|category|currency|currencycode|unit|unitofmeasure|mode|level|format|stage"
    r"|timezone|locale|language|method|severity|role|scope|event|direction|operator|source)s?"
)
PERSONAL = re.compile(
    r".*(name|mail|phone|mobile|fax|address|street|suburb|city|zip|postcode|postalcode|birth|birthday|birthdate"
    r"|dob|dateofbirth|company|contact|customer|person|owner|note|comment|message|token|secret|password|key"
    r"|latitude|longitude|statement)s?"
)


class Scrubber:
    """
    Replaces values, the same by the same. `secrets` are replaced wherever they stand.
    """

    def __init__(self, salt: bytes, *, secrets: Iterable[str] = ()) -> None:
        self._salt = salt
        self._made: dict[str, str] = {}
        self._taken: set[str] = set()
        for secret in secrets:
            self.instead(secret)

    def answered(self, value: Any, field: str = "", *, refused: bool = False) -> Any:
        """
        What a service answered, as JSON holds it; `field` is the name under which it stands. In a refusal the
        service's common words stay.
        """
        if isinstance(value, dict):
            return {
                self._field(name): self.answered(inner, name, refused=refused)
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.answered(inner, field, refused=refused) for inner in value]
        if isinstance(value, str):
            if self._harmless(value, _plain(field)):
                return value
            return self._sentence(value) if refused and " " in value else self.instead(value)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value, _plain(field))

    def asked(self, value: Any) -> Any:
        """
        What we sent: our own words stay, what was answered before becomes what it became there, and what
        looks like somebody's is replaced.
        """
        if isinstance(value, dict):
            return {self._field(name): self.asked(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.asked(inner) for inner in value]
        if isinstance(value, str):
            return self._word_of_ours(value)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value, "")

    def instead(self, text: str) -> str:
        """What stands for a text: of its shape, never itself, nor what stands for another if that can be."""
        made = self._made.get(text)
        if made is None:
            tried = (self._like(text, attempt) for attempt in range(TRIES))
            made = next(
                (each for each in tried if each not in self._taken and each != text), self._like(text, TRIES)
            )
            self._made[text] = made
            self._taken.add(made)
        return made

    def _word_of_ours(self, text: str) -> str:
        if text in self._made and len(text) >= SHORTEST_KNOWN:
            return self._made[text]
        if "," in text:  # a list of ids, or of the names of properties
            return ",".join(self._word_of_ours(each) for each in text.split(","))
        return self.instead(text) if _is_somebody_s(text) else text

    def _sentence(self, text: str) -> str:
        """Common words as they are; names, numbers, addresses and what is quoted replaced."""
        words = text.split(" ")
        begins = [True, *(word.endswith((".", "!", "?")) for word in words[:-1])]
        return " ".join(
            word
            if PLAIN.fullmatch(word) and (first or word[0].islower()) and word not in self._made
            else self.instead(word)
            for word, first in zip(words, begins, strict=True)
        )

    def _harmless(self, text: str, field: str) -> bool:
        if text in WORDS:
            return True
        if (text in self._made and len(text) >= SHORTEST_KNOWN) or PERSONAL.fullmatch(field):
            return False
        if MOMENT.fullmatch(text):
            return True
        if NUMBER.fullmatch(text):
            return _digits(text) < LONG
        return bool(HARMLESS.fullmatch(field) and WORD.fullmatch(text) and _digits(text) < LONG)

    def _number(self, value: float, field: str) -> float:
        said = str(value) if isinstance(value, int) else format(value, "f")
        if _digits(said) < LONG and not PERSONAL.fullmatch(field):
            return value
        return type(value)(self.instead(said))

    def _field(self, name: str) -> str:
        """Names of fields stay, unless somebody's data is used as one."""
        return self.instead(name) if _is_somebody_s(name) or " " in name else name

    def _like(self, text: str, attempt: int) -> str:
        drawn = hashlib.shake_256(self._salt + f"{attempt}/{text}".encode(errors="surrogatepass"))
        noise = drawn.digest(len(text) + 1)
        if DAY.match(text) and MOMENT.fullmatch(text):
            return f"19{50 + noise[0] % 50}-0{1 + noise[1] % 9}-1{noise[2] % 10}{text[10:]}"
        if UUID.fullmatch(text):
            return "".join(_hex(each, by) for each, by in zip(text, noise, strict=False))
        name, at, host = text.rpartition("@")
        if at and EMAIL.fullmatch(text):
            top = host.rpartition(".")[2]
            return f"{_shaped(name, noise)}@example.{'org' if top == 'org' else 'com'}"
        return _shaped(text, noise)


def _shaped(text: str, noise: bytes) -> str:
    return "".join(_other(each, by) for each, by in zip(text, noise, strict=False))


def _other(char: str, by: int) -> str:
    """Another character of the same class; marks and spaces stay."""
    if char.isdecimal():
        digit = int(char)
        # A leading zero would be another number of digits, so no digit but zero becomes one.
        return str((digit + by % 8) % 9 + 1) if digit else str(1 + by % 9)
    if "a" <= char <= "z":
        return chr((ord(char) - 97 + 1 + by % 25) % 26 + 97)
    if "A" <= char <= "Z":
        return chr((ord(char) - 65 + 1 + by % 25) % 26 + 65)
    if char.isalnum():
        return chr(by % 26 + (65 if char.isupper() else 97))
    return char


def _hex(char: str, by: int) -> str:
    return char if char == "-" else "0123456789abcdef"[(int(char, 16) + 1 + by % 15) % 16]


def _digits(text: str) -> int:
    return sum(each.isdecimal() for each in text)


def _is_somebody_s(text: str) -> bool:
    """Whether a word looks like an address, an id or a number of somebody's; moments do not."""
    if MOMENT.fullmatch(text):
        return False
    return bool(EMAIL.fullmatch(text) or UUID.fullmatch(text) or _digits(text) >= LONG)


def _plain(field: str) -> str:
    return re.sub(r"[^a-z0-9]", "", field.lower())
