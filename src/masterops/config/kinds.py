"""
The kinds of values that a setting can have: what is accepted, from a file and from a variable.

A kind answers with the value or raises `Unfit`, which says what was expected and what was there. It never
quotes a value that may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from masterops.config import cron

LONGEST_QUOTE = 40
LONGEST_SPAN_SECONDS = 2 * 366 * 86_400
# Patterns stay texts until they are needed: compiling them all would cost every start some milliseconds.
_URL = (
    r"(?i:https?)://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::[0-9]{1,5})?"
    r"(?:/[^?#\s]*)?(?P<query>[?#]\S*)?"
)
_HOST = r"[A-Za-z0-9._:-]+"
_VERSION = r"[A-Za-z0-9._-]+"


class Unfit(ValueError):
    """
    A value that a setting cannot have.
    """

    def __init__(self, expected: str, got: str) -> None:
        self.expected = expected
        self.got = got
        super().__init__(f"{expected}, not {got}")


class Kind(NamedTuple):
    """
    One kind: `read` checks a value from TOML, `parse` makes one from the text of a variable.
    """

    name: str  # for the printed reference
    read: Callable[[object], object]
    parse: Callable[[str], object] = str
    secret: bool = False

    def from_text(self, text: str) -> object:
        """The value that a variable's text stands for. Raises Unfit."""
        return self.read(self.parse(text.strip()))


def quoted(value: object) -> str:
    """A value as an error shows it: shortened, tables and lists by name only."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and value.bit_length() > LONGEST_QUOTE:
        return "a huge number"  # Python refuses to print the really huge ones
    text = repr(value) if isinstance(value, (str, int, float)) else str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def type_name(value: object) -> str:
    """What a value is, without the value: for those that may be secret."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        dict: "a table",
        list: "a list",
    }
    return names.get(type(value), "a date or time")


def _number_from(text: str) -> object:
    """A number where the text is one; else the text, for `read` to refuse in its own words."""
    for make in (int, float):
        try:
            return make(text)
        except ValueError:
            continue
    return text


def number(expected: str, *, above: float, most: float) -> Kind:
    """A number, whole or not; the bounds keep out what would never or always time out."""

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Unfit(expected, quoted(value))
        if not above < value <= most:
            raise Unfit(f"{expected} above {above:g} and up to {most:g}", quoted(value))
        return float(value)

    return Kind("number", read, _number_from)


def fraction(expected: str) -> Kind:
    """A number from 0 to 1, both included."""

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise Unfit(expected, quoted(value))
        return float(value)

    return Kind("share", read, _number_from)


def integer(expected: str, *, least: int, most: int) -> Kind:
    """A whole number."""

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(expected, quoted(value))
        if not least <= value <= most:
            raise Unfit(f"{expected} from {least} to {most}", quoted(value))
        return value

    return Kind("whole number", read, _number_from)


def choice(*names: str, aliases: dict[str, str] | None = None) -> Kind:
    """One of a few words, in any case."""
    allowed = {name: name for name in names} | (aliases or {})

    def read(value: object) -> object:
        word = value.strip().lower() if isinstance(value, str) else None
        if word not in allowed:
            raise Unfit(f"one of {', '.join(names)}", quoted(value))
        return allowed[word]

    return Kind(" \\| ".join(f"`{name}`" for name in names), read)


def text(expected: str, shape: str | None = None) -> Kind:
    """A text that is not empty, and has a shape where one is given."""

    def read(value: object) -> object:
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise Unfit(expected, quoted(value))
        if shape is not None and not re.fullmatch(shape, value):
            raise Unfit(expected, quoted(value))
        return value

    return Kind("text", read)


def names(expected: str) -> Kind:
    """One name, or a list of them."""

    def read(value: object) -> object:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not texts or not all(isinstance(e, str) and e for e in texts):
            raise Unfit(expected, quoted(value))
        return tuple(texts)

    return Kind("list of names", read)


def _read_boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise Unfit("true or false", quoted(value))
    return value


_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _boolean_from(text: str) -> object:
    return _WORDS.get(text.strip().lower(), text)


