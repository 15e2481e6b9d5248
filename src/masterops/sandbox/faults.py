"""
Faults: what a twin should do wrong, for one business at one service, and the file that remembers it.

`faults.json` in the state directory maps a connection (`hubspot/teelixir`) to its fault. A command writes
it whether or not a twin is running; a running twin notices the change by itself. Each entry carries the
moment it was set: setting the same `times = 3` again must count from three again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from masterops import errors
from masterops.core import clock
from masterops.core.spelling import unknown
from masterops.sandbox import tokens

FILE = "faults.json"
LONGEST_WAIT_MS = 600_000
EFFECTS = ("status", "hang", "malformed", "garbage", "cut", "partial", "storm", "expired", "profile")


# What each is made of is in profiles.py.
PROFILES = ("flaky", "storm", "slow", "expired-token", "quota-low")


class Fault(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    One misbehaviour. At most one of the effects; a delay goes with any of them or alone.
    """

    status: int | None = None  # answer with this status and the service's own body for it
    hang: bool = False  # take the request and never answer
    malformed: bool = False  # do the work, then answer with half of a JSON document
    garbage: bool = False  # do the work, then answer with a page of HTML
    partial: bool = False  # leave out some inputs of a batch and say so (207); other requests are spared
    cut: bool = False  # do the work, then close the connection in the middle of the answer
    storm: bool = False  # refuse with 429, as if others were spending the limit
    expired: bool = False  # refuse the token with 401
    profile: str | None = None  # a mixture of faults by name: see profiles.py
    seed: int = 1  # of a profile: the same one meets the same requests
    crowd: int = 0  # calls of others that are spent with each of ours
    ratio: float = 1.0  # the part of requests that it meets
    times: int | None = None  # over after this many requests were met
    latency_ms: float = 0.0
    jitter_ms: float = 0.0  # up to this much more, at random
    retry_after: int | str | None = None  # sent as Retry-After with `status` and `storm`; text as it is

    @property
    def effect(self) -> str | None:
        """The one effect it has, or None when it only delays or spends."""
        return next((name for name in EFFECTS if getattr(self, name)), None)

    def named(self) -> dict[str, object]:
        """What was set, by name."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in said.items() if value != getattr(Fault(), name)}


class Entry(msgspec.Struct, frozen=True):
    """
    A fault as it stands in the file.
    """

    fault: Fault
    set_at: datetime


def parse(fields: Mapping[str, object]) -> Fault:
    """A fault from names and values. Raises UnknownName for a name, BadValue for a value."""
    for name in fields:
        if name not in Fault.__struct_fields__:
            raise unknown("fault", name, Fault.__struct_fields__)
    try:
        fault = msgspec.convert(dict(fields), Fault)
    except msgspec.ValidationError as error:
        raise errors.BadValue(value=dict(fields), kind="fault", reason=f"{error}.") from None
    return validate(fault)


def validate(fault: Fault) -> Fault:
    """The same fault, checked. Raises BadValue."""
    for wrong, name, reason in _rules(fault):
        if wrong:
            value = getattr(fault, name) if name else fault.named()
            raise errors.BadValue(value=value, kind=f"fault {name}".strip(), reason=reason)
    return fault


def _rules(fault: Fault) -> list[tuple[bool, str, str]]:
    effects = [name for name in EFFECTS if getattr(fault, name)]
    delays = bool(fault.latency_ms or fault.jitter_ms or fault.crowd)
    longest = f"give milliseconds from 0 to {LONGEST_WAIT_MS}."
    return [
        (
            fault.status is not None and not 400 <= fault.status <= 599,
            "status",
            "give a status from 400 to 599.",
        ),
        (not 0 < fault.ratio <= 1, "ratio", "give a part of 1, above 0: 0.2 is every fifth request."),
        (fault.times is not None and fault.times < 1, "times", "give 1 or more."),
        (not 0 <= fault.latency_ms <= LONGEST_WAIT_MS, "latency_ms", longest),
        (not 0 <= fault.jitter_ms <= LONGEST_WAIT_MS, "jitter_ms", longest),
        (
            _odd(fault.retry_after),
            "retry_after",
            "give seconds, or up to 60 plain characters.",
        ),
        (fault.crowd < 0, "crowd", "give calls, 0 or more."),
        (
            fault.profile is not None and fault.profile not in PROFILES,
            "profile",
            f"choose one of {', '.join(PROFILES)}.",
        ),
        (fault.profile is not None and delays, "profile", "a profile brings its own delays and spending."),
        (len(effects) > 1, "", f"only one of {', '.join(effects)} at a time."),
        (
            not effects and not delays,
            "",
            f"it does nothing; give one of {', '.join(EFFECTS)}, latency_ms.",
        ),
        (
            fault.retry_after is not None and fault.effect not in ("status", "storm"),
            "retry_after",
            "it goes with status or storm only.",
        ),
    ]


def _odd(retry_after: int | str | None) -> bool:
    if isinstance(retry_after, int):
        return retry_after < 0
    text = retry_after or "-"
    return not (text.isascii() and text.isprintable() and len(text) <= 60)


def load_faults(state_dir: Path) -> dict[str, Fault]:
    """The faults set in `state_dir`, by connection. Raises SandboxState when the file cannot be read."""
    return {connection: entry.fault for connection, entry in load_entries(state_dir).items()}


def save_fault(state_dir: Path, connection: str, fault: Fault | None) -> None:
    """Set the fault of `connection` (`hubspot/teelixir`), or remove it with None."""
    check_connection(connection)
    with _changing(state_dir) as entries:
        entries.pop(connection, None)
        if fault is not None:
            entries[connection] = Entry(validate(fault), clock.now())


def clear_faults(state_dir: Path) -> None:
    """Remove every fault, also where the file is broken: this is how one gets out of that."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        _write(state_dir / FILE, {})
    except OSError as error:
        raise errors.SandboxState(path=state_dir, reason=error.strerror) from None


