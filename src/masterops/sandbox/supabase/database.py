"""
The PostgreSQL behind the row API: the one place where a twin speaks to a database.

A project has a database of its own on the server that the sandbox was given, made when it is first asked for
something. Statements run one after the other, each request in a transaction of its own as the role of its
key: that is how PostgREST does it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from masterops.sandbox.supabase.problems import SqlError

ROLES = ("anon", "authenticated", "service_role")
# Of the twin alone: it has what service_role was granted, and goes round row level security as on Supabase.
BYPASSING = "sandbox_service_role"
LONGEST_NAME = 63
LOCK_TIMEOUT = "3s"
_MAKING = threading.Lock()


class Session:
    """
    One open transaction.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement, whose values stand at `%s`. Raises SqlError."""
        try:
            cursor = self._connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise _explained(error) from error

    def run(self, script: str) -> None:
        """Statements without values."""
        try:
            self._connection.execute(script.encode())
        except psycopg.Error as error:
            raise _explained(error) from error


class Database:
    """
    The database of one project. Raises SqlError with class 08 while its server cannot be reached.
    """

    def __init__(self, server: str, business: str) -> None:
        self._server = server
        name = f"{conninfo_to_dict(server).get('dbname', 'sandbox')}_supabase_{business}"
        self.name = name.replace("-", "_")[-LONGEST_NAME:]
        self.url = make_conninfo(server, dbname=self.name)
        self._connection: psycopg.Connection[Any] | None = None
        self._reload = True

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """A transaction: kept when the block ends well, else taken back."""
        connection = self._open()
        try:
            with connection.transaction():
                if read_only:
                    connection.execute("SET TRANSACTION READ ONLY")
                yield Session(connection)
        except psycopg.Error as error:
            raise _explained(error) from error

    def reload_asked(self) -> bool:
        """Whether somebody has said NOTIFY pgrst since this was asked last; the first time it is so."""
        # A server tells what it has to tell with the answer to whatever is asked next.
        self._open().execute("SELECT 1")
        asked, self._reload = self._reload, False
        return asked

    def _told(self, note: psycopg.Notify) -> None:
        self._reload = True

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed or self._connection.broken:
            try:
                with _MAKING:
                    self._make()
                self._connection = psycopg.connect(self.url, autocommit=True)
                self._connection.add_notify_handler(self._told)
                self._connection.execute("LISTEN pgrst")
                self._reload = True
            except psycopg.Error as error:
                raise SqlError("08006", "The database cannot be reached.", str(error)) from error
        return self._connection

    def _make(self) -> None:
        """The database and the roles, where they are not there yet."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ROLES:
                if role not in roles:
                    connection.execute(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(role)))
            if BYPASSING not in roles:
                made = SQL("CREATE ROLE {} NOLOGIN BYPASSRLS IN ROLE service_role")
                try:
                    connection.execute(made.format(Identifier(BYPASSING)))
                except psycopg.errors.DuplicateObject:  # another sandbox on this server was faster
                    pass
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
            if known.fetchone() is None:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.name)))


def _explained(error: psycopg.Error) -> SqlError:
    said = error.diag
    code = error.sqlstate or "08006"
    return SqlError(code, said.message_primary or str(error), said.message_detail, said.message_hint)
