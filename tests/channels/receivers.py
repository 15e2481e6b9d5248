"""
Who receives: a mail server on a real socket, which answers what a test tells it; webhooks go to `Hooks`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from masterops.testing.captured import Hit, Hooks, Reply

__all__ = ["Hit", "Hooks", "Mails", "Reply", "free_port", "wait_for"]


class Mails:
    """
    A mail server that keeps what it takes; `replies` answer the end of a mail first, `refused` are recipients.
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.replies: list[str] = []
        self.refused: dict[str, str] = {}
        port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=30)
        self._controller.start()
        self._open = True
        self.url = f"smtp://127.0.0.1:{port}"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.replies:
            return self.replies.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    def close(self) -> None:
        if self._open:
            self._open = False
            self._controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def wait_for(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Until a condition holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"did not come true within {seconds} s"
        time.sleep(0.02)
