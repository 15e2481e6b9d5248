"""
The commented configuration file that `ops init` writes.

A line that begins with `# ` is for reading; one that begins with `#` and a key is a setting at its
default, which takes effect when the mark is deleted.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from masterops.config.alert_keys import CHANNEL
from masterops.config.keys import BUSINESS, DEFAULT_BUSINESSES, HEARTBEAT, SETTINGS
from masterops.config.services import SERVICES
from masterops.config.setting import GROUP, Setting
from masterops.config.toml import dotted, literal

WIDTH = 100
CONNECTED = "hubspot"  # the service that every business has from the first day

HEAD = """
Settings of Master-Ops. `ops config show` prints those in effect and where each comes from.

Lines such as `#level = "info"` show a default: delete the # to change it. Every setting can also be
set by the variable named beside it, in the environment or in a file .env beside this one; the
environment wins.

Secrets do not belong in here. They are given by reference: "env:NAME" is a variable, "file:PATH"
the first line of a file, relative to this one.
"""
BUSINESSES = """
The businesses of the group: [businesses.<slug>].
"""
CONNECTIONS = """
The accounts: [connections."service/business"], with "group" for one that all businesses share. One
whose variable is not set yet is loaded all the same, and `ops doctor` names what is missing.
"""
CHECKS = """
What else is looked at, one [[checks]] each, and times of maintenance: docs/health.md.
"""
EXAMPLE = """
#[[checks]]
#name = "shop"
#kind = "http"
#url = "https://shop.example/"
#every = "30s"
#conditions = [{ field = "latency_ms", op = "<", value = 800, else = "degraded" }]

#[[maintenance]]
#name = "backups"
#applies_to = "n8n"
#weekly = "Sun 02:00-04:00"
#zone = "Australia/Melbourne"
"""

CHANNELS = """
Ways to reach people: [[channels]], one table each. Rules of your own are [[alerts.rules]]; docs/alerts.md
has examples of both.
"""


HEARTBEATS = """
What is expected to say regularly that it still runs: one [[heartbeats]] each, with `every` or, in its place,
`cron` and `zone`.
"""


def template() -> str:
    """The text of a new masterops.toml. It loads as it is."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from _prose(HEAD)
    for section in dict.fromkeys(each.section for each in SETTINGS):
        yield from ["", f"[{section}]"] if section else [""]
        yield from _settings(each for each in SETTINGS if each.section == section)
    yield from ("", *_prose(BUSINESSES))
    for index, (slug, name, type) in enumerate(DEFAULT_BUSINESSES):
        values = {"name": literal(name), "type": literal(type)}
        yield from ("", f"[{dotted('businesses', slug)}]")
        yield from _table(BUSINESS, values, explained=index == 0)
    yield from ("", *_prose(CONNECTIONS))
    for index, (slug, _, _) in enumerate(DEFAULT_BUSINESSES):
        values = {"access_token": f'"env:{slug.upper().replace("-", "_")}_HUBSPOT_ACCESS_TOKEN"'}
        yield from ("", f"[{dotted('connections', f'{CONNECTED}/{slug}')}]")
        yield from _table(SERVICES[CONNECTED], values, explained=index == 0)
    for service in SERVICES:
        yield from _possible_connection(service)
    yield from ("", *_prose(HEARTBEATS), "#[[heartbeats]]")
    for setting in HEARTBEAT:
        yield from _prose(setting.help)
        if setting.name not in ("cron", "zone"):  # beside `every` they would be wrong
            yield _commented(setting)
    yield from ("", *_prose(CHANNELS), "#[[channels]]")
    yield from _examples(CHANNEL, {"name": "ops-slack", "kind": "slack"})
    yield from ("", *_prose(CHECKS), EXAMPLE.rstrip())


def _settings(settings: Iterable[Setting]) -> Iterator[str]:
    for setting in settings:
        variables = f" Variable: {', '.join(setting.variables)}." if setting.variables else ""
        yield from _prose(setting.help + variables)
        yield _commented(setting)


def _table(settings: Iterable[Setting], values: dict[str, str], *, explained: bool) -> Iterator[str]:
    """Settings with the values that are given here, the others at their defaults."""
    for setting in settings:
        yield from _prose(setting.help) if explained else []
        given = values.get(setting.name)
        yield f"{setting.name} = {given}" if given else _commented(setting)


def _examples(settings: Iterable[Setting], values: dict[str, str]) -> Iterator[str]:
    """A table of a list, in comments."""
    for setting in settings:
        value = values.get(setting.name, setting.example if setting.default is None else setting.default)
        yield from _prose(setting.help)
        yield f"#{setting.name} = {literal(value)}"


def _possible_connection(service: str) -> Iterator[str]:
    """A whole table in comments, for the group."""
    yield from ("", f"#[{dotted('connections', f'{service}/{GROUP}')}]")
    yield from _table(SERVICES[service], {}, explained=service != CONNECTED)


def _commented(setting: Setting) -> str:
    return f"#{setting.name} = {literal(setting.example if setting.default is None else setting.default)}"


def _prose(text: str) -> Iterator[str]:
    for index, paragraph in enumerate(text.strip().split("\n\n")):
        yield from ["#"] if index else []
        yield from (f"# {line}" for line in textwrap.wrap(" ".join(paragraph.split()), WIDTH - 2))
