"""
The embedded server when processes die: nothing committed is lost, and nobody has to clean up by hand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from masterops.db import _processes
from masterops.db.embedded import Embedded

from .conftest import User, wait_until

pytestmark = pytest.mark.slow

Make = Callable[..., User]


class Writer(threading.Thread):
    """
    Commits one row after the other and remembers which were confirmed.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.confirmed: list[int] = []

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(
                    "DROP TABLE IF EXISTS written; CREATE TABLE written (id int PRIMARY KEY, filler text)"
                )
                for number in range(1_000_000):
                    connection.execute("INSERT INTO written VALUES (%s, repeat('x', 500))", [number])
                    self.confirmed.append(number)
        except psycopg.OperationalError:
            return


def test_every_committed_row_survives_kill_9_of_the_server(home: Path) -> None:
    """
    The postmaster is killed under load: the next acquire recovers, with all that was confirmed.
    """
    embedded = Embedded(home)
    writer = Writer(embedded.acquire())
    writer.start()
    wait_until(lambda: len(writer.confirmed) > 300)
    _kill(embedded.status().pid)
    url = embedded.acquire()
    writer.join()
    with psycopg.connect(url) as connection:
        found = {row[0] for row in connection.execute("SELECT id FROM written").fetchall()}
    embedded.release()
    embedded.release()

    assert set() == set(writer.confirmed) - found
    assert not embedded.status().running


def test_children_that_outlive_their_server_are_waited_for(home: Path) -> None:
    """
    A busy backend notices only later that its postmaster is gone; two servers on one data directory ruin it.
    """
    embedded = Embedded(home)
    url = embedded.acquire()
    before = embedded.status()
    with psycopg.connect(url) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        _kill(before.pid)
        waker = threading.Timer(1.0, os.kill, (backend, signal.SIGCONT))
        waker.start()
        started = time.monotonic()
        url = embedded.acquire()
        waited = time.monotonic() - started
    waker.join()
    psycopg.connect(url).close()
    embedded.release()
    embedded.release()

    assert waited > 0.9
    assert not _alive(backend)


def test_children_that_hang_are_ended(home: Path) -> None:
    """
    One that never notices is told to leave and then made to, so that a start never hangs for good.
    """
    embedded = Embedded(home)
    url = embedded.acquire()
    server = embedded.status()
    with psycopg.connect(url) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        _kill(server.pid)
        url = embedded.acquire()
    psycopg.connect(url).close()
    embedded.release()
    embedded.release()

    assert not _alive(backend)


def test_a_user_that_is_killed_counts_as_gone(home: Path, users: Make) -> None:
    """
    Its server goes on, is found by the next user, and stops with that one.
    """
    user = users()
    server = user.server()
    user.kill()
    left_running = Embedded(home).status()
    with Embedded(home).running():
        taken_over = Embedded(home).status()

    assert (server, ()) == (left_running.pid, left_running.users)
    assert (server, (os.getpid(),)) == (taken_over.pid, taken_over.users)
    assert not Embedded(home).status().running


def test_a_server_left_running_can_be_stopped(home: Path, users: Make) -> None:
    """
    After kill -9 of all its users `stop` needs no force, and leaves no process behind.
    """
    user = users()
    server = user.server()
    user.kill()

    assert Embedded(home).stop()
    assert not _alive(server)


def test_a_pid_file_that_names_a_stranger_is_recognised(home: Path) -> None:
    """
    After a reboot the number may belong to any program; it is neither taken for the server nor signalled.
    """
    with Embedded(home).running():
        pass
    data = Embedded(home).status().data_directory
    with subprocess.Popen(["sleep", "60"], cwd=data) as stranger:
        _write_pid_file(data, stranger.pid)
        before = Embedded(home).status().running
        stopped = Embedded(home).stop()
        with Embedded(home).running() as url:
            psycopg.connect(url).close()
        lives = stranger.poll() is None
        stranger.kill()

    assert not before
    assert not stopped
    assert lives


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_of_the_right_account_and_folder_but_another_age_is_no_server(home: Path) -> None:
    """
    Account and folder alone are not enough: a shell opened in the data directory has both.
    """
    with subprocess.Popen(["sleep", "60"], cwd=home) as stranger:
        now = time.time()
        owner = os.geteuid()
        young = _processes.is_postmaster(stranger.pid, home, owner, now)
        old = _processes.is_postmaster(stranger.pid, home, owner, now - 3600)
        foreign = _processes.is_postmaster(stranger.pid, home, owner + 1, now)
        elsewhere = _processes.is_postmaster(stranger.pid, Path("/"), owner, now)
        stranger.kill()
        wait_until(lambda: stranger.poll() is not None or _state(stranger.pid) == "Z")

    assert [True, False, False, False] == [young, old, foreign, elsewhere]


def test_a_zombie_is_no_server(home: Path) -> None:
    """
    A killed child keeps its number until it is waited for.
    """
    child = subprocess.Popen(["sleep", "60"], cwd=home)
    child.kill()
    wait_until(lambda: _state(child.pid) == "Z")

    assert not _processes.is_postmaster(child.pid, home, os.geteuid(), time.time())
    child.wait()


@pytest.mark.parametrize("delay", [0.3, 0.8])
def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(
    fresh_home: Path, users: Make, delay: float
) -> None:
    """
    Whenever the first user is killed, the next one gets a whole cluster and no debris stays.
    """
    user = users()
    time.sleep(delay)
    user.kill()

    with Embedded(fresh_home).running() as url:
        psycopg.connect(url).close()
    base = Embedded(fresh_home).status().data_directory.parent

    assert [] == list(base.glob("*.making-*"))
    assert "18" in [entry.name for entry in base.iterdir()]


def _write_pid_file(data: Path, pid: int) -> None:
    file = data / "postmaster.pid"
    lines = (pid, data, int(time.time()) - 86400, 5432, "/nowhere", "", "  1  2", "ready   ")
    file.write_text("".join(f"{line}\n" for line in lines))
    owner = data.stat()
    os.chown(file, owner.st_uid, owner.st_gid)


def _kill(pid: int | None) -> None:
    """Kill the postmaster, and wait until the operating system has done it."""
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    return _state(pid) not in ("", "Z")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
