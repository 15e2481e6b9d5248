"""
Apprise, the log, and channels that lack something.
"""

from __future__ import annotations

import pytest

from masterops import errors
from masterops.channels import Message, open_channels
from masterops.config import ChannelSettings
from masterops.logs import Logger
from masterops.transport import Transport
from tests.channels.conftest import TOKEN, Opening
from tests.channels.receivers import Hooks, Reply
from tests.transport.conftest import Notebook


async def test_apprise_reaches_what_we_have_no_channel_for(
    opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    By an address of its own; a failure is tried again, and said without the address.
    """
    address = hooks.url.replace("http://", "json://") + f"/{TOKEN}"
    channel = opening("apprise", address)
    hooks.replies = [Reply(), Reply(500, b"no")]

    await channel.send(message)
    with pytest.raises(errors.ServerFailed) as refused:
        await channel.send(message)

    assert message.title == hooks.hits[0].json["title"]
    assert "retry" == refused.value.recovery
    assert TOKEN not in refused.value.message


def test_an_address_that_apprise_does_not_know_is_refused(opening: Opening) -> None:
    """
    Without repeating it.
    """
    with pytest.raises(errors.BadValue, match="see https") as refused:
        opening("apprise", f"nosuchthing://{TOKEN}")

    assert TOKEN not in refused.value.message


async def test_the_log_has_notices_as_records(opening: Opening, message: Message, notebook: Notebook) -> None:
    """
    A warning, not an error: an error would count as one of the business.
    """
    await opening("log", "unused").send(message)

    assert [("warn", "alert.firing")] == [(each.level, each.message) for each in notebook.records]


async def test_a_channel_that_lacks_something_says_so_when_it_is_used(
    message: Message, notebook: Notebook
) -> None:
    """
    The others work; one that is switched off is not there.
    """
    log = Logger(notebook, source="alerts")
    waiting = ChannelSettings("a", "slack", missing={"url": ("env:SLACK_URL", "masterops.toml:3")})
    off = ChannelSettings("b", "log", enabled=False)
    async with Transport(log=log, measure=notebook.metrics.append) as transport:
        channels = open_channels([waiting, off, ChannelSettings("log", "log")], transport, log)
        with pytest.raises(errors.ConfigReference, match="env:SLACK_URL"):
            await channels["a"].send(message)
        await channels["log"].send(message)

    assert {"a", "log"} == channels.keys()
