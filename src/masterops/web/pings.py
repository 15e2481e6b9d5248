"""
/ping/<token>: the one path that is hot, so it is answered without a router.

    /ping/<token>          it ran            /ping/<token>/log           a word, and nothing else
    /ping/<token>/start    a run begins      /ping/<token>/extend?by=1h  wait longer
    /ping/<token>/fail     it failed         /ping/<token>/<0-255>       the exit code: 0 is success

GET, HEAD and POST do the same. 200 is said when the ping is on disk, and only then.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs

from masterops import errors
from masterops.core import clock
from masterops.core.durations import parse_duration
from masterops.core.heartbeats import Kind
from masterops.core.ids import uuid7
from masterops.db import Ping, encode_ping
from masterops.heartbeats import Heartbeats, Intake, Known
from masterops.logs import redact_text
from masterops.web.asgi import Receive, Scope
from masterops.web.bodies import read_body
from masterops.web.callers import Callers
from masterops.web.headers import Header, header, secured

PREFIX = "/ping/"
TEMPLATE = "/ping/{token}"
KEPT_BYTES = 10_000
LONGEST_TOKEN, LONGEST_RUN_ID, LONGEST_AGENT = 128, 64, 200
METHODS = ("GET", "HEAD", "POST")
WORDS: dict[str, Kind] = {"start": "start", "fail": "fail", "log": "log", "extend": "extend"}
OK = b"OK"
OK_HEADERS: list[Header] = secured(
    [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"2")]
)


class Said(NamedTuple):
    """
    What an address says: whose ping it is, of what kind.
    """

    token: str
    kind: Kind
    exit_code: int | None = None


def read_path(path: str) -> Said | None:
    """What an address below /ping/ says; None for one that says nothing."""
    token, slash, word = path[len(PREFIX) :].partition("/")
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    if not slash or not word:  # a slash at the end is a slip that does no harm
        return Said(token, "success")
    if word in WORDS:
        return Said(token, WORDS[word])
    if word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255:
        return Said(token, "fail" if int(word) else "success", int(word))
    return None


class Pings:
    """
    Takes pings for the heartbeats that there are.
    """

    def __init__(
        self, heartbeats: Heartbeats, intake: Intake, callers: Callers, *, most_bytes: int, per_minute: int
    ) -> None:
        self._heartbeats = heartbeats
        self._intake = intake
        self._callers = callers
        self._most_bytes = most_bytes
        self._per_minute = per_minute

    async def take(self, scope: Scope, receive: Receive) -> None:
        """Keep one ping. Raises RequestError, and Gone for a caller who hung up."""
        said = read_path(scope["path"])
        if said is None:
            raise errors.NoSuchPage()
        method = scope["method"]
        if method not in METHODS:
            raise errors.WrongMethod(method=method[:20], allowed=", ".join(METHODS))
        body, size = await read_body(scope, receive, self._most_bytes, KEPT_BYTES)
        known = await self._known(said.token)
        wait = known.admits(self._per_minute, clock.ticks())
        if wait:
            raise errors.TooManyPings(most=self._per_minute, retry_after=wait)
        ping = self._ping(scope, said, known, body, size)
        if not await self._intake.keep(encode_ping(ping)):
            raise errors.PingNotKept(reason="there is no room on disk", retry_after=10)

    async def _known(self, token: str) -> Known:
        known = self._heartbeats.of(token)
        if known is None:
            try:
                known = await self._heartbeats.find(token)
            except errors.DatabaseError:
                # It may be a new one: to say that it does not exist would be more than we know.
                raise errors.PingNotKept(reason="the database is away", retry_after=10) from None
        if known is None:
            raise errors.NoSuchPage()
        return known

    def _ping(self, scope: Scope, said: Said, known: Known, body: bytes, size: int) -> Ping:
        query = scope["query_string"]
        asked = parse_qs(query.decode("latin-1"), max_num_fields=20) if query else {}
        extend = _span(asked, body) if said.kind == "extend" else None
        agent = header(scope["headers"], b"user-agent")
        run = asked.get("rid", [""])[0][:LONGEST_RUN_ID]
        return Ping(
            id=uuid7(),
            heartbeat=known.id,
            at=clock.now(),
            kind=said.kind,
            method=scope["method"],
            business=known.business,
            exit_code=said.exit_code,
            run_id=_clean(run) or None,
            extend_seconds=extend,
            remote=self._callers.of(scope),
            agent=_clean(agent[:LONGEST_AGENT].decode("latin-1")) if agent else None,
            body=redact_text(_clean(body.decode("utf-8", "replace"))) if body else None,
            body_bytes=size,
        )


def _span(asked: dict[str, list[str]], body: bytes) -> int:
    text = asked.get("by", [body[:40].decode("utf-8", "replace")])[0]
    try:
        seconds = int(parse_duration(text).total_seconds())
    except errors.BadValue:
        reason = "say how much longer, such as /extend?by=30m"
        raise errors.BadRequest(reason=reason) from None
    if seconds <= 0:
        raise errors.BadRequest(reason="an extension is longer than nothing")
    return seconds


def _clean(text: str) -> str:
    return text.replace("\0", "") if "\0" in text else text
