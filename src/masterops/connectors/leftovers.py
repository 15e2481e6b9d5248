"""
What a test made at an account and has not removed yet, kept on disk until it is.

A journal has a line as soon as the service has said that something was made, and one when it was removed, so
that a run which is interrupted, or killed, leaves a list. What was made without an answer that arrived is not
in it. Each line says with which credentials: an id means another record in another account.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from masterops import errors
from masterops.config import Connection, Secret
from masterops.transport import Reply, Request, Target


class Maker(msgspec.Struct, frozen=True):
    """
    A POST that makes something: its path (a pattern), and where the answer has the id; an empty `key` says
    that the path itself is the record's. What was made is removed by DELETE at `base` (the pattern's, or the
    path) and its id, after a POST to `first` below it.
    """

    path: str
    key: str = "id"
    first: str = ""


# By service: what its capabilities make. Associations, imports and exports leave nothing to be removed.
MAKERS: Mapping[str, Sequence[Maker]] = {
    "hubspot": (
        Maker(r"/crm/objects/[^/]+/[^/]+"),
        Maker(r"(?P<base>/crm/objects/[^/]+/[^/]+)/batch/create", key="results"),
        Maker(r"/crm/properties/[^/]+/[^/]+(/groups)?", key="name"),
        Maker(r"/crm/pipelines/[^/]+/[^/]+"),
    ),
    "n8n": (Maker(r".*/api/v1/workflows"),),
    "supabase": (Maker(r"/auth/v1/admin/users"), Maker(r"/storage/v1/bucket", key="name", first="/empty")),
    "unleashed": (Maker(r"/SalesOrders/[0-9a-fA-F-]{36}", key=""),),
}


class Leftover(msgspec.Struct, frozen=True):
    """
    One thing that was made: where it is, below which base URL, in whose account, and what must be asked for
    before it can be removed.
    """

    path: str
    base_url: str
    account: str
    first: str = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One line of a journal.
    """

    made: Leftover | None = None
    gone: str | None = None


class Journal:
    """
    The file of one connection.
    """

    def __init__(self, home: Path, connection: Connection) -> None:
        self._file = home / "leftovers" / f"{connection.id.replace('/', '-')}.jsonl"
        self._service, self._connection = connection.service, connection.id
        self._account = fingerprint(connection)
        self.targets: dict[str, Target] = {}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """
        Keep others from the list: what one run has just made is no leftover to another. Raises UsageError
        where there is one, LeftoversUnusable.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = self._file.with_suffix(".lock").open("wb")
        except OSError as error:
            raise errors.LeftoversUnusable(file=self._file, reason=error.strerror or str(error)) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                what = f"another run is trying {self._connection} at this moment"
                raise errors.UsageError(what=what, hint="Wait until it has ended.") from None
            yield

    def heard(self, target: Target, request: Request, reply: Reply) -> None:
        """Note what an answer says was made or removed, before anybody acts on it."""
        self.targets[target.base_url] = target
        lines = [
            Line(made=Leftover(path, target.base_url, self._account, first))
            for path, first in made(self._service, request, reply)
        ]
        lines += [Line(gone=path) for path in gone(request, reply)]
        if lines:
            self._append(lines)

    def left(self) -> list[Leftover]:
        """What was made and is not known to be gone, the last one first. Raises LeftoversUnusable."""
        found: dict[str, Leftover] = {}
        for line in self._lines():
            if line.made is not None:
                found[line.made.path] = line.made
            if line.gone is not None:
                found.pop(line.gone, None)
        return list(reversed(found.values()))

    def target(self, leftover: Leftover) -> Target | None:
        """How it is reached; None where that is not the account in which it was made, or not asked yet."""
        return self.targets.get(leftover.base_url) if leftover.account == self._account else None

    def forget(self, leftover: Leftover) -> None:
        """Take it for gone. Raises LeftoversUnusable."""
        self._append([Line(gone=leftover.path)])

    def close(self) -> None:
        """Remove the file when nothing is left."""
        if not self.left():
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def _append(self, lines: Sequence[Line]) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                file.truncate(_whole(self._file.read_bytes()))
                file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise errors.LeftoversUnusable(file=self._file, reason=error.strerror or str(error)) from None

    def _lines(self) -> list[Line]:
        try:
            body = self._file.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise errors.LeftoversUnusable(file=self._file, reason=error.strerror or str(error)) from None
        try:
            # A line that a crash cut off has no end: what it said was not promised to anybody.
            return [msgspec.json.decode(line, type=Line) for line in body.split(b"\n")[:-1]]
        except msgspec.DecodeError as error:
            raise errors.LeftoversUnusable(file=self._file, reason=str(error)) from None


def _whole(body: bytes) -> int:
    """Up to where a journal has whole lines: what a crash cut off must not begin the next."""
    return body.rfind(b"\n") + 1


def fingerprint(connection: Connection) -> str:
    """What tells a connection's credentials from others, and gives none of them away."""
    given = sorted((name, value) for name, value in connection.values.items() if isinstance(value, Secret))
    told = hashlib.blake2b(connection.id.encode(), digest_size=8)
    for name, value in given:
        told.update(f"{name}={value.reveal()}".encode())
    return told.hexdigest()


def made(service: str, request: Request, reply: Reply) -> list[tuple[str, str]]:
    """The paths at which an answer says that something was made, each with what must be asked for first."""
    if request.method != "POST" or not 200 <= reply.status < 300:
        return []
    path = _path(request)
    for maker in MAKERS.get(service, ()):
        found = re.fullmatch(maker.path, path)
        if found is not None:
            base = found.groupdict().get("base") or path
            return [(each, maker.first) for each in _places(base, maker.key, _json(reply.body))]
    return []


def gone(request: Request, reply: Reply) -> list[str]:
    """The paths at which nothing is any more."""
    if request.method == "DELETE" and (200 <= reply.status < 300 or reply.status == 404):
        return [_path(request)]
    base, _, verb = _path(request).rpartition("/batch/")
    if verb != "archive" or not 200 <= reply.status < 300:
        return []
    sent = _json(request.encoded() or b"")
    return [f"{base}/{each['id']}" for each in sent.get("inputs", []) if "id" in each]


def _places(base: str, key: str, answer: Any) -> list[str]:
    if not key:
        return [base]
    if key == "results":
        return [f"{base}/{each['id']}" for each in answer.get("results", []) if "id" in each]
    return [f"{base}/{answer[key]}"] if key in answer else []


def _path(request: Request) -> str:
    return request.url("").partition("?")[0]


def _json(body: bytes) -> Any:
    """An object; one without anything where the body is none."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
