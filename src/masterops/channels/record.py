"""
The channel that is always there: a notice becomes a log record.
"""

from __future__ import annotations

from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.logs import Logger
from masterops.transport import Transport


class Record:
    """
    Writes to the log; never an error, which would count as one of the business.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        self._log = log

    async def send(self, message: Message) -> None:
        """One record."""
        write = self._log.info if message.kind in ("resolved", "test") else self._log.warn
        write(f"alert.{message.kind}", title=message.title, severity=message.severity, notice=message.id)
