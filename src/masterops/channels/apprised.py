"""
The hundred services that Apprise knows, for which we have no channel of our own.

It answers yes or no, so every failure is tried again; what it says of one is cleaned of the address.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from masterops import errors
from masterops.channels.addresses import bad_address, secret_parts, without
from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.logs import Logger, remember
from masterops.transport import Transport

KINDS = {"critical": "failure", "warning": "warning", "info": "info"}


class Apprised:
    """
    One address of Apprise.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        url = settings.secret("url").reveal()
        self._secrets = secret_parts(url, *url.replace("?", "/").replace("&", "/").split("/"))
        remember(self._secrets)
        self._said = _Said()
        self._service = self._opened(url)

    async def send(self, message: Message) -> None:
        """Notify, in a thread: Apprise blocks."""
        kind = "success" if message.kind == "resolved" else KINDS[message.severity]
        body = "\n".join((*message.lines, *((message.link,) if message.link else ()), f"id {message.id}"))
        self._said.clear()
        if not await asyncio.to_thread(
            self._service.notify, body=body, title=message.title, notify_type=kind
        ):
            reason = without(self._said.last or "Apprise does not say why", self._secrets)
            raise errors.ServerFailed(service=f"channel/{self.name}", reason=reason)

    def _opened(self, url: str) -> Any:  # Apprise has no types
        try:
            from apprise import Apprise, AppriseAsset
        except ImportError:
            raise errors.PackageMissing(setting=f"channels.{self.name}", extra="apprise") from None
        # Its own words go nowhere else: they may hold the address.
        logger = logging.getLogger("apprise")
        logger.propagate = False
        logger.addHandler(self._said)
        opened = Apprise(asset=AppriseAsset(app_id="Master-Ops", async_mode=False))
        if not opened.add(url):
            reason = "Apprise does not understand it: see https://appriseit.com for the addresses it knows"
            raise bad_address(self.name, reason)
        return opened


class _Said(logging.Handler):
    """The last warning of Apprise."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()

    def clear(self) -> None:
        self.last = ""
