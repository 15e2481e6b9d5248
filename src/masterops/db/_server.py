"""
Starting and stopping the server. Everything here happens under the start lock.

The server is our child in name only: it has its own session, so that Ctrl-C in the terminal and kill -9
of Python pass it by, and it holds `server.lock`, which every process of it inherits. As long as that
lock is held the data directory is in use, whatever the pid file says.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from masterops.db import _cluster, _failures, _locks, _places, _postmaster, _processes
from masterops.db._binaries import Binaries
from masterops.db._places import Places
from masterops.db._postmaster import Postmaster
from masterops.errors import EmbeddedFailed

SOCKET = ".s.PGSQL.5432"
LONGEST_RECOVERY = 300.0
LONGEST_STOP = 60.0
LONGEST_ABORT = 15.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024
# Kept so that they are reaped, else a server that was killed stays a zombie until Python ends.
_children: list[subprocess.Popen[bytes]] = []


def start(places: Places, binaries: Binaries, start_lock: int) -> Postmaster:
    """The server of this cluster, ready: the one that runs, or a new one, made from nothing if need be."""
    reap()
    found = _postmaster.running(places)
    if found and found.state == "ready" and not found.reachable:
        stop(places)  # nobody can reach it any more; its data are safe
        found = None
    if found and found.state != "stopping":
        return _await_ready(places, found.pid, lambda: _postmaster.running(places) is None, _size(places.log))
    _await_vacant(places)
    if not places.data.exists():
        _cluster.create(places, binaries, start_lock)
    # Nobody holds the server's lock, so this file is stale, even if its number is a living process's.
    (places.data / _postmaster.NAME).unlink(missing_ok=True)
    # So are its socket and the socket's lock. PostgreSQL would believe the number in that one: a killed
    # server stays a zombie, and so "alive", as long as the process that started it does not look.
    for name in (SOCKET, f"{SOCKET}.lock"):
        (places.sockets / name).unlink(missing_ok=True)
    return _launch(places, binaries)


def stop(places: Places) -> bool:
    """Stop the server in good order; True if there was one."""
    found = _postmaster.running(places)
    if found is None:
        return False
    for sign, patience in ((signal.SIGINT, LONGEST_STOP), (signal.SIGQUIT, LONGEST_ABORT)):
        os.kill(found.pid, sign)
        if _until(lambda: not _in_use(places), patience):
            return True
    raise EmbeddedFailed(reason=f"process {found.pid} does not end", log=places.log)


def _launch(places: Places, binaries: Binaries) -> Postmaster:
    rotate(places.log)
    sockets = places.sockets
    _places.private_folder(sockets, places.account)
    before = _size(places.log)
    child = _spawn(_command(places, binaries, sockets), places)
    _children.append(child)
    try:
        return _await_ready(places, child.pid, lambda: child.poll() is not None, before)
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        raise


def _command(places: Places, binaries: Binaries, sockets: Path) -> list[str]:
    """What must hold whatever postgresql.conf says: no network, our socket, our log, nothing unsafe."""
    quoted = '"' + str(sockets).replace('"', '""') + '"'
    fixed = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": quoted,
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_timezone": "UTC",
        "fsync": "on",
        "full_page_writes": "on",
        "shared_preload_libraries": "",
    }
    settings = [part for name, value in fixed.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.postgres), "-D", str(places.data), *settings]


def _spawn(command: list[str], places: Places) -> subprocess.Popen[bytes]:
    lock = _locks.opened(places.server_lock, places.account)
    log = os.open(places.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        places.account.give(log)
        _locks.take(lock)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_cluster.environment(),
            start_new_session=True,
            pass_fds=(lock,),
            umask=0o077,
            **places.account.identity,
        )
    finally:
        # Closed, not unlocked: the lock goes on in the server's copy of the descriptor.
        os.close(lock)
        os.close(log)


def _await_ready(places: Places, pid: int, has_ended: Callable[[], bool], log_start: int) -> Postmaster:
    """Recovery after a crash may take minutes, so the only short limit is the life of the process."""
    ready: list[Postmaster] = []

    def settled() -> bool:
        found = _postmaster.read(places.data)
        if found and found.pid == pid and found.state == "ready":
            ready.append(found)
        return bool(ready) or has_ended()

    if not _until(settled, LONGEST_RECOVERY):
        reason = (
            f"it is still recovering after {LONGEST_RECOVERY:.0f} s and goes on doing so; try again later"
        )
        raise EmbeddedFailed(reason=reason, log=places.log)
    if ready:
        return ready[0]
    raise _failures.from_output(_tail(places.log, log_start), places.data, places.log)


def _await_vacant(places: Places) -> None:
    """
    Wait until no process of a former server holds the data.

    A server that is killed leaves children, which notice soon; one that hangs is told to leave. They are
    never given less than a moment: it is they who may be writing.
    """
    for sign, patience in ((None, 2.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 10.0)):
        if sign is not None:
            for pid in _processes.left_behind(places.data, places.account.uid):
                _signal(pid, sign)
        stopping = LONGEST_STOP if _postmaster.running(places) else patience
        if _until(lambda: not _in_use(places), stopping):
            return
    raise EmbeddedFailed(reason="processes of a former server do not let go of the data", log=places.log)


def _in_use(places: Places) -> bool:
    reap()
    return _locks.is_held(places.server_lock) or _postmaster.running(places) is not None


def reap() -> None:
    """Forget servers of ours that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]


def rotate(log: Path) -> None:
    """Keep the log and its predecessor below about ten megabytes each."""
    if _size(log) > LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        pass


def _until(settled: Callable[[], bool], seconds: float) -> bool:
    """Ask often at first, when most answers come, and rarely after a while."""
    started = time.monotonic()
    while not settled():
        waited = time.monotonic() - started
        if waited > seconds:
            return False
        time.sleep(min(0.1, 0.002 + waited / 20))
    return True


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(max(start, _size(log) - 64 * 1024))
        return file.read().decode(errors="replace")
