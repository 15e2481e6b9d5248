"""
What a channel is.
"""

from __future__ import annotations

from typing import Protocol

from masterops.channels.message import Message


class Channel(Protocol):
    """
    One way to reach people.
    """

    name: str

    async def send(self, message: Message) -> None:
        """
        Hand one message over. Raises an error of ours whose `recovery` says whether trying again may help; no
        error repeats the channel's address.
        """
        ...
