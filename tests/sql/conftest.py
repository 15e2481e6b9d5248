"""
Real PostgreSQL servers for the tests of the migrations, of the oldest and the newest version we run on.

Each server has one database that was migrated as on a Supabase project: the roles were there before, and
the owner is an ordinary role. A test works in a transaction that is rolled back, or, if it needs more than
one session, in a copy of that database.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from masterops.testing import servers
from tests.debian import DEBIAN_15

Connection = psycopg.Connection[dict[str, Any]]

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"
OWNER = "platform"
TEMPLATE = "migrated"
SHARED = "shared"  # a session in the template would keep it from being copied
SYDNEY = "Australia/Sydney"  # a view that forgets to say UTC is off by half a day


@dataclass(frozen=True)
class Server:
    """
    A running server: its major version, and where its socket is.
    """

    major: int
    socket: Path

    def connect(self, database: str, user: str = "postgres") -> Connection:
        """A session of its own, each statement its own transaction."""
        return psycopg.Connection[dict[str, Any]].connect(
            host=str(self.socket), dbname=database, user=user, autocommit=True, row_factory=dict_row
        )

    def create(self, name: str, *options: str) -> None:
        """Make a database."""
        with self.connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE {name} OWNER {OWNER} {' '.join(options)}".encode())

    def drop(self, name: str) -> None:
        """Remove a database and whoever is still in it."""
        with self.connect("postgres") as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def migrate(connection: Connection) -> None:
    """Apply every migration, each in one transaction, as the runner does."""
    for file in sorted(MIGRATIONS.glob("*.sql")):
        with connection.transaction():
            connection.execute(file.read_bytes())


@pytest.fixture(scope="session", params=["15", "18"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each version, with the migrated template database."""
    binaries = DEBIAN_15 if request.param == "15" else servers.newest_binaries()
    if not (binaries / "postgres").exists():
        assert os.environ.get("MASTEROPS_REQUIRE_PG15") != "1", "PostgreSQL 15 is required and not installed"
        pytest.skip("PostgreSQL 15 is not installed")
    with servers.running(binaries, timezone=SYDNEY) as folder:
        server = Server(int(request.param), folder)
        prepare(server)
        yield server


def prepare(server: Server) -> None:
    """The roles as on a Supabase project, and the template migrated by an owner with no special rights."""
    with server.connect("postgres") as admin:
        for role in ("anon", "authenticated", "service_role", "ops_agent"):
            admin.execute(f"CREATE ROLE {role} NOLOGIN NOINHERIT".encode())
        admin.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB".encode())
    server.create(TEMPLATE)
    with server.connect(TEMPLATE, OWNER) as owner:
        # As older Supabase projects have it: every new object of public is open to the API's roles.
        for kind in ("TABLES", "FUNCTIONS", "SEQUENCES"):
            owner.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON {kind}"
                " TO anon, authenticated, service_role".encode()
            )
        migrate(owner)
    with server.connect(TEMPLATE) as admin:
        admin.execute("VACUUM FULL")  # a quarter of it is left, and each test copies it
    server.create(SHARED, servers.copied(TEMPLATE))


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The name of a migrated database of the test's own."""
    name = f"test_{secrets.token_hex(6)}"
    server.create(name, servers.copied(TEMPLATE))
    yield name
    server.drop(name)


@pytest.fixture
def session(server: Server, database: str) -> Iterator[Callable[..., Connection]]:
    """Opens sessions on a database of the test's own: the owner's, or another user's."""
    opened: list[Connection] = []

    def open_one(user: str = OWNER) -> Connection:
        opened.append(server.connect(database, user))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def shared(server: Server) -> Iterator[dict[str, Connection]]:
    """A long session of the owner and of a superuser: what a session knows of the catalogue is costly to learn."""
    with server.connect(SHARED, OWNER) as owner, server.connect(SHARED) as superuser:
        yield {"owner": owner, "superuser": superuser}


@pytest.fixture
def db(shared: dict[str, Connection]) -> Iterator[Connection]:
    """The owner's session, the platform's, in a transaction that is rolled back: now() stands still."""
    with shared["owner"].transaction(force_rollback=True):
        yield shared["owner"]


@pytest.fixture
def admin(shared: dict[str, Connection]) -> Iterator[Connection]:
    """A superuser's session that is rolled back: it may become any role."""
    with shared["superuser"].transaction(force_rollback=True):
        yield shared["superuser"]


@pytest.fixture
def filled(admin: Connection) -> Connection:
    """A superuser's session, and a row of everything for each of two businesses and for the group."""
    from tests.sql.roles import fill  # which needs the types of this file

    fill(admin)
    return admin
