"""
The settings in effect, for people: every key, its value without secrets, and where it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from masterops.config.alert_keys import CHANNEL
from masterops.config.alerting import ChannelSettings
from masterops.config.check_model import Check, Maintenance
from masterops.config.keys import BUSINESS, HEARTBEAT, SETTINGS
from masterops.config.model import DEFAULT, Business, Connection, Heartbeat, Settings, path_of
from masterops.config.secret import Secret
from masterops.config.services import ENABLED, SERVICES
from masterops.config.toml import dotted


class Shown(NamedTuple):
    """
    One line of `ops config show`.
    """

    key: str
    value: object  # true, a number, a text or None; never a secret
    origin: str
    help: str


def effective(settings: Settings) -> list[Shown]:
    """Every setting in effect."""
    return [
        *_sections(settings),
        *(line for business in settings.businesses for line in _business(settings, business)),
        *(line for connection in settings.connections for line in _connection(settings, connection)),
        *(line for heartbeat in settings.heartbeats for line in _heartbeat(settings, heartbeat)),
        *(line for channel in settings.channels if channel.where != DEFAULT for line in _channel(channel)),
        *(
            Shown(f"alerts.rules.{each.name}", each.source, each.origin, "A rule of one's own.")
            for each in settings.alert_rules
            if each.origin != DEFAULT
        ),
        *(_check(each) for each in settings.checks),
        *(_window(each) for each in settings.maintenance),
    ]


def _sections(settings: Settings) -> Iterator[Shown]:
    for setting in SETTINGS:
        table = getattr(settings, setting.section) if setting.section else settings
        value = getattr(table, setting.name)
        yield Shown(setting.key, _masked(value), _origin(settings, setting.key), setting.help)


def _business(settings: Settings, business: Business) -> Iterator[Shown]:
    for setting in BUSINESS:
        key = dotted("businesses", business.slug, setting.name)
        yield Shown(key, getattr(business, setting.name), _origin(settings, key), setting.help)


def _connection(settings: Settings, connection: Connection) -> Iterator[Shown]:
    waiting = {gap.name: f"{gap.reference} ({gap.reason})" for gap in connection.gaps}
    for setting in SERVICES[connection.service]:
        key = f"{path_of(connection.id)}.{setting.name}"
        value = connection.enabled if setting is ENABLED else connection.values.get(setting.name)
        shown = waiting.get(setting.name, _masked(value))
        yield Shown(key, shown, _origin(settings, key), setting.help)


def _heartbeat(settings: Settings, heartbeat: Heartbeat) -> Iterator[Shown]:
    for setting in HEARTBEAT:
        key = dotted("heartbeats", heartbeat.name, setting.name)
        value = _masked(getattr(heartbeat, setting.name))
        yield Shown(key, value, _origin(settings, key), setting.help)


def _channel(channel: ChannelSettings) -> Iterator[Shown]:
    """What is set of a channel; a file names all of it."""
    values: dict[str, object] = {
        "kind": channel.kind,
        **{name: f"{reference} (is not set)" for name, (reference, _) in channel.missing.items()},
        **{name: secret.shown for name, secret in channel.secrets.items()},
        "from": channel.sender,
        "to": ", ".join(channel.to) or None,
        "enabled": channel.enabled,
    }
    for setting in CHANNEL:
        if values.get(setting.name) is not None:
            key = f"channels.{channel.name}.{setting.name}"
            yield Shown(key, values[setting.name], channel.where, setting.help)


def _check(check: Check) -> Shown:
    """One line, without the values, of which some are secret."""
    shown = f"{check.kind} every {check.every:g} s, {len(check.conditions)} condition(s)"
    return Shown(dotted("checks", check.name), shown, "file", "Something else that is looked at.")


def _window(window: Maintenance) -> Shown:
    when = f"{window.weekly} {window.zone}" if window.weekly else f"{window.starts} to {window.ends}"
    shown = f"{', '.join(window.applies)}: {when}"
    return Shown(dotted("maintenance", window.name), shown, "file", "A time in which nothing alerts.")


def _masked(value: object) -> object:
    return value.shown if isinstance(value, Secret) else value


def _origin(settings: Settings, key: str) -> str:
    return str(settings.origins.get(key, DEFAULT))
