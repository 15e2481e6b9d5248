"""
Who is told of alerts: a web server that keeps what the platform sends it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec

VARIABLE = "CAPTURED_ALERTS_URL"
CHANNEL = f"""
[[channels]]
name = "captured"
kind = "webhook"
url = "env:{VARIABLE}"
"""


class Hit(NamedTuple):
    """
    One request that arrived.
    """

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body decoded."""
        return msgspec.json.decode(self.body)


class Reply(NamedTuple):
    """
    What is answered.
    """

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


class Hooks:
    """
    A web server that takes webhooks; `replies` are used up first, then it answers 200 `ok`. While `gate` is
    closed, requests arrive and are not answered.
    """

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.replies: list[Reply] = []
        self.gate = threading.Event()
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def close(self) -> None:
        """Take nothing more."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(hooks: Hooks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Keeps one request and answers it."""

        def do_POST(self) -> None:
            """Take a message."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hooks.hits.append(Hit(self.path, headers, body))
            hooks.gate.wait(30)
            reply = hooks.replies.pop(0) if hooks.replies else Reply()
            try:
                self.send_response(reply.status)
                for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                pass  # whoever asked is dead

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class Captured:
    """
    The notices that a platform has sent, as its channel of kind webhook words them; the oldest first.
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    @property
    def notices(self) -> list[dict[str, Any]]:
        """What was sent."""
        return [hit.json for hit in self._hooks.hits]

    @property
    def titles(self) -> list[str]:
        """The lines that a phone shows."""
        return [notice["title"] for notice in self.notices]

    def clear(self) -> None:
        """Forget what was sent."""
        self._hooks.hits.clear()

    def refuse(self, *statuses: int) -> None:
        """Answer the next messages with these statuses instead of taking them."""
        self._hooks.replies += [Reply(status) for status in statuses]


@contextmanager
def receiver() -> Iterator[Hooks]:
    """A web server, as long as the block."""
    hooks = Hooks()
    try:
        yield hooks
    finally:
        hooks.close()
