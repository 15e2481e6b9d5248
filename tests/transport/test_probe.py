"""
Looks at pages, ports and certificates: real sockets, whatever is at the other end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from masterops import errors
from masterops.transport import Page, Prober, reaches
from masterops.transport.certificates import FLAWS, days_left, flaw_of, issuer_of
from masterops.transport.probe import BODY_BYTES

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOW = datetime.now(UTC)


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    made = Prober()
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def serving(**pages: Handler) -> AsyncIterator[str]:
    """`page=handler` is served at /page."""
    app = web.Application()
    for name, handler in pages.items():
        app.router.add_route("*", f"/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    finally:
        await runner.cleanup()


async def test_a_page_is_told_in_facts(prober: Prober) -> None:
    """
    Status, headers in small letters, body, the document in it, and how long it took.
    """

    async def shop(request: web.Request) -> web.Response:
        said = {"method": request.method, "token": request.headers["X-Token"], "sent": await request.text()}
        return web.json_response(said, status=203, headers={"X-Version": "7"})

    async with serving(shop=shop) as url:
        found = await prober.http("shop", Page(f"{url}/shop?a=b%2Fc", "POST", {"X-Token": "t"}, "hi"), 10)

    assert (203, "7", 0) == (found["status"], found["header"]["x-version"], found["redirects"])
    assert {"method": "POST", "token": "t", "sent": "hi"} == found["json"]
    assert 0 < found["latency_ms"] < 10_000


async def test_a_secret_header_goes_to_its_own_host_alone(prober: Prober) -> None:
    """
    A redirect to another place is followed without it; within the host it goes along.
    """
    seen: dict[str, str | None] = {}

    async def told(request: web.Request) -> web.Response:
        seen[request.query["as"]] = request.headers.get("X-Token")
        return web.Response()

    async with serving(told=told) as other:

        async def near(_: web.Request) -> web.Response:
            raise web.HTTPFound("/told?as=near")

        async def far(_: web.Request) -> web.Response:
            raise web.HTTPFound(f"{other}/told?as=far")

        async with serving(told=told, near=near, far=far) as url:
            for page in ("near", "far"):
                found = await prober.http("x", Page(f"{url}/{page}", headers={"X-Token": "t"}), 10)
                assert 1 == found["redirects"]

    assert {"near": "t", "far": None} == seen


async def test_redirects_without_an_end_end(prober: Prober) -> None:
    """
    After as many as the check says.
    """

    async def round(_: web.Request) -> web.Response:
        raise web.HTTPFound("/round")

    async with serving(round=round) as url:
        with pytest.raises(errors.UnexpectedAnswer, match="more than 2 redirects"):
            await prober.http("x", Page(f"{url}/round", redirects=2), 10)
        found = await prober.http("x", Page(f"{url}/round", redirects=0), 10)

    assert 302 == found["status"]


async def test_a_body_without_an_end_is_read_in_part(prober: Prober) -> None:
    """
    The beginning is enough, and the memory does not fill.
    """

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x" * 65_536)
        return response

    async with serving(endless=endless) as url:
        found = await prober.http("x", Page(f"{url}/endless"), 30)

    assert BODY_BYTES == found["size_bytes"] == len(found["body"])


async def test_a_body_that_drips_for_ever_is_a_time_out(prober: Prober) -> None:
    """
    The time is that of the whole look, not of the first byte.
    """

    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b"x")
                await asyncio.sleep(0.02)
        return response

    async with serving(drips=drips) as url:
        with pytest.raises(errors.Timeout):
            await prober.http("x", Page(f"{url}/drips"), 0.5)


@contextlib.asynccontextmanager
async def silent(said: bytes = b"", *, close: bool = False) -> AsyncIterator[int]:
    """A port that says something, or nothing, and then keeps the line open or closes it."""
    held: list[asyncio.StreamWriter] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        held.append(writer)
        if close:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_a_server_that_never_answers_is_a_time_out(prober: Prober) -> None:
    """
    Of pages and of certificates; a port that is open is open.
    """
    async with silent() as port:
        with pytest.raises(errors.Timeout):
            await prober.http("x", Page(f"http://127.0.0.1:{port}/"), 0.3)
        with pytest.raises(errors.Timeout):
            await prober.tls("x", "127.0.0.1", port, 0.3)
        found = await prober.tcp("x", "127.0.0.1", port, 10)

    assert ["latency_ms"] == list(found)


async def test_what_is_no_http_and_what_is_no_tls_is_said(prober: Prober) -> None:
    """
    Each as an error of ours.
    """
    async with silent(b"220 mail ready\r\n", close=True) as port:
        with pytest.raises(errors.RemoteError):
            await prober.http("x", Page(f"http://127.0.0.1:{port}/"), 10)
        with pytest.raises(errors.TlsFailed):
            await prober.tls("x", "127.0.0.1", port, 10)


async def test_a_closed_port_and_a_name_that_is_none_are_told_apart(prober: Prober) -> None:
    """
    Nothing answers there; there is no such host.
    """
    async with silent() as port:
        pass
    with pytest.raises(errors.NetworkError, match=f"nothing answers at 127.0.0.1:{port}"):
        await prober.tcp("x", "127.0.0.1", port, 10)
    for look in (
        prober.tcp("x", "nobody.invalid", 80, 10),
        prober.tls("x", "nobody.invalid", 443, 10),
        prober.http("x", Page("http://nobody.invalid/"), 10),
    ):
        with pytest.raises((errors.NameNotResolved, errors.Timeout)):
            await look


def certificate(folder: Path, name: str, days: float, ca: bool = False) -> ssl.SSLContext:
    """A server's certificate that signs itself, good for so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}-{days}.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + built.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextlib.asynccontextmanager
