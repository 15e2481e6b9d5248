"""
Exceptions of aiohttp, asyncio and msgspec become ours here, and nowhere else.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

import aiohttp
import msgspec
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError

from masterops import errors

# Of its own, shorter than an attempt's: it tells a request that never left from one that may have been
# carried out.
CONNECT_SECONDS = 10.0
PROXY_WANTS_PASSWORD = 407


@dataclass(frozen=True, slots=True)
class Failure:
    """
    An attempt without a usable answer, and whether the request had left before it failed.
    """

    error: errors.RemoteError
    sent: bool


class BodyTooLarge(Exception):
    """The answer is larger than the transport reads."""


# The first row that matches wins: subclasses stand before their parents.
FOREIGN: tuple[tuple[type[BaseException], type[errors.RemoteError], bool], ...] = (
    (aiohttp.ClientConnectorDNSError, errors.NameNotResolved, False),
    (aiohttp.ClientConnectorCertificateError, errors.TlsFailed, False),
    (aiohttp.ClientConnectorSSLError, errors.TlsFailed, False),
    (aiohttp.ClientSSLError, errors.TlsFailed, False),
    (aiohttp.ServerFingerprintMismatch, errors.TlsFailed, False),
    (aiohttp.ConnectionTimeoutError, errors.Timeout, False),
    (aiohttp.ClientProxyConnectionError, errors.NetworkError, False),
    (aiohttp.ClientHttpProxyError, errors.NetworkError, False),
    (aiohttp.ClientConnectorError, errors.NetworkError, False),
    (aiohttp.InvalidURL, errors.NetworkError, False),
    (aiohttp.ServerTimeoutError, errors.Timeout, True),
    (TimeoutError, errors.Timeout, True),
    (ContentEncodingError, errors.MalformedAnswer, True),
    (aiohttp.ClientPayloadError, errors.NetworkError, True),
    (aiohttp.ClientConnectionError, errors.NetworkError, True),
    (aiohttp.TooManyRedirects, errors.UnexpectedAnswer, True),
    (aiohttp.ClientResponseError, errors.MalformedAnswer, True),
    (HttpProcessingError, errors.MalformedAnswer, True),
    (aiohttp.ClientError, errors.NetworkError, True),
    (BodyTooLarge, errors.AnswerTooLarge, True),
    (msgspec.ValidationError, errors.MalformedAnswer, True),
    (msgspec.DecodeError, errors.MalformedAnswer, True),
    (UnicodeDecodeError, errors.MalformedAnswer, True),
    (RecursionError, errors.MalformedAnswer, True),  # a document nested deeper than any of theirs
    (OSError, errors.NetworkError, True),
)
KINDS = tuple(kind for kind, _, _ in FOREIGN)


def translate(exception: BaseException, *, connection: str, seconds: float) -> Failure:
    """Our error for one of theirs; `seconds` is the limit that a time-out ran into."""
    exception = _cause(exception)
    for kind, ours, sent in FOREIGN:
        if isinstance(exception, kind):
            if isinstance(exception, aiohttp.ConnectionTimeoutError):
                seconds = CONNECT_SECONDS
            facts = {"seconds": seconds} if ours is errors.Timeout else {"reason": reason_of(exception)}
            return Failure(ours(service=connection, **facts), sent)
    raise exception


def _cause(exception: BaseException) -> BaseException:
    """aiohttp wraps a compression that cannot be undone in the same errors as an answer that was cut."""
    cause: BaseException | None = exception
    while cause is not None and not isinstance(cause, ContentEncodingError):
        cause = cause.__cause__
    return cause or exception


def reason_of(exception: BaseException) -> str:
    """What happened in words, without a URL: a URL may carry a secret."""
    if isinstance(exception, aiohttp.ClientConnectorCertificateError):
        return str(exception.certificate_error)
    if isinstance(exception, aiohttp.ClientConnectorError):
        where = f"{exception.host}:{exception.port}"
        if exception.os_error.errno == errno.ECONNREFUSED or "Connect call failed" in str(exception.os_error):
            return f"nothing answers at {where}"
        return f"{exception.os_error.strerror or exception.os_error} ({where})"
    if isinstance(exception, aiohttp.ServerDisconnectedError):
        return "it closed the connection without an answer"
    if isinstance(exception, ContentEncodingError):
        return "its compression cannot be undone"
    if isinstance(exception, aiohttp.ClientPayloadError):
        return "the answer was cut off in the middle"
    if isinstance(exception, aiohttp.ClientHttpProxyError):
        wants = exception.status == PROXY_WANTS_PASSWORD
        said = "wants a user and password" if wants else "does not let us through"
        return f"the proxy {said} (HTTP {exception.status})"
    if isinstance(exception, (aiohttp.InvalidURL, aiohttp.ClientResponseError, HttpProcessingError)):
        return f"{type(exception).__name__}: not valid HTTP"
    return str(exception) or type(exception).__name__
