"""
Ways to reach a person: Slack, Teams, e-mail, webhooks, what Apprise knows, the log.
"""

from masterops.channels.channel import Channel
from masterops.channels.message import Message, Told
from masterops.channels.registry import open_channel, open_channels

__all__ = ["Channel", "Message", "Told", "open_channel", "open_channels"]
