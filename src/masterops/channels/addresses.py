"""
An address that is a secret, taken apart so that no part of it is ever shown.

The address of a webhook is its password: path and query travel as parts of the request, of which metrics and
errors hold the template only, and whatever the other side repeats of them is taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from masterops import errors
from masterops.channels.message import Message
from masterops.core.backoff import RetryPolicy
from masterops.core.budgets import Limit
from masterops.logs import REDACTED, redact_text, remember
from masterops.transport import Content, Problem, Reply, Request, Target, Transport

SECONDS = 15.0
# One attempt: the outbox tries again, with what it remembers.
ONCE = RetryPolicy(attempts=1, deadline=20.0)
# Shorter parts are words such as `services`, which must not vanish from every log record.
SHORTEST_SECRET, SHORTEST_WITH_DIGITS = 16, 8
LONGEST_REASON = 200


class Hook:
    """
    The address of a webhook. Raises BadValue for what is none, without repeating it.
    """

    def __init__(self, name: str, kind: str, url: str, limits: tuple[Limit, ...] = ()) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            reason = "it must begin with https:// or http:// and a host, without user and password"
            raise bad_address(name, reason)
        self._query = dict(parse_qsl(parts.query, keep_blank_values=True))
        segments = parts.path.split("/")[1:]
        self._parts = {f"p{index}": unquote(each) for index, each in enumerate(segments) if each}
        self._path = "".join(f"/{{p{index}}}" if each else "/" for index, each in enumerate(segments))
        self.secrets = secret_parts(url, *self._parts.values(), *self._query.values())
        remember(self.secrets)
        self._target = Target(
            connection=f"channel/{name}",
            service=kind,
            business=None,
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers=dict,
            explain=self._explain,
            limits=limits,
        )

    async def post(
        self, transport: Transport, body: bytes, *, operation: str, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The answer to a JSON body. Raises a RemoteError."""
        request = Request(
            "POST",
            self._path,
            operation,
            parts=self._parts,
            query=self._query,
            body=Content(body, "application/json"),
            timeout=SECONDS,
            headers=headers or {},
        )
        return await transport.call(self._target, request, bytes, policy=ONCE)

    def _explain(self, reply: Reply) -> Problem:
        said = " ".join(reply.body[:2000].decode("utf-8", "replace").split())
        return Problem(reason=without(said, self.secrets)[:LONGEST_REASON])


def bad_address(name: str, reason: str) -> errors.BadValue:
    """The error for an address that is none, which is not repeated."""
    hint = "Mend it where `ops config show` says that it comes from; `ops alerts test` tries it."
    return errors.BadValue(kind=f"address of channel {name}", value="***", reason=reason, hint=hint)


def secret_parts(*texts: str | None) -> tuple[str, ...]:
    """What must not be seen, the longest first, so that no half of one is left."""
    return tuple(sorted({each for each in texts if each and _is_secret(each)}, key=len, reverse=True))


def _is_secret(text: str) -> bool:
    return len(text) >= SHORTEST_SECRET or (
        len(text) >= SHORTEST_WITH_DIGITS and any(each.isdigit() for each in text)
    )


def without(text: str, secrets: tuple[str, ...]) -> str:
    """`text` without any of `secrets`, and without what looks like one."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return redact_text(text)


def shortened(message: Message, most: int) -> str:
    """The text of a message in at most so many characters, its first line whole as long as it fits."""
    text = message.text
    return text if len(text) <= most else f"{text[: most - 1]}…"
