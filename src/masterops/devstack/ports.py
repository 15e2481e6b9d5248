"""
The ports of the stack. All of them are on 127.0.0.1: nothing of it is for other machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from masterops import errors
from masterops.core.spelling import unknown
from masterops.devstack.backends import Backend

HOST = "127.0.0.1"
LARGEST = 65_535


class Port(NamedTuple):
    """
    One port: its name, the variable that sets it, what answers there, and on which backends.
    """

    name: str
    variable: str
    default: int
    what: str
    backends: tuple[Backend, ...]


PORTS = (
    Port("gateway", "GATEWAY_PORT", 54321, "Supabase's APIs: auth, rest, realtime, storage", ("docker",)),
    Port("db", "DB_PORT", 54322, "PostgreSQL", ("docker",)),
    Port("studio", "STUDIO_PORT", 54323, "Supabase Studio", ("docker",)),
    Port("analytics", "ANALYTICS_PORT", 54327, "Logflare; with the profile `analytics` alone", ("docker",)),
    Port("n8n", "N8N_PORT", 5678, "n8n: editor, API, webhooks", ("docker", "native")),
    Port("ops", "OPS_PORT", 8470, "Master-Ops: health, status, pings", ("docker", "native", "embedded")),
    Port("n8n-broker", "N8N_BROKER_PORT", 5679, "n8n: for its own task runner", ("native",)),
    Port("n8n-worker", "N8N_WORKER_PORT", 5680, "the worker's health", ("native",)),
    Port("n8n-worker-broker", "N8N_WORKER_BROKER_PORT", 5681, "for the worker's task runner", ("native",)),
    Port("redis", "REDIS_PORT", 16379, "Redis: n8n's queue", ("native",)),
    Port("twins", "TWINS_PORT", 8471, "the twins of HubSpot and others", ("native",)),
)


def of(backend: Backend) -> tuple[Port, ...]:
    """The ports of one backend."""
    return tuple(port for port in PORTS if backend in port.backends)


def chosen(backend: Backend, values: Mapping[str, str]) -> dict[str, int]:
    """The numbers by name, as `values` (variables) say or by default. Raises BadValue."""
    found = {
        port.name: number(values.get(port.variable) or str(port.default), port.variable)
        for port in of(backend)
    }
    names: dict[int, str] = {}
    for name, value in found.items():
        if value in names:
            raise errors.BadValue(
                value=value, kind="port", reason=f"it is given to both {names[value]} and {name}"
            )
        names[value] = name
    return found


def given(backend: Backend, words: Iterable[str]) -> dict[str, str]:
    """The variables that `--port NAME=NUMBER` sets. Raises UnknownName or BadValue."""
    by_name = {port.name: port for port in of(backend)}
    found = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise errors.BadValue(value=word, kind="port", reason="write NAME=NUMBER, like n8n=15678")
        if name not in by_name:
            raise unknown("port", name, by_name)
        found[by_name[name].variable] = str(number(text, f"port of {name}"))
    return found


def number(text: str, what: str) -> int:
    """A port number. Raises BadValue."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST:
        return int(text)
    raise errors.BadValue(value=text, kind=what, reason=f"write a number from 1 to {LARGEST}")
