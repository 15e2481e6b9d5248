"""
Recording: a capability runs, and what it asks and is answered is scrubbed as it comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from masterops import errors
from masterops.cassettes.cassette import Cassette, Exchange
from masterops.cassettes.scrub import Scrubber
from masterops.core import clock
from masterops.transport import Reply, Request, Target
from masterops.transport.overhearing import overheard

# Headers that a connector looks at; the rest is the service's own and may name the account.
KEPT = ("content-type", "content-range", "retry-after", "x-hubspot-ratelimit-", "x-ratelimit-", "ratelimit-")


async def record(
    service: str,
    capability: str,
    run: Callable[[], Awaitable[str]],
    scrubber: Scrubber,
    *,
    secrets: Iterable[str] = (),
) -> tuple[Cassette, str]:
    """
    What a capability asked and was answered, and what it said of itself. Raises a RemoteError when it fails,
    CassetteUnusable when one of `secrets` would be in it.
    """
    heard: list[Exchange] = []

    def listener(target: Target, request: Request, reply: Reply) -> None:
        heard.append(exchange(request, reply, scrubber))

    with overheard(listener):
        said = await run()
    made = Cassette(service, capability, clock.now().date(), heard)
    written = msgspec.json.encode(made).decode()
    if any(secret in written for secret in secrets if secret):
        raise errors.CassetteUnusable(file=f"{capability}.json", reason="a credential would be in it")
    return made, said


def exchange(request: Request, reply: Reply, scrubber: Scrubber) -> Exchange:
    """One exchange, scrubbed: first what was asked, by what was answered before."""
    parts = {name: scrubber.asked(str(value)) for name, value in request.parts.items()}
    asked = Request(request.method, request.path, request.operation, parts=parts)
    sent = scrubber.asked(_json(request.encoded() or b"null")) if request.form is None else None
    query = {name: scrubber.asked(str(value)) for name, value in request.query.items()}
    body, text = _body(reply, scrubber)
    return Exchange(
        request.method, request.path, asked.url(""), reply.status,
        query=query, sent=sent, headers=_headers(reply.headers), body=body, text=text,
    )  # fmt: skip


def _body(reply: Reply, scrubber: Scrubber) -> tuple[Any, str | None]:
    if not reply.body:
        return None, None
    try:
        return scrubber.answered(msgspec.json.decode(reply.body), refused=reply.status >= 400), None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, scrubber.instead(reply.body.decode(errors="replace"))


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a file: what is in it is nobody's business
        return None


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in headers.items() if name.lower().startswith(KEPT)}
