"""
Whatever the libraries raise is an error of ours: seen on real sockets, and by the list of what they can raise.
"""

from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import subprocess
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.client_exceptions
import aiohttp.http_exceptions
import msgspec
import pytest

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.transport import Request
from masterops.transport.foreign import FOREIGN, KINDS, Failure, translate
from tests.transport.conftest import Rig, answer

GET = Request("GET", "/things", "things.list")
CREATE = Request("POST", "/things", "things.create", body={"a": 1}, repeatable=False)
ONCE = RetryPolicy(attempts=1, deadline=10)
Serving = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LIBRARIES = (aiohttp, aiohttp.client_exceptions, aiohttp.http_exceptions, msgspec)
# What no request can meet: the server's side, web sockets, multipart forms, and the end of a stream that
# aiohttp keeps to itself. Our own bodies are encoded before anything is sent, and refused as BadValue.
ELSEWHERE = {
    "EncodeError",
    "EofStream",
    "MsgspecError",
    "WSMessageTypeError",
    "WebSocketError",
}


def says(head: str, body: bytes = b"") -> Serving:
    """A server that answers with these bytes, whatever it is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    return serve


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that drops the connection in the middle of the headers."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def serving(rig: Rig, serve: Serving, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """The rig's calls go to such a server."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    rig.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield


def compressed(kind: str, body: bytes) -> Serving:
    return says(f"HTTP/1.1 200 OK\nContent-Encoding: {kind}\nContent-Length: {len(body)}", body)


