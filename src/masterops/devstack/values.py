"""
What the stack's file of variables holds, and how each value comes to be.

Pure but for the random numbers. No value has a default that opens anything: each machine makes its own, and
they are written to a file that its owner alone can read. A value that is there is never made again, because
the database and n8n keep what they were given first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from masterops.devstack import ports
from masterops.devstack.backends import Backend

KEY_SECONDS = 10 * 365 * 86_400
OWNER_EMAIL = "owner@masterops.localhost"
Values = Mapping[str, str]


class Value(NamedTuple):
    """
    One value: what it is for, and how it is made from those before it at a moment (seconds since 1970).
    """

    name: str
    what: str
    make: Callable[[Values, int], str]
    backends: tuple[Backend, ...] = ("docker",)
    secret: bool = True


def token(role: str, secret: str, now: int) -> str:
    """A key of Supabase: a JSON Web Token for `role`, signed with HS256."""
    claims = {"role": role, "iss": "supabase", "iat": now, "exp": now + KEY_SECONDS}
    head = _base64(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
    signed = f"{head}.{_base64(msgspec.json.encode(claims))}"
    mark = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_base64(mark)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _random(characters: int) -> Callable[[Values, int], str]:
    """Hexadecimal, so that it may stand in an address, in YAML and in a shell as it is."""
    return lambda values, now: secrets.token_hex(characters // 2)


def _key(role: str) -> Callable[[Values, int], str]:
    return lambda values, now: token(role, values["JWT_SECRET"], now)


# n8n wants a capital letter and a digit in the password of a person.
def _password(values: Values, now: int) -> str:
    return f"Ops1-{secrets.token_hex(16)}"


BOTH: tuple[Backend, ...] = ("docker", "native")
VALUES = (
    Value("POSTGRES_PASSWORD", "of PostgreSQL's and Supabase's roles", _random(48)),
    Value("JWT_SECRET", "signs Supabase's keys and tokens", _random(64)),
    Value("ANON_KEY", "Supabase's publishable key, signed with JWT_SECRET", _key("anon")),
    Value(
        "SERVICE_ROLE_KEY",
        "Supabase's secret key, signed with JWT_SECRET: goes round row level security",
        _key("service_role"),
    ),
    Value("SECRET_KEY_BASE", "of Realtime's own sessions", _random(64)),
    Value("REALTIME_KEY", "encrypts what Realtime keeps; exactly 16 characters", _random(16)),
    Value("META_KEY", "between Studio and meta", _random(32)),
    Value("LOGFLARE_PUBLIC_TOKEN", "may write to Logflare", _random(48)),
    Value("LOGFLARE_PRIVATE_TOKEN", "may do all at Logflare", _random(48)),
    Value("N8N_DB_PASSWORD", "of n8n's own role in PostgreSQL", _random(48)),
    Value("N8N_ENCRYPTION_KEY", "encrypts credentials in n8n; without it they are lost", _random(48), BOTH),
    Value("N8N_OWNER_EMAIL", "signs in to n8n", lambda values, now: OWNER_EMAIL, BOTH, secret=False),
    Value("N8N_OWNER_PASSWORD", "the password for that", _password, BOTH),
    Value("REDIS_PASSWORD", "of Redis", _random(48), BOTH),
)


def completed(backend: Backend, known: Values, now: int) -> dict[str, str]:
    """`known` with every value that is missing made; what is there stays as it is."""
    found = dict(known)
    for port in ports.of(backend):
        if not found.get(port.variable):
            found[port.variable] = str(port.default)
    for value in VALUES:
        if backend in value.backends and not found.get(value.name):
            found[value.name] = value.make(found, now)
    return found


def text(found: Values) -> str:
    """The file of variables, as Compose and Master-Ops both read it."""
    notes = {port.variable: port.what for port in ports.PORTS} | {each.name: each.what for each in VALUES}
    lines = ["# Of the local stack, made by `ops dev up`. It holds secrets: it is not for a repository."]
    for name, value in found.items():
        note = f"\n# {name}: {notes[name]}." if name in notes else ""
        lines.append(f"{note}\n{name}={value}".removeprefix("\n") if note else f"{name}={value}")
    return "\n".join(lines) + "\n"


def example() -> str:
    """`.env.docker.example`: every variable of the Compose file; secrets are left empty, to be made."""
    lines = [
        "# Variables of docker-compose.yml. `ops dev up` makes .env.docker with the same ones, readable for",
        "# you alone, in which what is empty here has values of this machine's own. Compose refuses to start",
        "# without them: there is no password that works by default.",
        "",
        "# Ports, all on 127.0.0.1.",
    ]
    lines += [f"{port.variable}={port.default}" for port in ports.of("docker")]
    for value in VALUES:
        if "docker" in value.backends:
            lines += ["", f"# {value.what[0].upper()}{value.what[1:]}."]
            lines.append(f"{value.name}=" + ("" if value.secret else value.make({}, 0)))
    return "\n".join(lines) + "\n"
