"""
Connections to PostgreSQL.

Whatever goes wrong comes out as an error of ours. Rows are dicts, times are in UTC, and a server older
than 15 is turned away at once rather than by the first statement that it does not know.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
import psycopg_pool
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Composed

from masterops.db._explain import explain, is_starting, read_url, safe_url
from masterops.errors import BadValue, DatabaseTooOld

__all__ = ["AsyncConnection", "Connection", "Pool", "connect", "connect_sync", "explain", "fetch", "safe_url"]

AsyncConnection = psycopg.AsyncConnection[DictRow]
Connection = psycopg.Connection[DictRow]
Row = dict[str, Any]  # values are whatever the columns hold
Query = LiteralString | SQL | Composed  # never a string put together at run time
Params = Sequence[object] | Mapping[str, object]

# A network may swallow everything and close nothing: after half a minute of silence the connection is lost.
# Seconds, but for the last, which is in milliseconds; the URL may say otherwise.
SILENCE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
# The server does the same, else the locks of a machine that has vanished are held for the two hours after
# which most systems look. A local socket cannot go silent.
SERVER_SILENCE = """
SELECT set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '30000', false)
"""
OLDEST = 150_000
LONGEST_START = 30.0
TRANSACTION_POOLER = 6543  # Supabase's: every transaction may land on another session
APPLICATION = "masterops"
# The pool tells its own story on standard error when nobody listens; ours is told by the errors raised.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


async def connect(
    url: str, *, autocommit: bool = True, timeout: float = 5.0, application_name: str = APPLICATION
) -> AsyncConnection:
    """A connection, made within `timeout` seconds."""
    options = _options(url, timeout, application_name)
    connection = await _once_started(url, timeout, options)
    try:
        await _settle(connection, safe_url(url))
        await connection.set_autocommit(autocommit)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _once_started(url: str, timeout: float, options: dict[str, Any]) -> AsyncConnection:
    """A server that recovers from a crash says so, and is ready soon: that is waited for."""
    patience = time.monotonic() + LONGEST_START
    while True:
        try:
            async with asyncio.timeout(timeout):
                return await AsyncConnection.connect(url, **options)
        except TimeoutError:
            raise explain(psycopg.errors.ConnectionTimeout("timeout"), safe_url(url)) from None
        except psycopg.Error as error:
            if not is_starting(error) or time.monotonic() > patience:
                raise explain(error, safe_url(url)) from error
        await asyncio.sleep(0.1)


def connect_sync(
    url: str, *, autocommit: bool = True, timeout: float = 5.0, application_name: str = APPLICATION
) -> Connection:
    """The same for code that blocks; `timeout` is per address of the host, in whole seconds."""
    try:
        connection = Connection.connect(url, **_options(url, timeout, application_name))
    except psycopg.Error as error:
        raise explain(error, safe_url(url)) from error
    try:
        _check_version(connection.info, safe_url(url))
        if connection.info.parameter_status("TimeZone") != "UTC":
            connection.execute("SET timezone TO 'UTC'")
        if _may_go_silent(connection.info):
            connection.execute(SERVER_SILENCE)
        connection.autocommit = autocommit
    except psycopg.Error as error:
        connection.close()
        raise explain(error, safe_url(url)) from error
    except BaseException:
        connection.close()
        raise
    return connection


async def fetch(connection: AsyncConnection, sql: Query, params: Params | None = None) -> list[Row]:
    """All rows of one statement, each a dict; a statement without rows answers an empty list."""
    try:
        cursor = await connection.execute(sql, params)
        return await cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        raise explain(error, _address(connection)) from error


class Pool:
    """
    Connections to share between tasks: opened when first needed, at most `most`, checked before use.
    """

    def __init__(
        self, url: str, *, most: int = 8, timeout: float = 5.0, application_name: str = APPLICATION
    ) -> None:
        self.where = safe_url(url)
        self._url, self._timeout, self._name = url, timeout, application_name
        self._opening = asyncio.Lock()
        self._open = False
        self._pool: psycopg_pool.AsyncConnectionPool[AsyncConnection] = psycopg_pool.AsyncConnectionPool(
            url,
            kwargs=_options(url, timeout, application_name),
            min_size=0,
            max_size=most,
            timeout=timeout,
            configure=self._configure,
            # One round trip, and a restart of the server is not the next caller's problem.
            check=psycopg_pool.AsyncConnectionPool.check_connection,
            open=False,
        )

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """
        A connection for the length of a `with`, in autocommit mode.

        What psycopg raises inside the block comes out of it as an error of ours.
        """
        await self._ensure_open()
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg_pool.PoolTimeout as error:
            await self._look_closer()
            raise explain(error, self.where) from error
        except psycopg.Error as error:
            raise explain(error, self.where) from error

    async def fetch(self, sql: Query, params: Params | None = None) -> list[Row]:
        """All rows of one statement on any connection."""
        async with self.connection() as connection:
            return await fetch(connection, sql, params)

    async def close(self) -> None:
        """Close every connection; tasks that still hold one finish first."""
        await self._pool.close()

    async def _ensure_open(self) -> None:
        async with self._opening:
            if not self._open:
                await self._look_closer()
                await self._pool.open()
                self._open = True

    async def _look_closer(self) -> None:
        """The pool can only say "timeout": a connection of our own says why, at once."""
        probe = await connect(self._url, timeout=self._timeout, application_name=self._name)
        await probe.close()

    async def _configure(self, connection: AsyncConnection) -> None:
        await _settle(connection, self.where)


def _options(url: str, timeout: float, application_name: str) -> dict[str, Any]:
    """Arguments of psycopg's connect, whose types differ one by one."""
    parts = read_url(url)
    if parts is None:
        # libpq's sentence would quote the part it stumbled over, which may be the password.
        reason = "percent-encode special characters in user and password (`/` is %2F, `#` is %23, `@` is %40)"
        raise BadValue(kind="database URL", value=safe_url(url), reason=reason)
    options: dict[str, Any] = {
        "autocommit": True,
        "row_factory": dict_row,
        "fallback_application_name": application_name,
    }
    options |= {name: value for name, value in SILENCE.items() if name not in parts}
    if "connect_timeout" not in parts:
        options["connect_timeout"] = max(1, math.ceil(timeout))
    if str(parts.get("port")) == str(TRANSACTION_POOLER):
        options["prepare_threshold"] = None
    return options


async def _settle(connection: AsyncConnection, where: str) -> None:
    try:
        _check_version(connection.info, where)
        if connection.info.parameter_status("TimeZone") != "UTC":
            await connection.execute("SET timezone TO 'UTC'")
        if _may_go_silent(connection.info):
            await connection.execute(SERVER_SILENCE)
    except psycopg.Error as error:
        raise explain(error, where) from error


def _may_go_silent(info: psycopg.ConnectionInfo) -> bool:
    """Whether a network lies between us and a session of our own."""
    return not info.host.startswith(("/", "@")) and info.port != TRANSACTION_POOLER


def _check_version(info: psycopg.ConnectionInfo, where: str) -> None:
    if info.server_version < OLDEST:
        raise DatabaseTooOld(where=where, version=info.parameter_status("server_version") or "unknown")


def _address(connection: AsyncConnection) -> str:
    if connection.closed:
        return "the server"
    info = connection.info
    return safe_url(make_conninfo(user=info.user, host=info.host, port=info.port, dbname=info.dbname))
