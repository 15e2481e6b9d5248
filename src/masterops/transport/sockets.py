"""
The pool of sockets: an aiohttp session that does nothing by itself, and the reading of an answer.
"""

from __future__ import annotations

from contextvars import ContextVar

import aiohttp

from masterops.core import clock
from masterops.transport.foreign import CONNECT_SECONDS, BodyTooLarge
from masterops.transport.recording import Call

CHUNK_BYTES = 256 * 1024
CONNECTIONS_PER_HOST = 32
# The call whose request is being made: aiohttp makes requests itself, and has no other place to put it.
making: ContextVar[Call] = ContextVar("making")


class Leaving(aiohttp.ClientRequest):
    """
    A request that notes on its call when it leaves.

    A session's trace config would do the same for 17 µs of each call. The request to a proxy that opens a
    tunnel is none of these: it is not the call's own.
    """

    async def send(self, conn: object) -> aiohttp.ClientResponse:
        """From here on it may have left this machine."""
        making.get().left = clock.microseconds()
        return await super().send(conn)  # type: ignore[arg-type]  # aiohttp's Connection is not public


def open_session() -> aiohttp.ClientSession:
    """Sockets for every service. The whole attempt is bounded by whoever sends."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_HOST),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=Leaving,
        skip_auto_headers=("Content-Type",),  # where there is no body it would name one
    )
    # aiohttp would send a GET a second time by itself when a connection breaks: an attempt that no
    # budget, metric or log would ever know of. There is no public switch for it.
    session._retry_connection = False
    return session


async def read_body(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """The whole body, or BodyTooLarge before it fills the memory; unpacked, if it was compressed."""
    length = response.content_length
    if length is not None:
        if length > largest:
            raise BodyTooLarge(f"the answer has {length:,} bytes")
        if "Content-Encoding" not in response.headers:
            return await response.read()  # as long as it says
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > largest:
            raise BodyTooLarge(f"the answer has more than {largest:,} bytes")
    return bytes(body)
