"""
Connecting: what comes back, and what is said when nothing does. Passwords are never part of it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.db.connect import Pool, connect, connect_sync, explain, fetch, safe_url
from masterops.errors import (
    BadValue,
    DatabaseError,
    DatabaseLost,
    DatabaseRefused,
    DatabaseTooOld,
    DatabaseUnreachable,
    DiskFull,
)

from .conftest import PASSWORD, free_port, wait_until, with_database


async def test_rows_are_dicts_and_times_are_in_utc(common_database: str) -> None:
    """
    Whatever time zone the server prefers.
    """
    async with await connect(common_database) as connection:
        rows = await fetch(connection, "SELECT 1 AS one, timestamptz '2026-01-01 12:00+10' AS moment")
        [setting] = await fetch(connection, "SELECT current_setting('timezone') AS zone")

    assert 1 == rows[0]["one"]
    assert timedelta(0) == rows[0]["moment"].utcoffset()
    assert {"zone": "UTC"} == setting


async def test_a_silent_network_is_noticed(common_database: str) -> None:
    """
    Within half a minute, unless the URL says otherwise.
    """
    mark = "&" if "?" in common_database else "?"
    async with (
        await connect(common_database) as usual,
        await connect(f"{common_database}{mark}tcp_user_timeout=7000") as told,
    ):
        waits = [each.info.get_parameters().get("tcp_user_timeout") for each in (usual, told)]

    assert ["30000", "7000"] == waits


async def test_the_server_notices_a_silent_network_too(common_database: str) -> None:
    """
    Else it keeps the locks of a machine that has vanished for hours. A local socket cannot go silent.
    """
    shown = (
        "SELECT current_setting('tcp_keepalives_idle') AS idle, current_setting('tcp_user_timeout') AS most"
    )
    async with await connect(common_database) as connection:
        [found] = await fetch(connection, shown)
        local = connection.info.host.startswith("/")

    assert {"idle": "0" if local else "15", "most": "0" if local else "30000"} == found


async def test_a_statement_without_rows_answers_an_empty_list(common_database: str) -> None:
    """
    One helper serves both kinds of statement.
    """
    async with await connect(common_database) as connection:
        assert [] == await fetch(connection, "CREATE TABLE made (id int)")
        assert [] == await fetch(connection, "SELECT * FROM made WHERE id = %s", [1])


async def test_without_autocommit_nothing_is_kept_that_was_not_committed(common_database: str) -> None:
    """
    The flag means what it says, although we set the session up before.
    """
    connection = await connect(common_database, autocommit=False)
    await fetch(connection, "CREATE TABLE fleeting (id int)")
    await connection.close()
    async with await connect(common_database) as connection:
        [there] = await fetch(connection, "SELECT to_regclass('fleeting') AS name")

    assert there["name"] is None


def test_the_blocking_connection_behaves_alike(common_database: str) -> None:
    """
    Rows are dicts, the zone is UTC, and the server sees who we are.
    """
    with connect_sync(common_database, application_name="masterops-test") as connection:
        row = connection.execute(
            "SELECT current_setting('timezone') AS zone, current_setting('application_name') AS name"
        ).fetchone()

    assert {"zone": "UTC", "name": "masterops-test"} == row


@pytest.fixture(params=["async", "sync"])
def attempt(request: pytest.FixtureRequest) -> Iterator[object]:
    """Tries to connect, in both ways, and answers the error."""

    def blocking(url: str, timeout: float = 5.0) -> DatabaseError:
        with pytest.raises(DatabaseError) as failed:
            connect_sync(url, timeout=timeout)
        return failed.value

    def asynchronous(url: str, timeout: float = 5.0) -> DatabaseError:
        with pytest.raises(DatabaseError) as failed:
            asyncio.run(connect(url, timeout=timeout))
        return failed.value

    yield blocking if request.param == "sync" else asynchronous


def test_a_wrong_password_is_refused_without_being_shown(debian_url: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    The reason names neither the right nor the wrong one.
    """
    error = attempt(debian_url.replace(quote(PASSWORD, safe=""), "wr0ng"))

    assert type(error) is DatabaseRefused
    assert "wrong user or password" in error.message
    assert "postgresql://owner@127.0.0.1:" in error.message
    assert "wr0ng" not in error.message + error.advice + str(error.facts)


