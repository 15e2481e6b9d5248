"""
Slack, by an incoming webhook.

One message a second and channel; a section holds 3,000 characters (docs.slack.dev). It answers `ok`.
"""

from __future__ import annotations

import msgspec

from masterops import errors
from masterops.channels.addresses import Hook, shortened
from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.core.budgets import Limit, Rolling
from masterops.logs import Logger
from masterops.transport import Transport

LONGEST_SECTION = 3_000
LIMITS = (Limit("second", 1, Rolling(1.0)),)


class Slack:
    """
    One webhook of Slack.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        self._hook = Hook(settings.name, "slack", settings.secret("url").reveal(), LIMITS)
        self._transport = transport

    async def send(self, message: Message) -> None:
        """Post one message."""
        body = msgspec.json.encode(payload(message))
        answer = await self._hook.post(self._transport, body, operation="message.post")
        if answer.strip() != b"ok":
            reason = "it did not say ok: is this the address of an incoming webhook?"
            raise errors.UnexpectedAnswer(service=f"channel/{self.name}", reason=reason)


def payload(message: Message) -> dict[str, object]:
    """What Slack shows; the id in its own block, for whoever sees a message twice."""
    first, *rest = _escaped(shortened(message, LONGEST_SECTION - 300)).split("\n")
    text = "\n".join((f"*{first}*", *rest))
    return {
        "text": _escaped(message.title),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_SECTION]}},
            {"type": "context", "elements": [{"type": "plain_text", "text": f"id {message.id}"}]},
        ],
    }


def _escaped(text: str) -> str:
    """Slack's three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