def _read_identifier(value: object) -> object:
    """Ids are texts with us; a file may give one as a number, because it looks like one."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value.strip()
    raise Unfit("an id (a text or a whole number)", quoted(value))


def _read_url(value: object) -> object:
    expected = "a URL such as https://api.example.com"
    match = re.fullmatch(_URL, value) if isinstance(value, str) else None
    if isinstance(value, str) and "@" in value:  # what stands before an @ may be a password
        raise Unfit(expected, "one with an @ in it (user and password do not belong there)")
    if match is None:
        raise Unfit(expected, quoted(value.partition("?")[0] if isinstance(value, str) else value))
    if match["query"]:  # it may hold a key, so it is not quoted
        raise Unfit(expected, "one with a query")
    return match[0].rstrip("/")


def _read_cron(value: object) -> object:
    expected = "a schedule of five fields such as `*/5 * * * *`"
    if not isinstance(value, str):
        raise Unfit(expected, quoted(value))
    if (wrong := cron.misspelt(value)) is not None:
        raise Unfit(expected, wrong)
    if not cron.comes(value):
        raise Unfit("a schedule of a day that there is", f"{value!r}, which never comes")
    return " ".join(value.split())


def _read_zone(value: object) -> object:
    """A name of the time zone database, as far as this machine has one."""
    expected = "a time zone such as Australia/Melbourne"
    if not isinstance(value, str):
        raise Unfit(expected, quoted(value))
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # costs every start some milliseconds

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unfit(expected, quoted(value)) from None
    return value


def _read_reference(value: object) -> object:
    """Secrets and addresses with a password are resolved elsewhere; here only the type is checked."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise Unfit("`env:NAME` or `file:PATH`", "an empty text" if isinstance(value, str) else type_name(value))


def _read_duration(value: object) -> object:
    """A span as it was written; what needs it in seconds reads it again."""
    expected = "a span such as 90s, 30m, 2h or 1d"
    if not isinstance(value, str):
        raise Unfit(expected, quoted(value))
    from masterops.core.durations import parse_duration
    from masterops.errors import BadValue

    try:
        seconds = parse_duration(value).total_seconds()
    except BadValue:
        raise Unfit(expected, quoted(value)) from None
    if not 0 < seconds <= LONGEST_SPAN_SECONDS:
        raise Unfit("a span of more than nothing and at most two years", quoted(value))
    return value.strip()


def _read_networks(value: object) -> object:
    """Addresses and networks: `10.0.0.0/8, ::1`, or a list."""
    from ipaddress import ip_network

    expected = "addresses or networks such as `127.0.0.1, 10.0.0.0/8`"
    parts = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise Unfit(expected, quoted(value))
    for part in filter(None, parts):
        try:
            ip_network(part)
        except ValueError:
            raise Unfit(expected, quoted(part)) from None
    return ", ".join(filter(None, parts))


def span(expected: str, *, least: float, most: float) -> Kind:
    """A length of time as people write it, `30s`; kept in seconds."""

    def read(value: object) -> object:
        from masterops.core.durations import parse_duration
        from masterops.errors import BadValue

        try:
            seconds = parse_duration(value).total_seconds() if isinstance(value, str) else None
        except BadValue:
            seconds = None
        if seconds is None:
            raise Unfit(expected, quoted(value))
        if not least <= seconds <= most:
            raise Unfit(f"{expected} from {least:g}s to {most:g}s", quoted(value))
        return seconds

    return Kind("duration", read)


def written_span(expected: str, *, least: float, most: float) -> Kind:
    """The same, kept as it was written; what needs it in seconds reads it again."""
    within = span(expected, least=least, most=most)

    def read(value: object) -> object:
        within.read(value)
        return str(value).strip()

    return Kind("span", read)


BOOLEAN = Kind("`true` \\| `false`", _read_boolean, _boolean_from)
IDENTIFIER = Kind("id", _read_identifier)
URL = Kind("URL", _read_url)
CRON = Kind("schedule", _read_cron)
DURATION = Kind("span", _read_duration)
NETWORKS = Kind("networks", _read_networks)
TIME_ZONE = Kind("time zone", _read_zone)
HOST = text("a host name or address", _HOST)
VERSION = text("a version such as 2026-03", _VERSION)
SECRET = Kind("reference to a secret", _read_reference, secret=True)
DATABASE_URL = Kind("PostgreSQL address, or a reference to one", _read_reference, secret=True)
