"""
Real servers for the tests of `masterops.db`: the embedded one, and Debian's 15 over TCP where it exists.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from masterops.db import _account, _places
from masterops.db.embedded import Embedded
from masterops.testing import servers
from tests.debian import DEBIAN_15

PASSWORD = "s3cret/of#the@tests"
AS_ROOT = os.geteuid() == 0


def dispose(home: Path) -> None:
    """Stop whatever runs for `home` and remove every trace of it."""
    home = home.resolve()
    if home.exists():
        Embedded(home).stop(force=True)
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(_places.SHARED / _places.digest(home), ignore_errors=True)


def open_folder() -> Path:
    """A folder with a short path that other accounts may enter."""
    folder = Path(tempfile.mkdtemp(prefix="mops-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A MASTEROPS_HOME that nobody has used."""
    folder = open_folder()
    yield folder
    dispose(folder)


@pytest.fixture(scope="session")
def shared_home() -> Iterator[Path]:
    """Making a cluster takes longer than most tests, so they share one."""
    folder = open_folder()
    with Embedded(folder).running():
        pass
    yield folder
    dispose(folder)


@pytest.fixture
def home(shared_home: Path) -> Iterator[Path]:
    """A MASTEROPS_HOME that has a cluster, whose server is stopped."""
    yield shared_home
    Embedded(shared_home).stop(force=True)


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A MASTEROPS_HOME that nobody but its owner may enter, as mktemp makes it."""
    folder = Path(tempfile.mkdtemp(prefix="mops-", dir="/tmp"))
    yield folder
    dispose(folder)


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """The URL of a server of the embedded one's programs that lasts as long as the tests."""
    with servers.running(servers.newest_binaries(), timezone="UTC") as folder:
        yield servers.url(folder, "postgres")


@pytest.fixture(scope="session")
def debian_url() -> Iterator[str]:
    """The URL of Debian's PostgreSQL 15, over TCP on the loopback, with a password."""
    if not (DEBIAN_15 / "postgres").exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    account = _account.unprivileged() if AS_ROOT else _account.of(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="mops15-", dir=servers.place()))
    account.give(folder)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    account.give(secret)
    options = [
        "-A",
        "scram-sha-256",
        "--pwfile",
        str(secret),
        "-U",
        "owner",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    data, port = folder / "data", free_port()
    subprocess.run(
        [DEBIAN_15 / "initdb", "-D", data, "-N", *options],
        check=True, capture_output=True, cwd="/", **account.identity,
    )  # fmt: skip
    server = subprocess.Popen(
        [DEBIAN_15 / "postgres", "-D", data, "-p", str(port), "-k", "",
         *servers.options(listen_addresses="127.0.0.1")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd="/", **account.identity,
    )  # fmt: skip
    url = f"postgresql://owner:s3cret%2Fof%23the%40tests@127.0.0.1:{port}/postgres"
    try:
        wait_until(lambda: _answers(url))
        yield url
    finally:
        server.send_signal(2)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


BOTH = ["embedded", "debian-15"]


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh database, once on each server."""
    yield from _fresh(_server(request))


@pytest.fixture(scope="module", params=BOTH)
def common_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database that the tests of a module share, once on each server."""
    yield from _fresh(_server(request))


def _server(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("embedded_url" if request.param == "embedded" else "debian_url"))


@pytest.fixture
def embedded_database(embedded_url: str) -> Iterator[str]:
    """The URL of a fresh database on the embedded server."""
    yield from _fresh(embedded_url)


def _fresh(server: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield with_database(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def free_port() -> int:
    """A port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(settled: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


class User:
    """
    Another Python process that acquires the server of `home`, says so, and does what it is told.
    """

    SCRIPT = """
import sys
from pathlib import Path
from masterops.db.embedded import Embedded
from masterops.errors import MasterOpsError
embedded = Embedded(Path(sys.argv[1]))
try:
    url = embedded.acquire()
except MasterOpsError as error:
    print(error.code, error.message, flush=True)
    sys.exit(1)
print(embedded.status().pid, url, flush=True)
sys.stdin.readline()
embedded.release()
"""

    def __init__(self, home: Path, account: _account.Account | None = None) -> None:
        python = interpreter(account) if account else sys.executable
        self.process = subprocess.Popen(
            [python, "-c", self.SCRIPT, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            **(account.identity if account else {}),
        )

    def said(self) -> str:
        """Its next line: the server's process id and the URL, or an error."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def server(self) -> int:
        """The process id of the server that it has got."""
        return int(self.said().partition(" ")[0])

    def leave(self) -> None:
        """Have it release the server and end."""
        self.process.communicate("\n", timeout=60)

    def kill(self) -> None:
        """End it as the operating system does when memory runs out."""
        self.process.kill()
        self.process.communicate()


def interpreter(account: _account.Account) -> str:
    """A Python of our version that `account` may run: ours may lie in somebody's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if Path(candidate).exists() and _account.can_run(Path(candidate).resolve(), account):
            return candidate
    pytest.skip(f"no Python that {account.name} may run")


@pytest.fixture
def users(request: pytest.FixtureRequest) -> Iterator[Callable[..., User]]:
    """Makes users of the test's home; those still there at the end are killed."""
    home = request.getfixturevalue("fresh_home" if "fresh_home" in request.fixturenames else "home")
    made: list[User] = []

    def make(account: _account.Account | None = None) -> User:
        made.append(User(home, account))
        return made[-1]

    yield make
    for user in made:
        if user.process.poll() is None:
            user.kill()
