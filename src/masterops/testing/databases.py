"""
A migrated database for each test, copied from a template.

The next copy is made while a test runs, so that the one after it finds it ready.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from masterops import errors
from masterops.db import bundled, migrate
from masterops.testing import servers

# A server of one's own, where there is no wheel for this machine: its user must be allowed to make databases.
SERVER_VARIABLE = "MASTEROPS_TEST_SERVER"


class Databases:
    """
    Copies of a migrated template on one server. Made by `databases`.
    """

    def __init__(self, server: str) -> None:
        self.server = server
        self._prefix = f"masterops_{token_hex(4)}"
        self._template = f"{self._prefix}_template"
        self._numbers = itertools.count(1)
        self._admin = _administered(server)
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="masterops-databases")
        self._spare: Future[str] | None = None

    def prepare(self) -> None:
        """Make the template, and begin the first copy. Raises DatabaseError."""
        self._admin.execute(SQL("CREATE DATABASE {}").format(Identifier(self._template)))
        asyncio.run(migrate(of(self.server, self._template), bundled()))
        # Migrations replace functions and grant on them again and again: 48 MB, of which 11 are in use.
        with psycopg.connect(of(self.server, self._template), autocommit=True) as connection:
            connection.execute("VACUUM FULL")
        self._spare = self._behind.submit(self._copy)

    def take(self) -> str:
        """The URL of a database that nobody else has."""
        ready, self._spare = self._spare, self._behind.submit(self._copy)
        return of(self.server, (ready or self._spare).result())

    def drop(self, url: str) -> None:
        """Take a database away, and whoever is still in it, before the next copy is made."""
        self._behind.submit(self._remove, urlsplit(url).path.removeprefix("/"))

    def close(self) -> None:
        """Take everything away."""
        self._behind.shutdown()
        with suppress(psycopg.Error):  # the server is ours and goes with it, or says so in its own log
            for (name,) in self._admin.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self._prefix]
            ).fetchall():
                self._remove(name)
        self._admin.close()

    def _copy(self) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        # Quickest where nothing is flushed: its files, not its pages through the log.
        making = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._admin.execute(making.format(Identifier(name), Identifier(self._template)))
        return name

    def _remove(self, name: str) -> None:
        self._admin.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def databases() -> Iterator[Databases]:
    """
    A template and its copies, on a server that ends with the block, or on that of MASTEROPS_TEST_SERVER.

    Raises EmbeddedMissing where there is neither.
    """
    with _server() as url:
        made = Databases(url)
        try:
            made.prepare()
            yield made
        finally:
            made.close()


@contextmanager
def _server() -> Iterator[str]:
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        yield given
        return
    with servers.running(servers.newest_binaries(), timezone="UTC") as folder:
        yield servers.url(folder, "postgres")


def _administered(server: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(server, autocommit=True)
    except psycopg.OperationalError as error:
        hint = f"Check {SERVER_VARIABLE}: the address of a server whose user may make databases."
        where = urlsplit(server).hostname or "the socket"
        raise errors.DatabaseUnreachable(where=where, reason=str(error).splitlines()[0], hint=hint) from None


def of(url: str, database: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()
