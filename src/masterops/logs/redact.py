"""
Keeping secrets out of everything that is written down.

Three nets: the name of a key, also of one beside it (`{"name": "password", "value": ...}`); a shape inside a
text (shapes.py); and a name that stands before a value inside a text (named.py). A fourth is for what is
personal, where somebody chose it (choice.py).
All run before a record leaves the process, so that no file, row or screen ever holds what they catch.
Where a text may be either it is taken for a secret, but talking about secrets is none.
"""

from __future__ import annotations

import codecs
import dataclasses
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from masterops.logs import choice, known, named, seen, shapes

REDACTED = shapes.MARK
SHORTEST_SECRET = 5  # pwd=x; most values of a log record are shorter
LONGEST_CACHED_KEY = 128
TELLS, TOLD = 1, 2
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
PIECE = 8_192  # bytes decoded at once
LONGEST_MARK = 40  # "… [10000000 characters cut]"
_PLAIN = (bool, datetime, date, timedelta, UUID, Decimal)


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
    head, seen_to = _decoded(value, LONGEST_TEXT + _margin())
    if seen_to == len(value):
        return redact_text(head)
    return _cut_safely(head, len(value) - seen_to, "bytes")


def _decoded(value: bytes | bytearray, most: int) -> tuple[str, int]:
    """Somewhat more than `most` characters, or all, and how many bytes they were: what is no text is slow."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    parts, size, at = list[str](), 0, 0
    while at < len(value) and size < most:
        piece = value[at : at + PIECE]
        at += len(piece)
        parts.append(decoder.decode(piece, at >= len(value)))
        size += len(parts[-1])
    return "".join(parts), at


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
    if len(text) < SHORTEST_SECRET:
        return text
    if len(text) < shapes.SHORTEST and text.replace("-", "0").isalnum():  # the usual id: no shape is so short
        return text
    if shapes.is_word(text):
        return shapes.hide_in_word(text)
    text = shapes.hide(text)
    # One of these stands in whatever the names find.
    if (
        ":" in text
        or "=" in text
        or '"' in text
        or "'" in text
        or "--" in text
        or ">" in text
        or "%3" in text
    ):
        text = named.hide(text)
    return text


def remember(secrets: Iterable[str]) -> None:
    """From now on these never appear in what is written down, whatever their shape."""
    known.remember(secrets)
    _known.cache_clear()  # a key may have been seen before it was a secret


def hide_personal(kinds: Iterable[str]) -> None:
    """From now on hide `card` numbers, `email` addresses, both or neither. Raises BadValue."""
    choice.hide(kinds)
    _known.cache_clear()


def redact(value: Any, depth: int = 0, left: list[int] | None = None, in_list: bool = False) -> Any:
    """
    The same value as plain data, with secrets replaced by key and by shape; nothing given is changed.

    What JSON does not know is turned into text first, so that nothing slips past inside an object, and a kind
    of number or text of somebody's own into the number or text that it is. `left` is
    how much more may be shown of what this is a part of, see `MOST_INSIDE`. What cannot be looked into is
    shown as its type and what it raised.
    """
    try:
        if value is None or type(value) in _PLAIN:
            return value
        if isinstance(value, int):
            value = int.__int__(value)
            return REDACTED if choice.hides_numbers() and choice.is_card_number(value) else value
        if isinstance(value, str):
            return redact_text(str.__str__(value))
        if isinstance(value, float):
            value = float.__float__(value)
            return value if math.isfinite(value) else str(value)
        if isinstance(value, _PLAIN):  # one of somebody's own kind
            return redact_text(text_of(value))
        if isinstance(value, (bytes, bytearray)):
            return _redact_bytes(value)
        if depth >= DEEPEST:
            return f"<{type(value).__name__}, deeper than {DEEPEST}>"
        return _look_into(value, depth + 1, [MOST_INSIDE] if left is None else left, in_list)
    except Exception as error:  # a caller's broken object must not cost the record its other facts
        if depth == 0:
            raise
        return f"<{type(value).__name__}: it raised {type(error).__name__}>"


def _look_into(value: Any, depth: int, left: list[int], in_list: bool) -> Any:
    try:
        return _redact_inside(value, depth, left, in_list)
    except RuntimeError:
        if type(value) not in (dict, set):
            raise
        # Another thread changes it while we go through it.
        return _redact_inside(value.copy(), depth, left, in_list)


def _redact_inside(value: Any, depth: int, left: list[int], in_list: bool) -> Any:
    if isinstance(value, Mapping):
        return _redact_items(value, depth, left)
    if (fields := _fields(value)) is not None:
        return _redact_items(fields, depth, left)
    if isinstance(value, (list, tuple, set, frozenset)):
        return _redact_list(value, depth, left, in_list)
    return redact_text(readable(value))


def _redact_list(value: Collection[Any], depth: int, left: list[int], in_list: bool) -> list[Any]:
    pair = _redact_pair(value, in_list)
    if pair is not None:
        return pair
    shown: list[Any] = []
    for item in islice(value, LONGEST_LIST):
        if left[0] <= 0:
            break
        shown.append(redact(item, depth, left, True))
        _spend(left, shown[-1])
    if len(shown) < len(value):
        shown.append(f"… [{len(value) - len(shown)} items cut]")
    return shown


def _redact_pair(value: Collection[Any], in_list: bool) -> list[Any] | None:
    """A header as HTTP libraries have them, name and value, where the name is a secret's."""
    if len(value) != 2 or not isinstance(value, (list, tuple)):
        return None
    first, second = value
    key = _secret(first)
    if key is None or not _is_a(second, (str, bytes, list, tuple)) or not second:
        return None
    # Two words under a key may be names both, and names only.
    if not in_list and (_secret(second) or (_is_a(second, (str,)) and second in named.NAMES_BESIDE)):
        return None
    return [key.shown, REDACTED]


