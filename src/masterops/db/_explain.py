"""
From psycopg's exceptions to ours.

A server that answers sends a five-character code (SQLSTATE), which decides. When the connection was
never made there is often only a sentence of libpq's, so that is read as well; a server that speaks
another language still counts as one that answered, and its sentence is passed on.

Passwords never appear: libpq keeps them out of its sentences, and addresses go through `safe_url`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict

from masterops.errors import (
    DatabaseError,
    DatabaseLost,
    DatabaseRefused,
    DatabaseUnreachable,
    DiskFull,
)

Make = Callable[[str, str], DatabaseError]  # where, reason

# `connection to server at "h", port 1 failed: FATAL:  the sentence`
SERVER_SAID = re.compile(r"failed: ([A-ZÀ-Ý]{3,}):\s+(.+?)\s*$", re.MULTILINE)
NEVER_MADE = re.compile(
    r"connection failed|connection is bad|connection to server|resolve host|translate host|timeout"
)


def _unreachable(where: str, reason: str) -> DatabaseError:
    return DatabaseUnreachable(where=where, reason=reason)


def _refused(where: str, reason: str) -> DatabaseError:
    return DatabaseRefused(where=where, reason=reason)


def _read_only(where: str, reason: str) -> DatabaseError:
    hint = (
        "Name the primary in `database.url`, or switch default_transaction_read_only off for this database."
    )
    return DatabaseRefused(where=where, reason=reason, hint=hint)


def _lost(where: str, reason: str) -> DatabaseError:
    return DatabaseLost(where=where, reason=reason)


def _full(where: str, reason: str) -> DatabaseError:
    return DiskFull(path=f"the database at {where}", reason=reason)


def _other(where: str, reason: str) -> DatabaseError:
    return DatabaseError(where=where, reason=reason)


# SQLSTATE, or its class of two characters -> our error and our words; None keeps the server's.
STATES: dict[str, tuple[Make, str | None]] = {
    "25P03": (_lost, "we were silent in the middle of a transaction for too long"),
    "28": (_refused, None),
    "28P01": (_refused, "wrong user or password"),
    "3D000": (_refused, None),
    "42501": (_refused, None),
    "25006": (_read_only, "it is read-only (a standby, or set so)"),
    "53100": (_full, None),
    "53200": (_unreachable, "it is out of memory"),
    "53300": (_unreachable, "all its connections are taken"),
    "55P03": (_other, "another session holds a lock on it"),
    "57014": (_other, "the statement took too long and was ended"),
    "57P01": (_lost, "the server was shut down"),
    "57P02": (_lost, "the server restarts after a crash"),
    "57P03": (_unreachable, "it is starting up or shutting down"),
    "08": (_lost, None),
}
# Sentences of a server that turned a login down, where the code does not reach us.
SENTENCES: tuple[tuple[str, str], ...] = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("too many c", "53300"),  # "too many clients already", "too many connections for role"
    ("remaining connection slots", "53300"),
    ("the database system is", "57P03"),
    ("No space left on device", "53100"),
)
TRANSPORT: tuple[tuple[str, str], ...] = (
    ("Connection refused", "nothing listens there"),
    ("No such file or directory", "there is no such socket: the server is not running"),
    ("could not translate host name", "the host name cannot be resolved"),
    ("failed to resolve host", "the host name cannot be resolved"),
    ("Name or service not known", "the host name cannot be resolved"),
    ("timeout", "no answer in time"),
    ("No route to host", "there is no way to that host"),
    ("Network is unreachable", "there is no way to that network"),
    ("server closed the connection", "it closed the connection"),
)
SCHEMES = ("postgresql", "postgres")
TLS = ("SSL", "certificate", "sslmode", "sslrootcert")


def explain(exc: psycopg.Error, where: str) -> DatabaseError:
    """The error of ours that stands for one of psycopg's; `where` is what a person calls the server."""
    if isinstance(exc, psycopg_pool.PoolTimeout):
        reason = "all connections of the pool are in use, and none came free in time"
        return DatabaseUnreachable(
            where=where, reason=reason, hint="Do less at a time, or allow more connections."
        )
    if isinstance(exc, psycopg_pool.PoolClosed):
        return _lost(where, "the pool was closed")
    state = getattr(exc, "sqlstate", None)
    if state:
        return _by_state(state, _primary(exc), where)
    if isinstance(exc, psycopg.OperationalError):
        return _by_sentence(str(exc), where)
    return _other(where, _first_line(str(exc)))


def is_starting(exc: psycopg.Error) -> bool:
    """Whether the server turned us away because it is not ready yet (or not any more)."""
    return getattr(exc, "sqlstate", None) == "57P03" or "the database system is" in str(exc)


def _by_state(state: str, said: str, where: str) -> DatabaseError:
    make, words = STATES.get(state) or STATES.get(state[:2]) or (_other, None)
    return make(where, words or said)


def _by_sentence(text: str, where: str) -> DatabaseError:
    answered = SERVER_SAID.search(text)
    said = answered[2] if answered else _first_line(text).rpartition("failed: ")[2]
    known = next((state for sign, state in SENTENCES if sign in said), "28" if answered else None)
    if known:
        return _by_state(known, said, where)
    if any(sign in text for sign in TLS) and "server closed" not in text:
        return _refused(where, f"no secure connection: {said}")
    reason = next((words for sign, words in TRANSPORT if sign in text), said)
    return (_unreachable if NEVER_MADE.search(text) else _lost)(where, reason)


def _primary(exc: Exception) -> str:
    """The server's sentence without its context, which may quote data."""
    diagnostics = getattr(exc, "diag", None)
    return getattr(diagnostics, "message_primary", None) or _first_line(str(exc))


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0]


def read_url(url: str) -> dict[str, Any] | None:
    """
    The parts of an address, or None when it cannot be what was meant.

    A password with a raw `/`, `#` or `@` in it moves into host, port or database, where it would be
    shown; libpq sees nothing wrong with that.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return None
    scheme, separator, rest = url.partition("://")
    authority, _, path = rest.partition("?")[0].partition("/")
    if separator and scheme in SCHEMES and (authority.count("@") > 1 or "@" in path):
        return None
    ports = str(parts.get("port") or "0").split(",")
    return parts if all(not port or port.isdecimal() for port in ports) else None


def safe_url(url: str) -> str:
    """The address without its password, fit for logs; an unreadable one shows nothing of itself."""
    parts = read_url(url)
    if parts is None:
        return "(unreadable database URL)"
    user, host = parts.get("user"), str(parts.get("host") or parts.get("hostaddr") or "")
    port, database = parts.get("port"), parts.get("dbname")
    at = f"{quote(str(user), safe='')}@" if user else ""
    # A folder is a Unix socket; it reads better as it is than percent-encoded into the host's place.
    place = f"{host}:{port}" if port and not host.startswith("/") else host
    return f"postgresql://{at}{place}" + (f"/{quote(str(database), safe='')}" if database else "")
