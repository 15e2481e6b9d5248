"""
PostgreSQL without installing it: a server of our own, started when first needed.

Every process that needs it acquires it and releases it; the last one out stops it. Processes that are
killed count as gone, and a server that outlives all its users is found and taken over by the next one.
Only the programs of the wheel are used; supervising them is done here, because a database that holds a
company's records has to survive everything that happens to the processes around it.

Calls block; from async code use a thread.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from masterops.db import _binaries, _cluster, _failures, _locks, _places, _postmaster, _server, _users
from masterops.db._binaries import Binaries
from masterops.db._places import Places
from masterops.db._postmaster import Postmaster
from masterops.errors import EmbeddedInUse


@dataclass(frozen=True, slots=True)
class EmbeddedStatus:
    """
    What there is to say about the embedded server; it can be asked without starting anything.
    """

    running: bool
    pid: int | None
    version: str
    data_directory: Path
    socket_directory: Path
    log: Path
    users: tuple[int, ...]  # process ids
    size_bytes: int


class Embedded:
    """
    The embedded server of one MASTEROPS_HOME, as this process uses it.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().resolve()
        self._guard = threading.Lock()  # between threads; between processes it is the start lock
        self._user: tuple[Path, int] | None = None
        self._times = 0
        self._url = ""
        self._process = 0

    def acquire(self) -> str:
        """
        Start the server or join it; answers the URL of the database.

        May be called repeatedly, and must be released as often.
        """
        with self._guard:
            self._forget_if_forked()
            with _failures.plainly(self.home):
                # First of all: where the data go depends on who may enter it.
                self.home.mkdir(parents=True, exist_ok=True)
            places = self._places()
            if self._times and (found := _postmaster.running(places)) and found.reachable:
                self._times += 1
                return self._url
            with _failures.plainly(places.base):
                _places.check(places)
                self._url = self._join(places, _binaries.reachable(_binaries.find(), places.account))
            self._times += 1
            return self._url

    def _join(self, places: Places, binaries: Binaries) -> str:
        _places.make(places, self.home)
        with _locks.held(places.start_lock, places.account) as lock:
            user = self._user or _users.join(places)
            try:
                server = _server.start(places, binaries, lock)
            except BaseException:
                if user != self._user:
                    _users.leave(*user)
                raise
            self._user = user
            return _url(server)

    def release(self) -> None:
        """Leave it; the last user of all stops it. Without a matching acquire nothing happens."""
        with self._guard:
            self._forget_if_forked()
            if not self._times:
                return
            self._times -= 1
            if self._times or self._user is None:
                return
            user, self._user = self._user, None
            places = self._places()
            with _failures.plainly(places.base), _locks.held(places.start_lock, places.account):
                _users.leave(*user)
                if not _users.sweep(places):
                    _server.stop(places)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Acquire it for the length of a `with`."""
        url = self.acquire()
        try:
            yield url
        finally:
            self.release()

    def stop(self, *, force: bool = False) -> bool:
        """Stop a server that was left running; True if there was one. Raises EmbeddedInUse unless `force`."""
        places = self._places()
        if not places.base.exists():
            return False
        with _failures.plainly(places.base), _locks.held(places.start_lock, places.account):
            others = sorted({pid for pid in _users.sweep(places) if pid != os.getpid()})
            if others and not force and _postmaster.running(places):
                raise EmbeddedInUse(count=len(others), pids=", ".join(map(str, others)))
            return _server.stop(places)

    def remove(self) -> None:
        """Stop the server, whoever uses it, and delete its data."""
        self.stop(force=True)
        places = self._places()
        with _failures.plainly(places.base):
            if places.base.exists():
                shutil.rmtree(places.base)

    def status(self) -> EmbeddedStatus:
        """How things stand; starts and changes nothing."""
        binaries = _binaries.find()
        places = _places.choose(self.home, binaries.major)
        with _failures.plainly(places.base):
            server = _postmaster.running(places)
            return EmbeddedStatus(
                running=server is not None,
                pid=server.pid if server else None,
                version=binaries.server_version,
                data_directory=places.data,
                socket_directory=(server and server.sockets) or places.sockets,
                log=places.log,
                users=tuple(sorted(set(_users.pids(places)))),
                size_bytes=_size(places.data),
            )

    def _places(self) -> Places:
        with _failures.plainly(self.home):
            return _places.choose(self.home, _binaries.find().major)

    def _forget_if_forked(self) -> None:
        """A forked child has our memory but not our part in the server."""
        if self._process != os.getpid():
            self._process, self._user, self._times = os.getpid(), None, 0


def _url(server: Postmaster) -> str:
    # Where the running server says its socket is: it may have been started with another environment.
    # The port is named because PGPORT would speak otherwise.
    folder = quote(str(server.sockets), safe="")
    return f"postgresql://postgres@/{_cluster.DATABASE}?host={folder}&port=5432"


def _size(folder: Path) -> int:
    """Bytes on disk; files come and go while we look."""
    total = 0
    for step, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(step) / name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total
