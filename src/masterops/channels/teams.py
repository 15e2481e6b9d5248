"""
Microsoft Teams, by a workflow that takes webhook requests (the old connectors were retired in 2026).

A message is an adaptive card of at most 28 KB. 202 says that it was queued, not that it was shown; more than
four requests a second are throttled (learn.microsoft.com).
"""

from __future__ import annotations

import msgspec

from masterops.channels.addresses import Hook, shortened
from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.core.budgets import Limit, Rolling
from masterops.logs import Logger
from masterops.transport import Transport

LARGEST_BYTES = 27_000
LIMITS = (Limit("second", 4, Rolling(1.0)),)
COLOURS = {"critical": "Attention", "warning": "Warning", "info": "Default"}


class Teams:
    """
    One workflow of Teams.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        self._hook = Hook(settings.name, "teams", settings.secret("url").reveal(), LIMITS)
        self._transport = transport

    async def send(self, message: Message) -> None:
        """Post one card."""
        await self._hook.post(self._transport, payload(message), operation="card.post")


def payload(message: Message) -> bytes:
    """The card, cut until it fits."""
    most = LARGEST_BYTES
    while len(body := msgspec.json.encode(_card(message, most))) > LARGEST_BYTES:
        most //= 2
    return body


def _card(message: Message, most: int) -> dict[str, object]:
    first, *rest = shortened(message, most).split("\n")
    colour = "Good" if message.kind == "resolved" else COLOURS[message.severity]
    blocks: list[dict[str, object]] = [
        {"type": "TextBlock", "text": first, "weight": "Bolder", "color": colour, "wrap": True},
        *({"type": "TextBlock", "text": line, "wrap": True, "spacing": "Small"} for line in rest),
        {"type": "TextBlock", "text": f"id {message.id}", "isSubtle": True, "size": "Small"},
    ]
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": message.link}]
    content_type = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content_type, "content": card}]}
