"""
The channels that the file declares: `[[channels]]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from masterops.config.alert_keys import CHANNEL, CHANNEL_KINDS
from masterops.config.alerting import LOG_CHANNEL, ChannelSettings
from masterops.config.lists import Entry, entries
from masterops.config.reading import Source

TABLE = "channels"


def read_channels(source: Source, *, inline: bool) -> tuple[ChannelSettings, ...]:
    """Every channel, with the one that writes log records. Raises a ConfigError."""
    found = {LOG_CHANNEL: ChannelSettings(LOG_CHANNEL, "log")}
    seen: set[str] = set()
    for entry in entries(source, TABLE):
        channel = _channel(entry, inline)
        if channel.name in seen:
            raise entry.wrong("name", "a name of its own", f"the name of another channel, `{channel.name}`")
        seen.add(channel.name)
        found[channel.name] = channel
    return tuple(found.values())


def _channel(entry: Entry, inline: bool) -> ChannelSettings:
    entry.check_names(each.name for each in CHANNEL)
    values = {each.name: entry.value(each) for each in CHANNEL}
    needed = CHANNEL_KINDS[values["kind"]]
    for name in needed:
        if values[name] is None:
            raise entry.wrong(name, f"there for a channel of kind {values['kind']}", "left out")
    secrets = {name: entry.follow(str(values[name]), name, inline=inline) for name in _secrets(values)}
    return ChannelSettings(
        name=values["name"],
        kind=values["kind"],
        enabled=values["enabled"],
        sender=values["from"],
        to=values["to"] or (),
        secrets={name: value for name, value in secrets.items() if value is not None},
        missing={
            name: (str(values[name]), entry.where(name)) for name, value in secrets.items() if value is None
        },
        where=entry.where(),
    )


def _secrets(values: dict[str, object]) -> Iterator[str]:
    return (each.name for each in CHANNEL if each.secret and values[each.name] is not None)
