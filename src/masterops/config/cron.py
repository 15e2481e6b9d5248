"""
Whether a text is a schedule in cron's five fields.

Checked at start, because the engine reads a schedule hours after the mistake was made.
"""

from __future__ import annotations

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

# name, lowest, highest, words
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, DAYS),
)
# Of the months that are shorter than others; February has 29 at times.
LAST_DAY = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_ITEM = r"(?:\*|(?P<first>[a-z]+|[0-9]{1,2})(?:-(?P<last>[a-z]+|[0-9]{1,2}))?)(?:/(?P<step>[0-9]{1,2}))?"


def flaw(text: str) -> str | None:
    """What is wrong with a schedule; None when nothing is."""
    return misspelt(text) or (f"{text!r}, which never comes" if not comes(text) else None)


def misspelt(text: str) -> str | None:
    """What is wrong with how a schedule is written."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        return f"{len(fields)} field(s)"
    for field, (name, lowest, highest, words) in zip(fields, FIELDS, strict=True):
        if not all(_item_is_right(item, lowest, highest, words) for item in field.lower().split(",")):
            return f"{field!r} as {name} ({lowest}-{highest})"
    return None


def comes(text: str) -> bool:
    """Whether one that is written rightly ever comes: a month has the day, or a day of the week is named."""
    days, months, weekdays = text.split()[2:]
    first = min(_values(days, *FIELDS[2][1:]))
    return weekdays != "*" or any(first <= LAST_DAY.get(each, 31) for each in _values(months, *FIELDS[3][1:]))


def _values(field: str, lowest: int, highest: int, words: tuple[str, ...]) -> set[int]:
    """What a field stands for that is right."""
    found: set[int] = set()
    for item in field.lower().split(","):
        match = re.fullmatch(_ITEM, item)
        assert match is not None
        first = _number(match["first"], lowest, words) if match["first"] else lowest
        open_ended = match["first"] is None or match["step"] is not None
        last = _number(match["last"], lowest, words) if match["last"] else highest if open_ended else first
        found.update(range(first, last + 1, int(match["step"] or 1)))
    return found


def _item_is_right(item: str, lowest: int, highest: int, words: tuple[str, ...]) -> bool:
    match = re.fullmatch(_ITEM, item)
    if match is None or (match["step"] is not None and not 1 <= int(match["step"]) <= highest):
        return False
    ends = [_number(each, lowest, words) for each in (match["first"], match["last"]) if each]
    return all(lowest <= end <= highest for end in ends) and ends == sorted(ends)


def _number(text: str, lowest: int, words: tuple[str, ...]) -> int:
    """The number that a field's item stands for; -1, which no field allows, for an unknown word."""
    if text.isdigit():
        return int(text)
    return words.index(text) + lowest if text in words else -1
