"""
The alert rules in force: the defaults, and those that the file declares under `[[alerts.rules]]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from masterops.config.alert_defaults import DEFAULT_RULES
from masterops.config.alert_keys import RULE
from masterops.config.alert_kinds import minutes_of
from masterops.config.alert_sources import SOURCES, VIEW
from masterops.config.alerting import AlertRule, ChannelSettings, QuietHours, SeverityBy
from masterops.config.lists import Entry, entries
from masterops.config.pairs import words
from masterops.config.reading import Source
from masterops.core.spelling import nearest
from masterops.errors import ConfigType

TABLE = "alerts.rules"
_RELATION = r"[^.\s]+\.[^.\s]+"
_PLACE = r"\{([^{}]*)\}"


def read_rules(
    source: Source, channels: tuple[ChannelSettings, ...], alerts: Mapping[str, Any]
) -> tuple[AlertRule, ...]:
    """Every rule in force; a rule of the file replaces the default of its name. Raises a ConfigError."""
    names = tuple(each.name for each in channels)
    _check_channels(source, names, words(alerts["channels"]))
    whole = _quiet(alerts["quiet_hours"], alerts["time_zone"])
    found = {each.name: _with_quiet(each, whole) for each in DEFAULT_RULES if alerts["default_rules"]}
    seen: set[str] = set()
    for entry in entries(source, TABLE):
        entry.check_names(each.name for each in RULE)
        values = {each.name: entry.value(each) for each in RULE if each.name != "source" or _is_on(entry)}
        name = values["name"]
        if name in seen:
            raise entry.wrong("name", "a name of its own", f"the name of another rule, `{name}`")
        seen.add(name)
        found.pop(name, None)
        if values["enabled"]:
            found[name] = _rule(entry, values, names, alerts)
    return tuple(found.values())


def _is_on(entry: Entry) -> bool:
    """One that only switches a default off needs no source."""
    return entry.values.get("enabled") is not False


def _rule(
    entry: Entry, values: dict[str, Any], channels: tuple[str, ...], alerts: Mapping[str, Any]
) -> AlertRule:
    source = _source(entry, values["source"])
    known = SOURCES.get(source)
    default = next((each for each in DEFAULT_RULES if each.name == values["name"]), None)
    _check_names(entry, "channels", values["channels"] or (), channels, "a channel")
    for step in values["escalate"] or ():
        _check_names(entry, "escalate", step.channels, channels, "a channel")
    if known is not None:
        _check_fields(entry, values, known.fields)
    elif not values["keys"]:
        raise entry.wrong("keys", "there for a view: the fields that tell one row from another", "left out")
    zone = values["time_zone"] or alerts["time_zone"]
    return AlertRule(
        name=values["name"],
        source=source,
        keys=values["keys"] or (known.keys if known else ()),
        where=values["where"],
        severity=values["severity"] or SeverityBy(),
        summary=values["summary"] or (known.summary if known else _of_keys(values["name"], values["keys"])),
        reason=values["reason"] or "",
        hold=values["for"] or 0.0,
        group_by=values["group_by"] or (known.group_by if known else ("service", "category")),
        channels=values["channels"] or (),
        quiet=_quiet(values["quiet_hours"] or alerts["quiet_hours"], zone),
        escalate=values["escalate"] or (),
        repeat=values["repeat_every"],
        resolve_notice=values["resolve_notice"],
        runbook=values["runbook"] or (default.runbook if default else ""),
        origin=entry.where(),
    )


def _source(entry: Entry, source: str) -> str:
    if source.startswith(VIEW):
        if not re.fullmatch(_RELATION, source.removeprefix(VIEW)):
            raise entry.wrong(
                "source", "`view:` and the name with its schema, such as view:public.my_view", f"{source!r}"
            )
    elif source not in SOURCES:
        expected = f"one of {', '.join(SOURCES)}, or view:<schema.name>"
        raise entry.wrong("source", expected, source, known=SOURCES)
    return source


def _check_fields(entry: Entry, values: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Every field that the rule names is one of its source."""
    severity = values["severity"].by if values["severity"] else None
    named = {
        "where": [each.field for each in values["where"]],
        "keys": values["keys"] or (),
        "group_by": [
            each for each in values["group_by"] or () if each not in ("service", "category", "business")
        ],
        "severity": [severity] if severity else [],
        "summary": re.findall(_PLACE, values["summary"] or ""),
        "reason": re.findall(_PLACE, values["reason"] or ""),
    }
    for key, names in named.items():
        _check_names(entry, key, names, fields, f"a field of {values['source']}")


def _check_names(entry: Entry, key: str, names: Iterable[str], known: tuple[str, ...], what: str) -> None:
    for name in names:
        if name not in known:
            raise entry.wrong(key, f"{what}: {', '.join(known)}", name, known=known)


def _check_channels(source: Source, known: tuple[str, ...], names: list[str]) -> None:
    for name in names:
        if name not in known:
            guess = nearest(name, known)
            facts = {"hint": f"Did you mean `{guess}`?"} if guess else {}
            where = source.document.where("alerts", "channels")
            expected = f"names of channels: {', '.join(known)}"
            raise ConfigType(where=where, key="alerts.channels", expected=expected, got=f"`{name}`", **facts)


def _quiet(hours: str | None, zone: str) -> QuietHours | None:
    return QuietHours(*minutes_of(hours), zone) if hours else None


def _with_quiet(rule: AlertRule, quiet: QuietHours | None) -> AlertRule:
    return rule._replace(quiet=quiet)


def _of_keys(name: str, keys: tuple[str, ...]) -> str:
    return f"{name}: {', '.join(f'{{{each}}}' for each in keys)}"
