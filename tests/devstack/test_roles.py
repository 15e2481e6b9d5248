"""
docker/roles.sql on a real PostgreSQL in which Supabase's roles are as its image makes them: without a password.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from masterops.testing import servers
from tests.debian import DEBIAN_15

FILE = Path(__file__).parents[2] / "docker" / "roles.sql"
ROLES = ("authenticator", "pgbouncer", "supabase_auth_admin", "supabase_storage_admin", "supabase_admin")
PASSWORDS = {"POSTGRES_PASSWORD": "it's of all", "N8N_DB_PASSWORD": "of n8n"}


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """
    The folder of the server's socket, after psql has run the file as the image does.
    """
    psql = shutil.which("psql", path=f"{os.environ['PATH']}:{DEBIAN_15}")
    if psql is None and "MASTEROPS_REQUIRE_STACK" not in os.environ:
        pytest.skip("psql is not installed")
    assert psql is not None
    with servers.running(servers.newest_binaries()) as folder:
        with psycopg.connect(
            host=str(folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            for role in ROLES:
                connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        done = subprocess.run(
            [psql, "-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "-h", str(folder), "-U", "postgres",
             "-d", "postgres", "-f", str(FILE)],
            env={"PATH": os.environ["PATH"], **PASSWORDS}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr
        yield folder


def asked(socket: Path, question: str, database: str = "postgres") -> set[str]:
    """The first column of the answer."""
    with psycopg.connect(host=str(socket), user="postgres", dbname=database) as connection:
        return {str(row[0]) for row in connection.execute(question.encode())}


def test_every_role_that_services_sign_in_as_has_a_password(socket: Path) -> None:
    """
    Also one with a quote in it: they are values to the file, not text.
    """
    with_password = asked(socket, "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL")

    assert {*ROLES, "n8n"} == with_password


def test_n8n_and_analytics_have_databases_of_their_own_and_realtime_its_schema(socket: Path) -> None:
    """
    n8n's is closed to others; the health check of the database asks the one that is made last.
    """
    databases = asked(socket, "SELECT datname || ' of ' || pg_get_userbyid(datdba) FROM pg_database")
    connecting = asked(
        socket,
        "SELECT r FROM unnest(ARRAY['n8n', 'authenticator']) r WHERE has_database_privilege(r, 'n8n', 'CONNECT')",
    )
    owner = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = '{}'"

    assert {"n8n of n8n", "_supabase of supabase_admin"} <= databases
    assert {"n8n"} == connecting
    assert {"supabase_admin"} == asked(socket, owner.format("_realtime"))
    assert {"supabase_admin"} == asked(socket, owner.format("_analytics"), "_supabase")
