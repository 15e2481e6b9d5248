"""
A webhook of one's own: the message as JSON, signed.

`X-MasterOps-Signature: t=<unix seconds>,v1=<hex>` is HMAC-SHA256 of `<unix seconds>.<body>` with the
channel's secret; `Idempotency-Key` is the id of the message. docs/alerts.md has the lines that verify it.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from masterops.channels.addresses import Hook
from masterops.channels.message import Message
from masterops.config import ChannelSettings, Secret
from masterops.core import clock
from masterops.logs import Logger, remember
from masterops.transport import Transport

SIGNATURE = "X-MasterOps-Signature"
KEY = "Idempotency-Key"


class Webhook:
    """
    One address that takes JSON.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        self._hook = Hook(settings.name, "webhook", settings.secret("url").reveal())
        wanted = "secret" in settings.secrets or "secret" in settings.missing
        self._secret: Secret | None = settings.secret("secret") if wanted else None
        if self._secret is not None:
            remember([self._secret.reveal()])
        self._transport = transport

    async def send(self, message: Message) -> None:
        """Post one message. Any answer of 200 to 299 is taken for received."""
        body = msgspec.json.encode(message)
        headers = {KEY: message.id}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret.reveal(), int(clock.now().timestamp()), body)
        await self._hook.post(self._transport, body, operation="message.post", headers=headers)


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of the signature's header."""
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"
