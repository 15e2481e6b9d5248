"""
Reading the body of a request, and no more of it than is allowed.
"""

from __future__ import annotations

from masterops import errors
from masterops.web.asgi import Receive, Scope
from masterops.web.headers import header


class Gone(Exception):
    """The caller hung up before the body was whole."""


def refuse_announced(scope: Scope, most: int) -> None:
    """Refuse a body that says itself that it is too large. Raises BodyTooLarge, BadRequest."""
    said = header(scope["headers"], b"content-length")
    if said is None:
        return
    if not said.isdigit() or len(said) > 18:
        raise errors.BadRequest(reason="Content-Length is not a number")
    if int(said) > most:
        raise errors.BodyTooLarge(most=most)


async def read_body(scope: Scope, receive: Receive, most: int, keep: int) -> tuple[bytes, int]:
    """The first `keep` bytes of the body, and how many there were. Raises BodyTooLarge, BadRequest, Gone."""
    refuse_announced(scope, most)
    kept, size = b"", 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        if part:
            size += len(part)
            if size > most:
                raise errors.BodyTooLarge(most=most)
            kept += part[: keep - len(kept)]
        if not message.get("more_body"):
            return kept, size


def limited(receive: Receive, most: int) -> Receive:
    """The same messages, until they hold more than `most` bytes. Raises BodyTooLarge."""
    size = 0

    async def counted() -> dict[str, object]:
        nonlocal size
        message = await receive()
        part = message.get("body")
        if isinstance(part, bytes):
            size += len(part)
            if size > most:
                raise errors.BodyTooLarge(most=most)
        return message

    return counted
