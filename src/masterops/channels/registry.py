"""
Every kind of channel, one line each; imported when one of it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from masterops import errors
from masterops.channels.channel import Channel
from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.logs import Logger
from masterops.transport import Transport

KINDS: dict[str, tuple[str, str]] = {
    "slack": ("slack", "Slack"),
    "teams": ("teams", "Teams"),
    "email": ("email", "Email"),
    "webhook": ("webhook", "Webhook"),
    "apprise": ("apprised", "Apprised"),
    "log": ("record", "Record"),
}


def open_channel(settings: ChannelSettings, transport: Transport, log: Logger) -> Channel:
    """A channel. Raises ConfigReference, BadValue or PackageMissing for one that cannot be used."""
    module, name = KINDS[settings.kind]
    channel: Channel = getattr(import_module(f"masterops.channels.{module}"), name)(settings, transport, log)
    return channel


def open_channels(
    settings: Iterable[ChannelSettings], transport: Transport, log: Logger
) -> dict[str, Channel]:
    """Those that are switched on, by name; one that cannot be used says so when something is sent."""
    return {each.name: _opened(each, transport, log) for each in settings if each.enabled}


def _opened(settings: ChannelSettings, transport: Transport, log: Logger) -> Channel:
    try:
        return open_channel(settings, transport, log)
    except errors.MasterOpsError as error:
        return Unusable(settings.name, error)


class Unusable:
    """
    A channel that lacks something.
    """

    def __init__(self, name: str, error: errors.MasterOpsError) -> None:
        self.name = name
        self._error = error

    async def send(self, message: Message) -> None:
        """Raises what it lacks."""
        raise self._error
