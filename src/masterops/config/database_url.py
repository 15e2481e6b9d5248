"""
The address of a PostgreSQL: its shape is checked and its password is never shown.

PostgreSQL's own rules for such an address differ from those of other URLs (several hosts, a password
among the options, no fragment), so it is read here by those rules.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from masterops.config.secret import MASK, Secret

# Options that may be shown; any other may be a password (`password`, `sslpassword`, what comes next).
HARMLESS = frozenset({"application_name", "connect_timeout", "host", "port", "dbname", "user",
                      "sslmode", "target_session_attrs"})  # fmt: skip

# Patterns stay texts until they are needed: compiling them all would cost every start some milliseconds.
_SHAPE = (
    r"(?P<scheme>postgres(?:ql)?)://"
    r"(?:(?P<user>[^:@/?\s]*)(?::(?P<password>[^@/?\s]*))?@)?"
    r"(?P<hosts>[^@/?\s]*)"
    r"(?:/(?P<name>[^@/?\s]*))?"
    r"(?:\?(?P<options>[^@?\s]*))?"
)
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._~%-]*)(?::(?P<port>[0-9]{0,5}))?"
_OPTION = r"(?P<key>[a-z_]+)=(?P<value>[^=&]*)"
LARGEST_PORT = 65535


class DatabaseUrl(Secret):
    """
    A checked address. It prints whole but for its password.
    """

    __slots__ = ()

    @property
    def shown(self) -> str:
        """The address with `***` for the password and for options that may hold one."""
        parts = _parts(self.reveal())
        if isinstance(parts, str):
            return MASK
        user = f"{parts.user}:{MASK}@" if parts.password else f"{parts.user}@" if parts.user else ""
        name = f"/{parts.name}" if parts.name is not None else ""
        options = "?" + "&".join(_shown_option(*each) for each in parts.options) if parts.options else ""
        return f"{parts.scheme}://{user}{parts.hosts}{name}{options}"

    @property
    def has_password(self) -> bool:
        """Whether something in it has to be kept secret."""
        parts = _parts(self.reveal())
        return (
            isinstance(parts, str)
            or bool(parts.password)
            or any(key not in HARMLESS for key, _ in parts.options)
        )


def flaw(text: str) -> str | None:
    """What keeps `text` from being the address of a PostgreSQL, never quoting it; None when nothing does."""
    parts = _parts(text)
    return parts if isinstance(parts, str) else None


class _Parts(NamedTuple):
    scheme: str
    user: str
    password: str
    hosts: str
    name: str | None
    options: list[tuple[str, str]]


def _parts(text: str) -> _Parts | str:
    """The parts of an address, or what is wrong with it."""
    if not re.match(r"postgres(?:ql)?://", text):
        return "a text that does not begin with postgresql://"
    if re.search(r"\s", text):
        return "one with a blank in it"
    match = re.fullmatch(_SHAPE, text)
    if match is None:
        # A raw one of these in a password moves the border between password and host.
        return "one whose password or name has a bare @, :, / or ? in it (write %40, %3A, %2F, %3F)"
    if not all(_host_is_right(each) for each in match["hosts"].split(",")):
        return "one whose host or port is not right"
    options = [re.fullmatch(_OPTION, each) for each in (match["options"] or "").split("&") if each]
    if not all(options):
        return "one whose options are not key=value"
    pairs = [(each["key"], each["value"]) for each in options if each]
    return _Parts(
        match["scheme"], match["user"] or "", match["password"] or "", match["hosts"], match["name"], pairs
    )


def _host_is_right(text: str) -> bool:
    match = re.fullmatch(_HOST, text)
    return match is not None and int(match["port"] or 0) <= LARGEST_PORT


def _shown_option(key: str, value: str) -> str:
    return f"{key}={value if key in HARMLESS else MASK}"
