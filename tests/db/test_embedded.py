"""
The embedded server's ordinary life: starting, sharing, leaving, stopping.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from masterops.db import _places
from masterops.db.embedded import Embedded
from masterops.errors import DataDirectoryUnusable, EmbeddedInUse

from .conftest import AS_ROOT, User, dispose, wait_until

Make = Callable[..., User]


@pytest.fixture
def running(home: Path) -> Iterator[Path]:
    """A home whose server runs, for tests that only look."""
    with Embedded(home).running():
        yield home


def test_a_first_acquire_makes_a_database_that_can_be_used_at_once(fresh_home: Path) -> None:
    """
    Nothing is installed or configured before: the URL leads to an empty database in UTF-8 and UTC.
    """
    with Embedded(fresh_home).running() as url, psycopg.connect(url) as connection:
        asked = "SELECT current_database(), current_user, getdatabaseencoding(), current_setting('timezone')"
        answer = connection.execute(asked).fetchone()

    assert ("masterops", "postgres", "UTF8", "UTC") == answer


def test_data_stay_when_the_server_is_stopped_and_started(home: Path) -> None:
    """
    The last user stops the server, and the next one finds what was written.
    """
    with Embedded(home).running() as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    stopped = Embedded(home).status()
    with Embedded(home).running() as url, psycopg.connect(url) as connection:
        answer = connection.execute("SELECT answer FROM kept").fetchone()

    assert not stopped.running
    assert (42,) == answer


def test_the_server_is_durable_and_deaf_to_the_network(running: Path) -> None:
    """
    Committed means on disk, and only this machine's owner of the folder is let in.
    """
    with Embedded(running).running() as url, psycopg.connect(url) as connection:
        names = ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "shared_buffers")
        values = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
        folder = Embedded(running).status().socket_directory

    assert [("on",), ("on",), ("on",), ("",), ("128MB",)] == values
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)


def test_only_the_first_start_takes_long(fresh_home: Path) -> None:
    """
    Making the cluster is done once, and joining a server that runs is far quicker than starting one.
    """
    embedded, second = Embedded(fresh_home), Embedded(fresh_home)
    taken = []
    for step in (embedded.acquire, embedded.release, embedded.acquire, second.acquire):
        before = time.perf_counter()
        step()
        taken.append(time.perf_counter() - before)
    second.release()
    embedded.release()
    cold, _, warm, attach = taken

    assert warm < cold
    assert attach < cold / 5


def test_one_process_may_acquire_it_several_times(home: Path) -> None:
    """
    The server goes only when it was released as often as acquired, and one release too many does nothing.
    """
    embedded = Embedded(home)
    first, second = embedded.acquire(), embedded.acquire()
    embedded.release()
    between = embedded.status().running
    embedded.release()
    embedded.release()

    assert first == second
    assert between
    assert not embedded.status().running


def test_processes_that_come_at_once_share_one_server(fresh_home: Path, users: Make) -> None:
    """
    Three start in the same moment on an empty home: one makes the cluster, all get the same server.
    """
    started = [users() for _ in range(3)]

    servers = {user.server() for user in started}
    status = Embedded(fresh_home).status()

    assert 1 == len(servers)
    assert {status.pid} == servers
    assert sorted(user.process.pid for user in started) == list(status.users)


@pytest.mark.skipif(not AS_ROOT, reason="only root hands its server to another account")
def test_a_folder_that_another_process_is_about_to_give_away_leads_nobody_elsewhere(fresh_home: Path) -> None:
    """
    Between making the folder and giving it to the server's account it is closed to that account: whoever
    comes in that moment still has to find the same place, else each of the two makes a cluster.
    """
    before = _places.choose(fresh_home, 18)
    (fresh_home / "postgres").mkdir(mode=0o700)

    assert before == _places.choose(fresh_home, 18)


def test_the_last_one_out_stops_it(home: Path, users: Make) -> None:
    """
    Whoever leaves while others remain leaves the server running.
    """
    first, second = users(), users()
    first.server(), second.server()
    first.leave()
    between = Embedded(home).status()
    second.leave()

    assert between.running
    assert (second.process.pid,) == between.users
    assert not Embedded(home).status().running


def test_stopping_is_refused_while_another_process_uses_it(home: Path, users: Make) -> None:
    """
    The refusal names the processes; with force it is stopped all the same.
    """
    user = users()
    user.server()

    with pytest.raises(EmbeddedInUse) as refused:
        Embedded(home).stop()

    assert str(user.process.pid) in refused.value.message
    assert Embedded(home).status().running
    assert Embedded(home).stop(force=True)
    assert not Embedded(home).stop()


def test_status_of_a_home_that_was_never_used_starts_nothing(fresh_home: Path) -> None:
    """
    Looking is free: no server, no files.
    """
    status = Embedded(fresh_home).status()

    assert (False, None, (), 0) == (status.running, status.pid, status.users, status.size_bytes)
    assert [] == list(fresh_home.iterdir())
    assert not Embedded(fresh_home).stop()


def test_status_describes_a_running_server(running: Path) -> None:
    """
    Process, version, places, users and size are what they are.
    """
    with Embedded(running).running() as url, psycopg.connect(url) as connection:
        status = Embedded(running).status()
        answer = connection.execute(
            "SELECT current_setting('server_version'), current_setting('data_directory')"
        )

    assert (status.version, str(status.data_directory)) == answer.fetchone()
    assert (os.getpid(),) == status.users
    assert status.size_bytes > 20_000_000
    assert status.log.stat().st_size > 0


def test_the_server_has_a_session_of_its_own(running: Path) -> None:
    """
    Ctrl-C in our terminal goes to our session, and so passes the server by.
    """
    with Embedded(running).running():
        server = Embedded(running).status().pid or 0

        assert server == os.getsid(server)
        assert os.getsid(0) != os.getsid(server)


def test_settings_of_the_environment_do_not_lead_it_astray(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    PGPORT and its like are about somebody else's server.
    """
    monkeypatch.setenv("PGPORT", "9")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGDATABASE", "other")

    with Embedded(running).running() as url, psycopg.connect(url) as connection:
        assert "masterops" == connection.info.dbname


