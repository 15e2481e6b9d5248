"""
What a connector asks of the transport: at whom, and what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode

import msgspec

from masterops import errors
from masterops.config import Secret
from masterops.core.breaker import Rules
from masterops.core.budgets import CALLS, Lane, Limit, Reading
from masterops.transport.outcome import Problem, Reply

if TYPE_CHECKING:
    from masterops.transport.oauth.app import OAuthApp

# A part that is one of these is no segment of a path: it is dropped, or climbs to the one above.
NO_SEGMENTS = frozenset({"", ".", ".."})
UNSENDABLE = (msgspec.EncodeError, TypeError, ValueError, OverflowError, RecursionError, NotImplementedError)
READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Rate:
    """
    What an answer's headers say of the budget that is left; `readings` limit by limit, by their names.
    """

    remaining: int | None = None
    resets_at: datetime | None = None
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """
    One connection as the transport needs it.

    `headers` is called for each attempt, so that a rotated token is used at once; what it returns is
    sent and never written anywhere. `sign` adds to them what depends on the request. `explain` reads the
    service's own error body, `rate` its headers.
    With `oauth` the credentials are an app's, and `headers` gives what there is beside them.
    `limits` are what its calls may spend, to begin with: what `rate` reads moves them. `circuit` says when it
    fails too often to be asked.
    """

    connection: str
    service: str
    business: str | None
    base_url: str
    headers: Callable[[], Mapping[str, str]]
    explain: Callable[[Reply], Problem]
    rate: Callable[[Mapping[str, str]], Rate] = lambda headers: Rate()
    limits: tuple[Limit, ...] = ()
    sign: Callable[[Request], Mapping[str, str]] | None = None
    circuit: Rules = field(default=Rules())
    oauth: OAuthApp | None = None

    def secrets(self, request: Request) -> Mapping[str, str]:
        """The headers of an attempt that nobody may see."""
        return self.headers() if self.sign is None else {**self.headers(), **self.sign(request)}


@dataclass(frozen=True, slots=True)
class Content:
    """
    A body that is sent as it is, with its media type; any other is sent as JSON.
    """

    data: bytes
    media_type: str


class Request(msgspec.Struct, frozen=True):
    """
    One logical call. `path` is a template: its parts in braces are filled from `parts`, escaped. Making one
    raises BadValue for a part that would not stay in its place.

    `repeatable` says whether sending it twice does no more than sending it once. One that is not is
    sent again only when it certainly was not carried out.

    `headers` are sent as they are and hold no secret. It spends `weight` of the limits of its `bucket`, and
    waits in `lane`; None is the lane of the work that it is part of. A `form` is sent in place of a body. One
    that is a `probe` (a health check) is sent though the circuit of its group is open.
    """

    method: str
    path: str
    operation: str
    parts: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: object = None
    repeatable: bool = True
    timeout: float | None = None
    bucket: str = CALLS
    weight: int = 1
    lane: Lane | None = None
    headers: Mapping[str, str] = {}
    probe: bool = False
    form: Mapping[str, str | Secret] | None = None

    def __repr__(self) -> str:
        """Without what it carries."""
        return f"Request({self.method!r}, {self.path!r}, {self.operation!r})"

    def __post_init__(self) -> None:
        for name, value in self.parts.items():
            if str(value) in NO_SEGMENTS:
                reason = f"it would leave its place in {self.path} and ask for something else"
                hint = "Look where it comes from: it is empty, or dots alone."
                raise errors.BadValue(value=value, kind=name, reason=reason, hint=hint)

    @property
    def endpoint(self) -> str:
        """The label for metrics: the template, which never holds an id or a secret."""
        return self.path

    @property
    def query_string(self) -> str:
        """
        The query as it stands in the URL, behind the question mark; empty when there is none. A colon stays
        one, as it may in a query: who signs the query need not know whether it is signed escaped or not.
        """
        # As `urlencode` does it; names and most values, lists of properties above all, come with each call.
        return "&".join([f"{_quoted(name)}={_quoted(str(value))}" for name, value in self.query.items()])

    @property
    def group(self) -> str:
        """
        The calls that fail together with this one: what the service counts by itself (searches) it also runs
        by itself, as a rule; else batches, reads and writes.
        """
        if self.bucket != CALLS:
            return self.bucket
        if "/batch/" in self.path:
            return "batch"
        return "read" if self.method in READS else "write"

    @property
    def content_type(self) -> str:
        """What the body is."""
        if isinstance(self.body, Content):
            return self.body.media_type
        return "application/json" if self.form is None else "application/x-www-form-urlencoded"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may repeat of the form."""
        given = [value.reveal() for value in (self.form or {}).values() if isinstance(value, Secret)]
        return (*given, *map(quote_plus, given))

    def encoded(self) -> bytes | None:
        """The body, a file or JSON, or the form. Raises BadValue for a body that JSON cannot hold."""
        if self.body is None and self.form is None:
            return None
        if self.form is not None:
            return urlencode({name: _plain(value) for name, value in self.form.items()}).encode()
        if isinstance(self.body, Content):
            return self.body.data
        try:
            return msgspec.json.encode(self.body)
        except UNSENDABLE as error:
            kind = type(self.body).__name__  # not the body itself: it may hold anything
            raise errors.BadValue(value=kind, kind=f"body of {self.operation}", reason=f"{error}.") from None

    def url(self, base_url: str) -> str:
        """The whole URL; an id with a slash or any other character stays one path segment."""
        filled = self.path
        if "{" in filled:
            filled = filled.format_map({name: _segment(str(value)) for name, value in self.parts.items()})
        query = f"?{self.query_string}" if self.query else ""
        return base_url.rstrip("/") + filled + query


def _segment(part: str) -> str:
    return part if part.isalnum() and part.isascii() else quote(part, safe="")


_quoted = lru_cache(1024)(partial(quote_plus, safe=":"))


def _plain(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