def test_a_missing_password_is_refused(debian_url: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    It is not mistaken for a server that is away.
    """
    error = attempt(debian_url.replace(":" + quote(PASSWORD, safe=""), ""))

    assert type(error) is DatabaseRefused
    assert "wrong user or password" in error.message


def test_an_unknown_database_is_refused_by_name(common_database: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    The server's sentence says which.
    """
    error = attempt(with_database(common_database, "nowhere"))

    assert type(error) is DatabaseRefused
    assert 'database "nowhere" does not exist' in error.message


def test_an_unknown_role_is_refused_by_name(embedded_url: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    Without a password to hide behind the server says so.
    """
    error = attempt(embedded_url.replace("postgres@", "stranger@"))

    assert type(error) is DatabaseRefused
    assert 'role "stranger" does not exist' in error.message


def test_a_port_where_nothing_listens_is_unreachable(attempt) -> None:  # type: ignore[no-untyped-def]
    """
    Host and port are named, and trying again may help.
    """
    port = free_port()
    error = attempt(f"postgresql://me:hidden@127.0.0.1:{port}/ops")

    assert type(error) is DatabaseUnreachable
    assert f"postgresql://me@127.0.0.1:{port}/ops" in error.message
    assert "nothing listens there" in error.message
    assert "retry" == error.recovery


def test_a_socket_that_is_not_there_is_unreachable(attempt) -> None:  # type: ignore[no-untyped-def]
    """
    The same for a folder instead of a host.
    """
    error = attempt("postgresql://postgres@/ops?host=%2Fnowhere")

    assert type(error) is DatabaseUnreachable
    assert "not running" in error.message


def test_a_server_that_never_answers_is_given_up(attempt) -> None:  # type: ignore[no-untyped-def]
    """
    It accepts the connection and stays silent, as a proxy without a server behind does.
    """
    with listening(lambda client: time.sleep(4)) as port:
        started = time.monotonic()
        error = attempt(f"postgresql://me@127.0.0.1:{port}/ops", 1.0)
        waited = time.monotonic() - started

    assert type(error) is DatabaseUnreachable
    assert "no answer in time" in error.message
    assert waited < 4


def test_something_that_is_no_postgresql_is_unreachable(attempt) -> None:  # type: ignore[no-untyped-def]
    """
    A web server on that port hangs up or talks nonsense.
    """
    with listening(lambda client: client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        error = attempt(f"postgresql://me@127.0.0.1:{port}/ops")

    assert isinstance(error, DatabaseUnreachable | DatabaseRefused)


def test_a_server_that_is_too_old_is_turned_away(attempt) -> None:  # type: ignore[no-untyped-def]
    """
    Its version and ours are in the message.
    """
    with listening(serve_version("14.9")) as port:
        error = attempt(f"postgresql://me@127.0.0.1:{port}/ops?sslmode=disable&gssencmode=disable")

    assert type(error) is DatabaseTooOld
    assert "is version 14.9" in error.message


def test_a_server_without_tls_is_refused_when_it_is_wanted(debian_url: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    A demand for encryption is never dropped in silence.
    """
    error = attempt(f"{debian_url}?sslmode=require")

    assert type(error) is DatabaseRefused
    assert "no secure connection" in error.message


def test_a_server_without_free_connections_may_be_tried_again(debian_url: str, attempt) -> None:  # type: ignore[no-untyped-def]
    """
    It is busy, not wrong.
    """
    taken: list[psycopg.Connection] = []
    with pytest.raises(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(debian_url))
    error = attempt(debian_url)
    for connection in taken:
        connection.close()
    wait_until(lambda: _count(debian_url) < 3)

    assert type(error) is DatabaseUnreachable
    assert "all its connections are taken" in error.message


def _count(url: str) -> int:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'client'"
            ).fetchone()
            return int(row[0]) if row else 99
    except psycopg.OperationalError:
        return 99


async def test_a_connection_that_is_cut_is_lost(common_database: str) -> None:
    """
    The server was shut down, or an operator ended the session.
    """
    async with await connect(common_database) as connection, await connect(common_database) as other:
        await fetch(other, "SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])

        with pytest.raises(DatabaseLost) as lost:
            await fetch(connection, "SELECT 1")
        with pytest.raises(DatabaseError):
            await fetch(connection, "SELECT 1")

    assert "retry" == lost.value.recovery


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:pa#ss/word@host/db",
        "postgresql://me:hun%ter2@host/db",
        "postgresql://me:a b@h/db?x=1",
        "postgresql://me:p@sswd@host/db",
        "postgresql://me:12345/hush@host/db",
        "x y",
    ],
)
def test_an_unreadable_url_is_an_error_of_usage_and_shows_nothing_of_itself(url: str) -> None:
    """
    libpq quotes the part that it stumbled over, which is likely the password.
    """
    with pytest.raises(BadValue) as refused:
        connect_sync(url)

    for part in ("pa#ss", "word@", "hun%ter2", "a b", "sswd", "12345", "hush"):
        assert part not in refused.value.message
    assert "percent-encode" in refused.value.message


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=6)


@given(user=words, password=words, database=words)
def test_a_shown_address_never_holds_the_password(user: str, password: str, database: str) -> None:
    """
    Whatever its characters, and in either way of writing an address.
    """
    secret = f"pw-{password}-pw"
    url = f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}@h/{quote(database, safe='')}"
    words = psycopg.conninfo.make_conninfo(user=user, password=secret, dbname=database, host="h")

    assert safe_url(url) == safe_url(words)
    assert safe_url(url).startswith("postgresql://")
    for form in (secret, quote(secret, safe="")):
        assert form not in safe_url(url)