def _secret(name: Any) -> _Key | None:
    """What is known of a text that is a secret's name, None for any other value."""
    if not _is_a(name, (str, bytes)) or not 0 < len(name) <= LONGEST_CACHED_KEY:
        return None
    key = _known(_key_text(name))
    return key if key.secret else None


def _redact_items(value: Mapping[Any, Any], depth: int, left: list[int]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    telling: list[tuple[str, Any]] = []
    told: list[tuple[str, Any]] = []
    for given, item in value.items():
        if len(shown) >= LONGEST_MAPPING or left[0] <= 0:
            shown["…"] = f"[{len(value) - len(shown)} items cut]"
            break
        text = given if type(given) is str else _key_text(given)
        name, secret, many, part = _known(text) if len(text) <= LONGEST_CACHED_KEY else _look_at(text)
        shown[name] = found = REDACTED if secret and not _harmless(item, many) else redact(item, depth, left)
        if part:
            (telling if part == TELLS else told).append((name, item))
        _spend(left, found)
        left[0] -= len(name)
    if telling and told:
        _hide_told(shown, telling, told)
    return shown


def _hide_told(shown: dict[str, Any], telling: list[tuple[str, Any]], told: list[tuple[str, Any]]) -> None:
    """`{"name": "password", "value": ...}`: a secret where the name, or the last part of it, is one's."""
    for _, item in telling:
        last = item[-1] if _is_a(item, (list, tuple)) and item else item
        key = _secret(last)
        if key is not None:
            shown.update((name, REDACTED) for name, value in told if not _harmless(value, key.many))


def _spend(left: list[int], shown: object) -> None:
    left[0] -= 1 + (len(shown) if type(shown) is str else 0)


def _key_text(key: object) -> str:
    """Headers of servers and of HTTP libraries have bytes for keys."""
    return readable(key) if isinstance(key, (bytes, bytearray)) else text_of(key)


class _Key(NamedTuple):
    """
    How a key is shown, whether it names a secret or many of them, and its part where a pair says which
    value is one.
    """

    shown: str
    secret: bool
    many: bool
    part: int


def _look_at(key: str) -> _Key:
    found = named.KEY.search(key[-LONGEST_CACHED_KEY:])  # a name is the end of its key
    part = TELLS if named.TELLING.fullmatch(key) else TOLD if named.TOLD.fullmatch(key) else 0
    return _Key(redact_text(key), found is not None, bool(found and found["many"]), part)


def is_harmless_key(key: str) -> bool:
    """Whether a key may be shown as it is, names no secret, and no other key can make it one's value."""
    known = _look_at(key)
    return known.shown == key and not known.secret and not is_told(key)


def is_told(key: str) -> bool:
    """Whether what stands under a key is a secret where a key beside it says so."""
    return named.TOLD.fullmatch(key) is not None


_known = lru_cache(4096)(_look_at)  # the keys of a program are few and come again with every record


def _harmless(item: object, many: bool) -> bool:
    """Whether what stands under a secret's name is none: nothing, yes or no, or how many there are."""
    try:
        if item is None or isinstance(item, bool):
            return True
        if isinstance(item, (int, float)):
            return many or item == 0
        return isinstance(item, (str, bytes, list, tuple, dict)) and len(item) == 0
    except Exception:  # what cannot even be asked is not shown
        return False


def _is_a(value: object, kinds: tuple[type, ...]) -> bool:
    try:
        return isinstance(value, kinds)
    except Exception:  # somebody's __class__ that itself raises
        return False


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
        return str.__str__(str(value))  # which may be one of a kind of its own, and that is no JSON
    except Exception as error:  # a caller's broken __str__ must not break the caller
        return f"<{type(value).__name__}: str failed with {type(error).__name__}>"
