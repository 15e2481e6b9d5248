"""
Looks at other people's pages, ports, names and certificates, for checks that are no connection.

One attempt each, within its own time, on sockets of its own, with bounded memory: whatever is at the other
end may never answer, never stop, or answer nonsense. Nothing is tried again here and no budget is spent.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from yarl import URL

from masterops import errors
from masterops.core import clock
from masterops.transport.certificates import days_left, flaw_of, issuer_of
from masterops.transport.foreign import KINDS, translate
from masterops.transport.names import ask
from masterops.transport.proxy import proxy_for

BODY_BYTES = 1024 * 1024
AGENT = "masterops (health check)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEPT_HEADERS = frozenset({"accept", "accept-language"})


@dataclass(frozen=True, slots=True)
class Page:
    """
    What is asked for by HTTP. `headers` go to that host alone, wherever it sends us.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    redirects: int = 5


class Prober:
    """
    Asks. Each answers with facts, or raises a RemoteError that says what is wrong in words.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._trust = ssl.create_default_context()

    async def close(self) -> None:
        """Close all sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def http(self, check: str, page: Page, seconds: float) -> dict[str, Any]:
        """Status, headers and body of a page, how long it took, and the certificate's days."""
        start = clock.ticks()
        try:
            async with asyncio.timeout(seconds):
                found = await self._followed(check, page)
        except aiohttp.ClientConnectorCertificateError as error:
            raise errors.TlsFailed(service=check, reason=flaw_of(error.certificate_error)) from error
        except KINDS as exception:
            raise translate(exception, connection=check, seconds=seconds).error from exception
        return {**found, "latency_ms": (clock.ticks() - start) * 1000}

    async def tcp(self, check: str, host: str, port: int, seconds: float) -> dict[str, Any]:
        """How long it took to be let in."""
        start = clock.ticks()
        _, writer = await self._connected(check, host, port, seconds, None)
        took = (clock.ticks() - start) * 1000
        writer.close()
        return {"latency_ms": took}

    async def tls(self, check: str, host: str, port: int, seconds: float) -> dict[str, Any]:
        """Who made the certificate, and how many days it is still good for."""
        start = clock.ticks()
        _, writer = await self._connected(check, host, port, seconds, self._trust)
        took = (clock.ticks() - start) * 1000
        certificate = writer.get_extra_info("peercert") or {}
        writer.transport.abort()  # a goodbye that is not answered would keep us
        return {
            "latency_ms": took,
            "certificate_days": days_left(certificate, clock.now()),
            "issuer": issuer_of(certificate),
        }

    async def dns(
        self, check: str, host: str, record: str, resolver: str | None, seconds: float
    ) -> dict[str, Any]:
        """What a name server answers about a name."""
        start = clock.ticks()
        answers = await ask(check, host, record, resolver, seconds)
        return {"answers": answers, "count": len(answers), "latency_ms": (clock.ticks() - start) * 1000}

    async def domain(self, check: str, rdap_url: str, domain: str, seconds: float) -> dict[str, Any]:
        """How many days a domain is still registered for, as its registry says by RDAP."""
        page = Page(f"{rdap_url}/domain/{domain}", headers={"Accept": "application/rdap+json"})
        found = await self.http(check, page, seconds)
        if found["status"] != 200:
            raise errors.UnexpectedAnswer(
                service=check, status=found["status"], reason=f"the registry answered HTTP {found['status']}"
            )
        events = (found.get("json") or {}).get("events") or []
        ends = [each.get("eventDate") for each in events if each.get("eventAction") == "expiration"]
        if not ends:
            raise errors.MalformedAnswer(service=check, reason="the registry says no day of expiry")
        moment = msgspec.convert(ends[0], type=datetime)
        left = (moment - clock.now()).total_seconds() / 86_400
        return {"domain_days": round(left, 1), "latency_ms": found["latency_ms"]}

    async def _followed(self, check: str, page: Page) -> dict[str, Any]:
        url, headers, method, body = page.url, dict(page.headers), page.method, page.body
        home = urlsplit(url).netloc
        for hop in range(page.redirects + 1):
            found = await self._once(url, method, headers, body)
            target = found["header"].get("location")
            if found["status"] not in REDIRECTS or not target or not page.redirects:
                return {**found, "redirects": hop}
            url = urljoin(url, target)
            if urlsplit(url).scheme not in ("http", "https"):
                raise errors.UnexpectedAnswer(service=check, reason="it redirects to what is no page")
            if urlsplit(url).netloc != home:  # what is meant for one host is nobody else's business
                headers = {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
            if found["status"] == 303 or (found["status"] in (301, 302) and method == "POST"):
                method, body = "GET", None
        raise errors.UnexpectedAnswer(service=check, reason=f"more than {page.redirects} redirects")

    async def _once(
        self, url: str, method: str, headers: Mapping[str, str], body: str | None
    ) -> dict[str, Any]:
        async with self._open().request(
            method,
            URL(url, encoded=True),
            headers={"User-Agent": AGENT, **headers},
            data=body.encode() if body is not None else None,
            proxy=proxy_for(url),
            allow_redirects=False,
        ) as response:
            certificate = _certificate(response)
            content = await _some(response)
            found: dict[str, Any] = {
                "status": response.status,
                "header": {name.lower(): value for name, value in response.headers.items()},
                "body": content.decode(response.charset or "utf-8", "replace"),
                "size_bytes": len(content),
            }
        if certificate:
            found["certificate_days"] = days_left(certificate, clock.now())
        if "json" in response.content_type:
            try:
                found["json"] = msgspec.json.decode(content)
            except (msgspec.DecodeError, RecursionError):
                pass  # a condition that wants it says that there is nothing
        return found

    async def _connected(
        self, check: str, host: str, port: int, seconds: float, trust: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.open_connection(host, port, ssl=trust)
        except ssl.SSLCertVerificationError as error:
            raise errors.TlsFailed(service=check, reason=flaw_of(error)) from error
        except ssl.SSLError as error:
            raise errors.TlsFailed(service=check, reason=error.reason or "it speaks no TLS") from error
        except TimeoutError:
            raise errors.Timeout(service=check, seconds=seconds) from None
        except ConnectionRefusedError as error:
            reason = f"nothing answers at {host}:{port}"
            raise errors.NetworkError(service=check, reason=reason) from error
        except UnicodeError as error:
            raise errors.NameNotResolved(service=check, reason=f"{host} is no host name") from error
        except OSError as error:
            raise _unreachable(check, host, error) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # A connection for each look: whether one can be made is what is asked.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._trust, ttl_dns_cache=5),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
            )
        return self._session


def _unreachable(check: str, host: str, error: OSError) -> errors.NetworkError:
    if isinstance(error, socket.gaierror):
        return errors.NameNotResolved(service=check, reason=f"{error.strerror} ({host})")
    return errors.NetworkError(service=check, reason=f"{error.strerror or error} ({host})")


def _certificate(response: aiohttp.ClientResponse) -> dict[str, Any]:
    connection = response.connection
    if connection is None or connection.transport is None:
        return {}
    return connection.transport.get_extra_info("peercert") or {}


async def _some(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body: enough to look at, whatever follows."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) >= BODY_BYTES:
            return bytes(content[:BODY_BYTES])
    return bytes(content)
