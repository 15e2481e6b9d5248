"""
What is sent through a channel: a line for a phone, the lines below it, and the facts for programs.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.config import Severity


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """
    One alert in a message, for programs that read it.
    """

    id: int
    rule: str
    state: str
    severity: Severity
    summary: str
    business: str | None = None
    service: str | None = None
    reason: str | None = None
    since: datetime | None = None
    resolved_at: datetime | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """
    One message. A second one of the same `id` is the same message, sent again because nobody can say whether
    the first arrived.
    """

    id: str
    kind: str
    severity: Severity
    title: str
    lines: tuple[str, ...] = ()
    link: str | None = None
    alerts: tuple[Told, ...] = ()

    @property
    def text(self) -> str:
        """All of it, a line each."""
        return "\n".join((self.title, *self.lines, *((self.link,) if self.link else ())))
