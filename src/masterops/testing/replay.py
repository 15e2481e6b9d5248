"""
Cassettes over real HTTP: what `ops record` kept is answered again, to a connector that sees no difference.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from masterops.app.blocking import Portal
from masterops.cassettes import Cassette, Exchange, read
from masterops.config import Connection
from masterops.testing.twins import Account, connection_of

# What stands in a path because a connection's settings say so: a replay's are others.
CONFIGURED = re.compile(r"\\{(ref)\\}")
SKIPPED = ("content-length", "content-encoding", "transfer-encoding")


@dataclass
class Asked:
    """
    Which of the recorded exchanges was chosen for a request; None where none fits.
    """

    method: str
    path: str
    query: Mapping[str, str]
    answered: Exchange | None


@dataclass
class Tape:
    """
    What was recorded, and how far it has been played.
    """

    exchanges: Sequence[Exchange]
    asked: list[Asked] = field(default_factory=list)
    _played: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, method: str, path: str, query: Mapping[str, str], sent: Any) -> Exchange | None:
        """
        The exchange that fits a request best: its method and path, then as much of its query and body as
        possible, then the first that was not played yet.
        """
        with self._lock:
            fitting = [
                (-_alike(each, query, sent), number in self._played, number)
                for number, each in enumerate(self.exchanges)
                if each.method == method and _fits(each, path)
            ]
            chosen = min(fitting)[2] if fitting else None
            found = None if chosen is None else self.exchanges[chosen]
            if chosen is not None:
                self._played.add(chosen)
            self.asked.append(Asked(method, path, query, found))
        return found

    @property
    def missed(self) -> list[str]:
        """The requests that nothing was recorded for."""
        return [f"{each.method} {each.path}" for each in self.asked if each.answered is None]

    @property
    def left(self) -> list[str]:
        """The recorded requests that nobody has made."""
        return [
            f"{each.method} {each.path}"
            for number, each in enumerate(self.exchanges)
            if number not in self._played
        ]


def _fits(exchange: Exchange, path: str) -> bool:
    if exchange.path == path:
        return True
    template = re.escape(exchange.template)
    return bool(CONFIGURED.search(template) and re.fullmatch(CONFIGURED.sub("[^/]+", template), path))


def _alike(exchange: Exchange, query: Mapping[str, str], sent: Any) -> int:
    """How many parameters are the same, a body as many as all of them."""
    same = sum(query.get(name) == value for name, value in exchange.query.items())
    return same + (len(exchange.query) + 1 if exchange.sent == sent else 0)


class Replayed(Account):
    """
    An account that answers from a tape; connectors to it are made as to a twin.
    """

    def __init__(self, tape: Tape, portal: Portal, stack: ExitStack, connection: Connection) -> None:
        super().__init__(portal, stack, connection)
        self.tape = tape


class Replays:
    """
    Makes replays: `masterops_replay("cassettes/hubspot/contacts.list.json")`.
    """

    def __init__(self, portal: Portal, stack: ExitStack) -> None:
        self._portal, self._stack = portal, stack

    def __call__(self, *files: Path | str, business: str = "replayed") -> Replayed:
        """An account of what these files have, one after the other. Raises CassetteUnusable."""
        cassettes = [read(Path(file)) for file in files]
        services = {each.service for each in cassettes}
        if len(services) != 1:
            raise ValueError(f"cassettes of one service, and at least one: {', '.join(sorted(services))}")
        url, tape = self._stack.enter_context(replaying(cassettes))
        connection = connection_of(url, services.pop(), business)
        return Replayed(tape, self._portal, self._stack, connection)


@contextmanager
def replays() -> Iterator[Replays]:
    """What makes replays; all of them end with the block."""
    with Portal() as portal, ExitStack() as stack:
        yield Replays(portal, stack)


@contextmanager
def replaying(cassettes: Sequence[Cassette]) -> Iterator[tuple[str, Tape]]:
    """
    A server of what was recorded, as long as the block: its URL, below which each service has its name as the
    twins have (`/hubspot`), and the tape.
    """
    tape = Tape([exchange for each in cassettes for exchange in each.exchanges])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tape))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", tape
    finally:
        server.shutdown()
        server.server_close()


def _handler(tape: Tape) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers one request from the tape."""

        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            """Whatever the method is."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            whole, _, query = self.path.partition("?")
            path = "/" + whole[1:].partition("/")[2]
            found = tape.play(self.command, path, dict(parse_qsl(query, keep_blank_values=True)), _json(body))
            status, headers, said = _answer(found, f"{self.command} {path}")
            self.send_response(status)
            for name, text in {**headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _answer(exchange: Exchange | None, asked: str) -> tuple[int, dict[str, str], bytes]:
    if exchange is None:
        said = msgspec.json.encode({"message": f"nothing was recorded for {asked}"})
        return 404, {"Content-Type": "application/json"}, said
    body = exchange.text.encode() if exchange.text is not None else b""
    if exchange.body is not None:
        body = msgspec.json.encode(exchange.body)
    headers = {name: text for name, text in exchange.headers.items() if name not in SKIPPED}
    return exchange.status, headers, body


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.DecodeError:
        return None