@pytest.mark.parametrize(
    ("expected", "words", "serve"),
    [
        pytest.param(
            errors.NetworkError,
            "cut off in the middle",
            says("HTTP/1.1 200 OK\nContent-Length: 9", b"123"),
            id="a body that is cut",
        ),
        pytest.param(
            errors.NetworkError,
            "cut off in the middle",
            says("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"9\r\nabc"),
            id="a chunk that is cut",
        ),
        pytest.param(errors.NetworkError, "cannot be reached", reset, id="headers that are cut"),
        pytest.param(
            errors.MalformedAnswer,
            "its compression cannot be undone",
            compressed("gzip", b"not gzip!"),
            id="invalid gzip",
        ),
        pytest.param(
            errors.MalformedAnswer,
            "its compression cannot be undone",
            compressed("deflate", zlib.compress(b"x" * 999)[:-7]),
            id="deflate that is cut",
        ),
        pytest.param(
            errors.MalformedAnswer,
            "not valid HTTP",
            says("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\nabc\r\n"),
            id="chunks without a length",
        ),
        pytest.param(
            errors.MalformedAnswer,
            "not valid HTTP",
            says(f"HTTP/1.1 200 OK\nX-Long: {'a' * 99_999}\nContent-Length: 0"),
            id="a header without an end",
        ),
        pytest.param(errors.MalformedAnswer, "not valid HTTP", says("SSH-2.0-OpenSSH"), id="no HTTP at all"),
        pytest.param(
            errors.UnexpectedAnswer,
            "HTTP 301",
            says("HTTP/1.1 301 Moved\nLocation: /things\nContent-Length: 0"),
            id="a redirect to itself",
        ),
        pytest.param(
            errors.AnswerTooLarge,
            "answer has 5,000 bytes",
            says("HTTP/1.1 200 OK\nContent-Length: 5000", b"x" * 5000),
            id="too large, and says so",
        ),
        pytest.param(
            errors.AnswerTooLarge,
            "more than 4,096 bytes",
            says("HTTP/1.1 200 OK", b"x" * 5000),
            id="too large, and says nothing",
        ),
        pytest.param(
            errors.AnswerTooLarge,
            "more than 4,096 bytes",
            compressed("gzip", gzip.compress(b"\0" * 2_000_000)),
            id="small, and too large unpacked",
        ),
    ],
)
async def test_what_goes_wrong_on_the_way_has_a_name(
    rig: Rig, expected: type[errors.RemoteError], words: str, serve: Serving
) -> None:
    """
    Of a read it is the error; of a create nobody can say what became of it, but for a redirect.
    """
    async with serving(rig, serve):
        with pytest.raises(expected, match=words) as caught:
            await rig.call(GET, policy=ONCE, largest_bytes=4096)
        with pytest.raises(errors.RemoteError) as unknown:
            await rig.call(CREATE, policy=ONCE, largest_bytes=4096)

    assert expected is type(caught.value)
    doubtful = errors.OutcomeUnknown if expected is not errors.UnexpectedAnswer else expected
    assert doubtful is type(unknown.value)


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
async def test_answers_may_be_compressed(rig: Rig, kind: str) -> None:
    """
    We say that we take it, and unpack it.
    """
    body = (gzip if kind == "gzip" else zlib).compress(b"hello")  # type: ignore[attr-defined]
    rig.answers = [answer(body=body, Content_Encoding=kind)]

    assert b"hello" == await rig.call(GET)
    assert kind in rig.asked[0].headers["Accept-Encoding"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_nobody_vouches_for_is_refused(rig: Rig, tmp_path: Path) -> None:
    """
    Nothing is sent to who cannot show who he is, and it is not tried again.
    """
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async with serving(rig, says("HTTP/1.1 200 OK\nContent-Length: 0"), tls):
        with pytest.raises(errors.TlsFailed, match="certificate"):
            await rig.call(CREATE)

    assert 1 == len(rig.notebook.metrics)


@pytest.mark.parametrize(
    "body", [{"a": object()}, "\ud800", {1 + 2j: 1}], ids=["an object", "half a character", "a key"]
)
async def test_a_body_that_json_cannot_hold_is_refused_before_anything_is_sent(rig: Rig, body: Any) -> None:
    """
    It is the caller's mistake; the body is not quoted, because it may hold anything.
    """
    rig.answers = [answer()]

    with pytest.raises(errors.BadValue, match="is not a valid body"):
        await rig.call(Request("POST", "/things", "things.create", body=body))

    assert ([], [], []) == (rig.asked, rig.notebook.metrics, rig.notebook.records)


def raised_by(*libraries: Any) -> set[type[BaseException]]:
    """Every exception that the libraries define."""
    return {
        kind
        for library in libraries
        for kind in vars(library).values()
        if isinstance(kind, type) and issubclass(kind, BaseException) and not issubclass(kind, Warning)
    }


def test_every_exception_of_the_libraries_is_ours() -> None:
    """
    The table misses none: each that aiohttp and msgspec define has a row, or is named here with its reason.
    """
    kinds = raised_by(*LIBRARIES)
    missed = {kind.__name__ for kind in kinds if not issubclass(kind, KINDS)}

    assert len(kinds) > 45
    assert missed <= ELSEWHERE
    assert ELSEWHERE <= {kind.__name__ for kind in kinds}


@pytest.mark.parametrize(
    "kind", sorted(KINDS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_no_row_of_the_table_stands_behind_its_parent(kind: type[BaseException]) -> None:
    """
    The first that fits counts: a row behind one that is wider would never be reached.
    """
    first = next(row for row, _, _ in FOREIGN if issubclass(kind, row))

    assert kind is first


def test_each_row_makes_its_error() -> None:
    """
    With the connection in it, whatever the exception can tell.
    """
    for kind, ours, sent in FOREIGN:
        exception = kind.__new__(kind)
        if isinstance(exception, aiohttp.ClientConnectorError):
            exception._conn_key = aiohttp.client_reqrep.ConnectionKey(
                "shop.example", 443, True, True, None, None, None
            )  # type: ignore[call-arg]
            exception._os_error = OSError(1, "no")
            exception._certificate_error = ValueError("no")  # type: ignore[attr-defined]
        if isinstance(exception, aiohttp.ClientResponseError):
            exception.status = 502
        failure = translate(exception, connection="shop/teelixir", seconds=1.0)

        assert Failure is type(failure)
        assert (ours, sent, "shop/teelixir") == (type(failure.error), failure.sent, failure.error.service)