async def secured(context: ssl.SSLContext) -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("name", "days", "trusted", "expected"),
    [
        pytest.param("localhost", 30, False, "self-signed", id="self-signed"),
        pytest.param("localhost", -1, True, "has expired", id="expired"),
        pytest.param("other.example", 30, True, "another host name", id="another name"),
    ],
)
async def test_certificates_that_are_wrong_are_told_apart(
    prober: Prober, tmp_path: Path, name: str, days: float, trusted: bool, expected: str
) -> None:
    """
    Of a page as of a port.
    """
    context = certificate(tmp_path, name, days, ca=True)
    if trusted:
        prober._trust.load_verify_locations(tmp_path / f"{name}-{days}.pem")
    async with secured(context) as port:
        with pytest.raises(errors.TlsFailed, match=expected):
            await prober.tls("x", "localhost", port, 10)
        with pytest.raises(errors.TlsFailed, match=expected):
            await prober.http("x", Page(f"https://localhost:{port}/"), 10)


async def test_a_certificate_that_is_right_tells_its_days_and_maker(prober: Prober, tmp_path: Path) -> None:
    """
    To a tenth of a day.
    """
    context = certificate(tmp_path, "localhost", 12.5, ca=True)
    prober._trust.load_verify_locations(tmp_path / "localhost-12.5.pem")
    async with secured(context) as port:
        found = await prober.tls("x", "localhost", port, 10)

    assert 12.4 <= found["certificate_days"] <= 12.5
    assert "localhost" == found["issuer"]


def test_every_flaw_has_words() -> None:
    """
    One without a number of ours keeps OpenSSL's.
    """

    class Refused(Exception):
        def __init__(self, code: int) -> None:
            self.verify_code, self.verify_message = code, "CRL has expired"

    assert FLAWS[10] == flaw_of(Refused(10))
    assert "CRL has expired" == flaw_of(Refused(12))
    assert "the certificate cannot be verified" == flaw_of(ValueError())
    assert (None, "") == (days_left({}, NOW), issuer_of({}))


async def test_a_registry_says_when_a_domain_ends(prober: Prober) -> None:
    """
    One that says nothing of it is an answer that cannot be used.
    """
    ends = (NOW + timedelta(days=40)).isoformat()

    async def known(_: web.Request) -> web.Response:
        events = [{"eventAction": "registration"}, {"eventAction": "expiration", "eventDate": ends}]
        return web.json_response({"events": events}, content_type="application/rdap+json")

    async def empty(_: web.Request) -> web.Response:
        return web.json_response({})

    async with serving(**{"domain/a.com": known, "domain/b.com": empty}) as url:
        found = await prober.domain("x", url, "a.com", 10)
        with pytest.raises(errors.MalformedAnswer):
            await prober.domain("x", url, "b.com", 10)
        with pytest.raises(errors.UnexpectedAnswer, match="HTTP 404"):
            await prober.domain("x", url, "c.com", 10)

    assert 39.9 <= found["domain_days"] <= 40


async def test_a_port_that_refuses_is_a_host_that_is_there() -> None:
    """
    An anchor need not serve anything.
    """
    async with silent() as port:
        assert await reaches(f"127.0.0.1:{port}", 5)
    assert await reaches(f"127.0.0.1:{port}", 5)
    assert not await reaches("nobody.invalid", 5)
