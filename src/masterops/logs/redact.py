"""
Keeping secrets out of everything that is written down.

Three nets: the name of a key, the shape of a text, and a name that stands before a value inside a text;
and a fourth for what is personal, where somebody chose it (choice.py).
All run before a record leaves the process, so that no file, row or screen ever holds what they catch.
Where a text may be either it is taken for a secret, but talking about secrets is none.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from masterops.logs import choice, known, seen

REDACTED = "***"
SHORTEST_SECRET = 5  # pwd=x; most values of a log record are shorter
LONGEST_CACHED_KEY = 128
DEEPEST = 12
LONGEST_TEXT = 65_536
LONGEST_LIST = 10_000
LONGEST_MAPPING = 2_000  # each key is looked at, too
# Of one value with all that is inside, in characters, and one for each item: a list that stands in itself a
# hundred times on each of four levels is a hundred million items. Four times as much as a line may hold.
MOST_INSIDE = 4_194_304
# What is looked at behind the end of a text that will be cut, so that no secret is cut in two before it
# is known as one.
MARGIN = 16_384
LONGEST_MARK = 40  # "… [10000000 characters cut]"
_PLAIN = (datetime, date, timedelta, UUID, Decimal)

# Not bounded on the left, so that accessToken, access_token and hubspottoken are all known.
_NAME = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|authorization|cookie|credential|signature|jwt"
    r"|hmac(?:[-_. ]?(?:key|sha[-_]?\d{1,3}))?"
    r"|(?:api|access|private|secret|signing|encryption|service[-_. ]?role)[-_. ]?key)"
)
_QUALIFIED = r"(?:[-_. ]?(?:value|text|raw|plain|string|header|hash|base64|b64|v?\d))*"

SECRET_KEY = re.compile(rf"{_NAME}(?P<many>s?){_QUALIFIED}$", re.IGNORECASE)

SECRET_SHAPES = re.compile(
    r"(?P<keep>\b(?:Bearer|Basic|Token)\s{1,8})[A-Za-z0-9._~+/=-]{8,}"
    r"|(?P<keep2>://[^/\s:@]*:)[^/\s]+(?=@)"  # the password in a URL, which may itself have an @
    rf"|(?P<keep3>[?&](?i:[\w.-]{{0,40}}{_NAME}|key|sig)=)[^&\s\"']+"
    r"|\beyJ[A-Za-z0-9_-]{8,512}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # JSON web token
    r"|\bpat-[a-z]{2,3}\d?-[0-9a-f-]{8,}"  # HubSpot private app
    r"|\bsb[ps]_(?:secret_|publishable_)?[A-Za-z0-9_]{10,}|\bsb_(?:secret|publishable)_[A-Za-z0-9_-]{10,}"
    r"|\bshp(?:at|ca|pa|ss)_[A-Za-z0-9]{10,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
)

# `"access_token":"..."`, `password=...`, `secret: ...`. Every repetition is bounded or cannot be split in
# two ways, so that no text, however made, takes longer than its length.
NAMED_SECRET = re.compile(
    rf"(?P<name>{_NAME}(?P<many>s)?{_QUALIFIED}\\{{0,8}}[\"']?[ \t]{{0,3}}(?:(?P<equals>=>?)|:)[ \t]{{0,3}})"
    r"(?!\\{0,8}[\"']?\*\*\*)"  # it is hidden already
    r"(?!(?:none|null|true|false|str|bytes|any|secret|expired|invalid|malformed|missing|required|revoked|unknown"
    r"|wrong|refused|denied)(?:[\s,;.)}\]|]|$))"  # no values, but what programs say of them
    r"(?(many)(?!\d[\d.,]*(?:\W|$)))"  # tokens=12 is a count
    r"(?:(?P<scheme>[\"']?(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate|OAuth)[ \t]{1,3})[^\s\"']+"
    r"|(?P<double>[bfru]{0,2}\")(?:[^\"\\\n]|\\.)+"
    r"|(?P<single>[bfru]{0,2}')(?:[^'\\\n]|\\.)+"
    r"|(?P<inner>\\{1,8}[\"'])(?:[^\"'\\\n]|\\(?!\\{0,8}[\"']))+"  # JSON inside JSON
    r"|(?<=cookie:|ookie: )[^\r\n\"']+"  # a header's whole line
    r"|(?(equals)[^\s\"']+"
    # Behind a colon may stand a sentence: one word alone is a value, and so is one with a digit in it.
    r"|(?:[^\s\"']*\d[^\s\"']*|[^\s\"']{20,}|[^\s\"']+(?:(?<=[,;}])|(?=[ \t]{0,3}(?:[\r\n\"']|$)))))"
    r")",
    re.IGNORECASE,
)

# Looking for these first is ten times as fast as the patterns, and one of them is in whatever they match.
SHAPE_HINTS = (
    "://", "?", "&", "bearer", "basic", "token", "eyj", "pat-", "sb", "shp", "xox", "k_", "gh", "private key"
)  # fmt: skip
NAME_HINTS = (
    "pass",
    "pwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "signature",
    "jwt",
    "hmac",
    "key",
)


def redact_text(text: str) -> str:
    """
    The same text with everything that looks like a secret replaced by `***`, cut where it is too long.
    """
    if len(text) <= seen.LONGEST and text in seen.now.texts:
        return text
    return redact_unseen(text)


def redact_unseen(text: str) -> str:
    """The same for a text that is not among those that were found harmless."""
    texts = seen.now.texts  # before it is looked at: see `seen.forget`
    if len(text) <= seen.LONGEST:
        shown = _hide(text)
        if shown == text:
            seen.keep(texts, text)
        return shown
    if len(text) <= LONGEST_TEXT:
        return _hide(text)
    seen_to = LONGEST_TEXT + _margin()
    return _cut_safely(text[:seen_to], max(0, len(text) - seen_to), "characters")


def _redact_bytes(value: bytes | bytearray) -> str:
    seen_to = LONGEST_TEXT + _margin()
    head = value[:seen_to].decode("utf-8", "backslashreplace")
    if len(value) <= seen_to:
        return redact_text(head)
    return _cut_safely(head, len(value) - seen_to, "bytes")


def _margin() -> int:
    return MARGIN + 2 * known.longest()


def _cut_safely(head: str, unseen: int, unit: str) -> str:
    """The beginning, without what lies so near to the unseen rest that a secret may reach across."""
    shown = _hide(head)
    if unseen:
        shown = shown[: -_margin() // 2]
    kept = min(len(shown), LONGEST_TEXT - LONGEST_MARK)
    return f"{shown[:kept]}… [{len(head) + unseen - kept} {unit} cut]"


def _hide(text: str) -> str:
    if known.values:
        text = known.strike(text, REDACTED)
    if choice.chosen:
        text = choice.hide_chosen(text, REDACTED)
    if len(text) < SHORTEST_SECRET or _is_harmless_word(text):
        return text
    lowered = text.lower()
    for hint in SHAPE_HINTS:
        if hint in lowered:
            text = SECRET_SHAPES.sub(_keep_prefix, text)
            break
    if "=" in text or ":" in text:
        for hint in NAME_HINTS:
            if hint in lowered:
                return NAMED_SECRET.sub(_keep_name, text)
    return text


def _is_harmless_word(text: str) -> bool:
    """
    Whether a text is one word, or words joined by anything but a space, and no shape begins in it.

    Most texts that no other record has had are such: names and ids. Every pattern with a name in it takes
    a space, a `:` or a `=`; of the others each has its beginning and its mark.
    """
    if " " in text or ":" in text or "=" in text or not text.isprintable():
        return False
    if "_" in text and ("sb" in text or "shp" in text or "k_" in text or "gh" in text):
        return False
    if "-" in text and ("pat-" in text or "xox" in text):
        return False
    return not ("." in text and "eyJ" in text)


def _keep_prefix(match: re.Match[str]) -> str:
    prefix = match["keep"] or match["keep2"] or match["keep3"] or ""
    return prefix + REDACTED


def _keep_name(match: re.Match[str]) -> str:
    opening = match["scheme"] or match["double"] or match["single"] or match["inner"] or ""
    return match["name"] + opening + REDACTED


def remember(secrets: Iterable[str]) -> None:
    """From now on these never appear in what is written down, whatever their shape."""
    known.remember(secrets)
    _known.cache_clear()  # a key may have been seen before it was a secret


def hide_personal(kinds: Iterable[str]) -> None:
    """From now on hide `card` numbers, `email` addresses, both or neither. Raises BadValue."""
    choice.hide(kinds)
    _known.cache_clear()


def redact(value: Any, depth: int = 0, left: list[int] | None = None) -> Any:
    """
    The same value as plain data, with secrets replaced by key and by shape; nothing given is changed.

    What JSON does not know is turned into text first, so that nothing slips past inside an object. `left` is
    how much more may be shown of what this is a part of, see `MOST_INSIDE`.
    """
    if value is None or isinstance(value, (bool, _PLAIN)):
        return value
    if isinstance(value, int):
        hidden = choice.hides_numbers() and value >= choice.SMALLEST_CARD and choice.is_card(str(value))
        return REDACTED if hidden else value
    if isinstance(value, str):
        return redact_text(value if type(value) is str else str.__str__(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (bytes, bytearray)):
        return _redact_bytes(value)
    if depth >= DEEPEST:
        return f"<{type(value).__name__}, deeper than {DEEPEST}>"
    left = [MOST_INSIDE] if left is None else left
    if isinstance(value, Mapping):
        return _redact_items(value, depth + 1, left)
    if (fields := _fields(value)) is not None:
        return _redact_items(fields, depth + 1, left)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _redact_list(value, depth + 1, left)
    return redact_text(readable(value))


def _redact_list(value: Collection[Any], depth: int, left: list[int]) -> list[Any]:
    pair = _redact_pair(value)
    if pair is not None:
        return pair
    shown: list[Any] = []
    for item in islice(value, LONGEST_LIST):
        if left[0] <= 0:
            break
        shown.append(redact(item, depth, left))
        _spend(left, shown[-1])
    if len(shown) < len(value):
        shown.append(f"… [{len(value) - len(shown)} items cut]")
    return shown


def _redact_pair(value: Collection[Any]) -> list[Any] | None:
    """A header as HTTP libraries have them, name and value, where the name is a secret's."""
    if len(value) != 2 or not isinstance(value, (list, tuple)) or not isinstance(value[0], (str, bytes)):
        return None
    if len(value[0]) > LONGEST_CACHED_KEY or not isinstance(value[1], (str, bytes)) or not value[1]:
        return None
    name, secret, _ = _known(_key_text(value[0]))
    return [name, REDACTED] if secret else None