def test_a_home_with_a_long_path_has_its_socket_elsewhere(fresh_home: Path) -> None:
    """
    A socket's path may hold about a hundred bytes; the folder is private wherever it is.
    """
    deep = fresh_home / ("a rather long name with spaces, " * 4) / "and 'quotes' \"too\""
    try:
        with Embedded(deep).running() as url, psycopg.connect(url) as connection:
            connection.execute("SELECT 1")
            folder = Embedded(deep).status().socket_directory

        assert len(os.fsencode(folder)) < 90
        assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
        shutil.rmtree(folder)
    finally:
        dispose(deep)


def test_a_link_planted_in_place_of_the_socket_folder_is_refused(fresh_home: Path) -> None:
    """
    In /tmp anybody can put something under a name that can be guessed.
    """
    places = _places.choose(fresh_home / ("x" * 100), 18)
    trap = fresh_home / "trap"
    trap.mkdir()
    places.sockets.symlink_to(trap)
    try:
        with pytest.raises(DataDirectoryUnusable, match="not a folder"):
            _places.private_folder(places.sockets, places.account)

        assert [] == list(trap.iterdir())
    finally:
        places.sockets.unlink()


def test_a_server_whose_socket_was_cleaned_away_is_started_anew(home: Path) -> None:
    """
    Cleaners of /tmp take sockets with them; the server behind it runs but nobody can reach it.
    """
    embedded = Embedded(home)
    embedded.acquire()
    before = embedded.status()
    for file in before.socket_directory.iterdir():
        file.unlink()

    url = embedded.acquire()

    assert before.pid != embedded.status().pid
    psycopg.connect(url).close()
    embedded.release()
    embedded.release()
    assert not embedded.status().running


def test_a_log_that_has_grown_is_set_aside(home: Path) -> None:
    """
    At most two files of about ten megabytes remain.
    """
    with Embedded(home).running():
        pass
    log = Embedded(home).status().log
    with log.open("ab") as file:
        file.truncate(11 * 1024 * 1024)

    with Embedded(home).running():
        pass

    assert log.stat().st_size < 100_000
    assert log.with_name("server.log.1").stat().st_size > 10_000_000


def test_a_user_that_waits_for_a_stopping_server_gets_a_new_one(home: Path, users: Make) -> None:
    """
    Leaving and coming at the same time never ends with a URL that leads nowhere.
    """
    for _ in range(3):
        first = users()
        first.server()
        assert first.process.stdin is not None
        first.process.stdin.write("\n")
        first.process.stdin.flush()
        with Embedded(home).running() as url:
            psycopg.connect(url).close()
        wait_until(lambda user=first: user.process.poll() is not None)  # type: ignore[misc]

    assert not Embedded(home).status().running


def test_a_closed_home_as_root_keeps_its_permissions(closed_home: Path) -> None:
    """
    Root's server runs under another account that cannot enter the folder: the data go elsewhere.
    """
    with Embedded(closed_home).running() as url:
        psycopg.connect(url).close()
        status = Embedded(closed_home).status()

    assert 0o700 == stat.S_IMODE(closed_home.stat().st_mode)
    if os.geteuid() == 0:
        assert _places.SHARED in status.data_directory.parents
        assert f"{closed_home}\n" == (status.data_directory.parent / "home").read_text()


def test_a_home_made_by_a_cautious_umask_works_too(fresh_home: Path) -> None:
    """
    Root with umask 077 makes a home that the server's account cannot enter.
    """
    home = fresh_home / "new"
    before = os.umask(0o077)
    try:
        with Embedded(home).running() as url:
            psycopg.connect(url).close()
    finally:
        os.umask(before)
        dispose(home)