STATES = {
    "disk full": (psycopg.errors.DiskFull, DiskFull),
    "shut down": (psycopg.errors.AdminShutdown, DatabaseLost),
    "starting": (psycopg.errors.CannotConnectNow, DatabaseUnreachable),
    "too many": (psycopg.errors.TooManyConnections, DatabaseUnreachable),
    "no right": (psycopg.errors.InsufficientPrivilege, DatabaseRefused),
    "read-only": (psycopg.errors.ReadOnlySqlTransaction, DatabaseRefused),
    "wrong password": (psycopg.errors.InvalidPassword, DatabaseRefused),
    "bad statement": (psycopg.errors.SyntaxError, DatabaseError),
}


@pytest.mark.parametrize(("raised", "expected"), STATES.values(), ids=STATES.keys())
def test_each_state_has_its_error(raised: type[psycopg.Error], expected: type[DatabaseError]) -> None:
    """
    The five-character code decides, not the sentence, which may be in any language.
    """
    assert expected is type(explain(raised("quelque chose"), "here"))


SENTENCES = {
    "a server that speaks German": (
        'connection failed: connection to server at "h", port 1 failed: FATAL:  Rolle »x« existiert nicht',
        DatabaseRefused,
        "Rolle »x« existiert nicht",
    ),
    "a server that starts": (
        'connection to server at "h", port 1 failed: FATAL:  the database system is starting up',
        DatabaseUnreachable,
        "starting up or shutting down",
    ),
    "a name that is none": (
        "failed to resolve host 'h.invalid': no",
        DatabaseUnreachable,
        "cannot be resolved",
    ),
    "a cut line": (
        "consuming input failed: server closed the connection unexpectedly",
        DatabaseLost,
        "closed",
    ),
}


@pytest.mark.parametrize(("said", "expected", "reason"), SENTENCES.values(), ids=SENTENCES.keys())
def test_sentences_without_a_code_are_read(said: str, expected: type[DatabaseError], reason: str) -> None:
    """
    libpq hands us no code when the connection was never made.
    """
    error = explain(psycopg.OperationalError(said), "here")

    assert expected is type(error)
    assert reason in error.message


async def test_a_pool_opens_when_it_is_first_used(common_database: str) -> None:
    """
    Making one costs nothing and needs no server.
    """
    async with Pool(f"postgresql://me@127.0.0.1:{free_port()}/ops") as idle, Pool(common_database) as pool:
        rows = await asyncio.gather(*(pool.fetch("SELECT pg_sleep(0.01), 1 AS one") for _ in range(20)))
        with pytest.raises(DatabaseUnreachable, match="nothing listens there"):
            await idle.fetch("SELECT 1")

    assert [1] * 20 == [row["one"] for [row] in rows]


async def test_a_pool_can_be_used_again_after_the_server_was_away(common_database: str) -> None:
    """
    Connections that were cut are replaced before anybody gets one.
    """
    async with Pool(common_database, most=2) as pool:
        await asyncio.gather(*(pool.fetch("SELECT pg_sleep(0.05)") for _ in range(2)))
        async with await connect(common_database) as other:
            await fetch(
                other,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )

        assert [{"one": 1}] == await pool.fetch("SELECT 1 AS one")


async def test_a_pool_that_is_busy_says_so_and_names_the_server(embedded_database: str) -> None:
    """
    The server is fine: it is we who hold every connection.
    """
    async with Pool(embedded_database, most=1, timeout=0.3) as pool, pool.connection():
        with pytest.raises(DatabaseUnreachable, match="none came free in time"):
            await pool.fetch("SELECT 1")


async def test_what_psycopg_raises_inside_a_pools_block_comes_out_as_ours(embedded_database: str) -> None:
    """
    Code in the block may still catch psycopg's own; what it leaves is explained.
    """
    async with Pool(embedded_database) as pool:
        with pytest.raises(DatabaseError, match="division by zero"):
            async with pool.connection() as connection:
                await connection.execute("SELECT 1 / 0")


@contextmanager
def listening(answer) -> Iterator[int]:  # type: ignore[no-untyped-def]
    """A port that answers each connection by a function, in a thread."""
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(client,), daemon=True).start()

    def talk(client: socket.socket) -> None:
        with client:
            try:
                answer(client)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def serve_version(version: str):  # type: ignore[no-untyped-def]
    """The few words of PostgreSQL's protocol with which a server of that version lets anybody in."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def answer(client: socket.socket) -> None:
        client.recv(4096)
        said = message(b"R", struct.pack("!i", 0))
        for name, value in (("server_version", version), ("client_encoding", "UTF8"), ("TimeZone", "UTC")):
            said += message(b"S", f"{name}\0{value}\0".encode())
        client.sendall(said + message(b"K", struct.pack("!ii", 1, 1)) + message(b"Z", b"I"))
        client.recv(4096)

    return answer