def _redact_items(value: Mapping[Any, Any], depth: int, left: list[int]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, item in value.items():
        if len(shown) >= LONGEST_MAPPING or left[0] <= 0:
            shown["…"] = f"[{len(value) - len(shown)} items cut]"
            break
        text = key if type(key) is str else _key_text(key)
        name, secret, many = _known(text) if len(text) <= LONGEST_CACHED_KEY else _look_at(text)
        shown[name] = found = REDACTED if secret and not _harmless(item, many) else redact(item, depth, left)
        _spend(left, found)
        left[0] -= len(name)
    return shown


def _spend(left: list[int], shown: object) -> None:
    left[0] -= 1 + (len(shown) if type(shown) is str else 0)


def _key_text(key: object) -> str:
    """Headers of servers and of HTTP libraries have bytes for keys."""
    return readable(key) if isinstance(key, (bytes, bytearray)) else text_of(key)


def _look_at(key: str) -> tuple[str, bool, bool]:
    """How a key is shown, whether it names a secret, and whether it names many of them."""
    found = SECRET_KEY.search(key)
    return redact_text(key), found is not None, bool(found and found["many"])


def is_harmless_key(key: str) -> bool:
    """Whether a key may be shown as it is, and names no secret."""
    return _look_at(key) == (key, False, False)


_known = lru_cache(4096)(_look_at)  # the keys of a program are few and come again with every record


def _harmless(item: object, many: bool) -> bool:
    """Whether what stands under a secret's name is none: nothing, yes or no, or how many there are."""
    if item is None or isinstance(item, bool):
        return True
    if isinstance(item, (int, float)):
        return many or item == 0
    return isinstance(item, (str, bytes, list, tuple, dict)) and len(item) == 0


def _fields(value: object) -> dict[str, Any] | None:
    """The fields of a struct, a dataclass or a named tuple, unless its author says how it is shown."""
    kind = type(value)
    if isinstance(value, msgspec.Struct):
        own = kind.__repr__ is not msgspec.Struct.__repr__
        return None if own else {name: getattr(value, name, None) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(kind):
        own = not hasattr(kind.__repr__, "__wrapped__")  # which the generated one has
        shown = (field.name for field in dataclasses.fields(kind) if field.repr)
        return None if own else {name: getattr(value, name, None) for name in shown}
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return dict(zip(kind._fields, value, strict=False))
    return None


def readable(value: object) -> str:
    """How a value that JSON does not know is shown; one that cannot even be shown names its type."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "backslashreplace")
    try:
        return repr(value)
    except Exception as error:  # a caller's broken __repr__ must not break the caller
        return f"<{type(value).__name__}: repr failed with {type(error).__name__}>"


def text_of(value: object) -> str:
    """`str(value)`, or the name of its type when even that fails."""
    try:
        return str(value)
    except Exception as error:  # a caller's broken __str__ must not break the caller
        return f"<{type(value).__name__}: str failed with {type(error).__name__}>"