def remove_entry(state_dir: Path, connection: str, spent: Entry) -> None:
    """Remove `spent`, unless another fault has taken its place in the meantime."""
    with _changing(state_dir) as entries:
        if entries.get(connection) == spent:
            del entries[connection]


def load_entries(state_dir: Path) -> dict[str, Entry]:
    """As `load_faults`, with the moments they were set."""
    path = state_dir / FILE
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=dict[str, Entry])
        for connection, entry in entries.items():
            check_connection(connection)
            validate(entry.fault)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise errors.SandboxState(path=path, reason=error.strerror) from None
    except (msgspec.DecodeError, errors.UsageError) as error:
        raise errors.SandboxState(path=path, reason=f"{error}") from None
    return entries


def check_connection(connection: str) -> None:
    """Raise UnknownName or BadValue unless `connection` is `service/business` of a twin."""
    service, slash, business = connection.partition("/")
    if not slash:
        reason = "write service/business, like hubspot/teelixir."
        raise errors.BadValue(value=connection, kind="connection", reason=reason)
    tokens.check_service(service)
    tokens.check_slug(business)


@contextmanager
def _changing(state_dir: Path) -> Iterator[dict[str, Entry]]:
    """The entries, to be changed; written back whole while no other process does the same."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with (state_dir / f"{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = load_entries(state_dir)
            before = dict(entries)
            yield entries
            if entries != before:
                _write(state_dir / FILE, entries)
    except OSError as error:
        raise errors.SandboxState(path=state_dir, reason=error.strerror) from None


def _write(path: Path, entries: Mapping[str, Any]) -> None:
    """Beside it, then renamed over it: a reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(
        msgspec.json.format(msgspec.json.encode(dict(sorted(entries.items()))), indent=2) + b"\n"
    )
    beside.replace(path)
